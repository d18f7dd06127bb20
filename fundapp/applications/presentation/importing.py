"""Tables of applications for whoever takes them in: how far each is, what it holds, and what became of its rows."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from fundapp.applications.importing.background import CAN_GO_ON, MAX_ROWS
from fundapp.applications.models import Call, ImportFailure, TableImport
from fundapp.core.dates import Moment, moment
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.core.numbers import number_text

MAX_SHOWN: Final = 200
"""So many problems are shown; with more, something is wrong with the whole table. The file of them has all."""
_FAILURES: Final = {
    ImportFailure.WRONG: _l("This table can't be taken as it is."),
    ImportFailure.DECIDED: _l("This call is decided; no applications can be added."),
    ImportFailure.NOT_ALLOWED: _l("Whoever began this may not take tables in any more. Somebody else can go on."),
    ImportFailure.GIVEN_UP: _l("This stopped because of a fault of the site. What was taken stays; you can go on."),
}


@dataclass(frozen=True)
class ImportShown:
    """A table, how far it is, and what became of its rows. `matched` are pairs of a heading and its question's name."""

    id: UUID
    filename: str
    begun: Moment
    begun_by: str
    state: str
    state_kind: str
    failure: str
    is_going_on: bool
    takes: bool
    as_drafts: bool
    progress: str
    rows: int
    rows_done: int
    taken: int
    unchanged: int
    refused: int
    problems: int
    can_be_taken: bool
    """It was only looked at, and its rows wait."""
    can_go_on: bool


@dataclass(frozen=True)
class ImportedShown:
    """What stands in a table's columns, and what is wrong in its rows, as pairs of place and message."""

    matched: Sequence[tuple[str, str]]
    unmapped: Sequence[str]
    problems: Sequence[tuple[str, str]]
    left_out: int


def import_shown(table_import: TableImport, call: Call) -> ImportShown:
    """Return how far a table is."""
    is_over, failure = table_import.finished_at is not None, table_import.failure
    if not is_over:
        state, kind = _("At work"), "wait"
    elif failure is not None:
        state, kind = _("Stopped"), "stop"
    elif table_import.takes:
        state, kind = _("Taken"), "good" if not table_import.problems else "act"
    else:
        state, kind = _("Only looked at"), "act"
    rows, done = table_import.rows or 0, table_import.rows_done
    return ImportShown(
        id=table_import.id,
        filename=table_import.filename,
        begun=moment(table_import.begun_at, call.time_zone),
        begun_by=table_import.begun_by.name or table_import.begun_by.email,
        state=state,
        state_kind=kind,
        failure=str(_FAILURES[failure]) if failure is not None else "",
        is_going_on=not is_over,
        takes=table_import.takes,
        as_drafts=table_import.as_drafts,
        progress=(
            _("The table is being read.")
            if table_import.rows is None
            else ngettext("%(done)s of %(num)s row is done", "%(done)s of %(num)s rows are done", rows, done=done)
        ),
        rows=rows,
        rows_done=done,
        taken=table_import.taken,
        unchanged=table_import.unchanged,
        refused=table_import.refused,
        problems=table_import.problems,
        can_be_taken=is_over and failure is None and not table_import.takes and table_import.stored_as is not None,
        can_go_on=failure in CAN_GO_ON and table_import.stored_as is not None,
    )


def imported_shown(table_import: TableImport, problems: Iterable[tuple[str, str]]) -> ImportedShown:
    """Return what stands in a table, with the first of its problems."""
    columns = json.loads(table_import.columns) if table_import.columns else {"matched": [], "unmapped": []}
    shown = list(islice(problems, MAX_SHOWN))
    return ImportedShown(
        matched=[(heading, name) for heading, name in columns["matched"]],
        unmapped=columns["unmapped"],
        problems=shown,
        left_out=table_import.problems - len(shown),
    )


def limits_shown() -> str:
    """Return how long a table may be, in words."""
    return _("At most %(number)s rows at once.", number=number_text(MAX_ROWS))
