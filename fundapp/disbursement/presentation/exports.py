"""Tables that are made in the background, as whoever asked for them sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from fundapp.applications.models import Call
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.core.numbers import megabytes_text
from fundapp.disbursement.exports.kinds import TableKind
from fundapp.disbursement.models import ExportFailure, ExportJob
from fundapp.disbursement.queries.exports import KEPT_DAYS

_FAILURES: Final = {
    ExportFailure.NOT_ALLOWED: _l("You may not take this table out any more."),
    ExportFailure.GIVEN_UP: _l("This stopped because of a fault of the site. Please ask for it again."),
}
VARIANTS: Final = {False: _l("With names"), True: _l("Without names")}


@dataclass(frozen=True)
class ExportShown:
    """A table, how far it is, and until when it can be saved."""

    id: UUID
    table: str
    variant: str
    format: str
    asked: Moment
    until: Moment
    is_going_on: bool
    is_ready: bool
    progress: str
    rows: int
    rows_done: int
    megabytes: str
    failure: str


def exports_shown(jobs: Iterable[ExportJob], kinds: Mapping[str, TableKind], call: Call) -> list[ExportShown]:
    """Return the tables that somebody asked for and may still have."""
    return [_shown(job, kinds[job.what], call) for job in jobs if job.what in kinds]


def _shown(job: ExportJob, kind: TableKind, call: Call) -> ExportShown:
    rows = job.rows or 0
    return ExportShown(
        id=job.id,
        table=str(kind.label),
        variant=str(VARIANTS[job.is_anonymised]),
        format=job.format.upper(),
        asked=moment(job.asked_at, call.time_zone),
        until=moment(job.asked_at + timedelta(days=KEPT_DAYS), call.time_zone),
        is_going_on=job.finished_at is None,
        is_ready=job.is_ready,
        progress=(
            _("The rows are being read.")
            if job.rows is None
            else ngettext(
                "%(done)s of %(num)s row is written", "%(done)s of %(num)s rows are written", rows, done=job.rows_done
            )
        ),
        rows=rows,
        rows_done=job.rows_done,
        megabytes=megabytes_text(job.size_bytes) if job.is_ready else "",
        failure="" if job.failure is None else str(_FAILURES[job.failure]),
    )
