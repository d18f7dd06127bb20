"""Payment files, as those who prepare, release and send them see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fundapp.accounts.permissions import P
from fundapp.accounts.sessions import current_actor
from fundapp.applications.models import Call
from fundapp.applications.presentation.texts import money
from fundapp.core.dates import Moment, moment
from fundapp.core.dates import day as day_written
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.disbursement.payment_rules import FileFormat, FileStatus
from fundapp.disbursement.presentation.payments import PAYMENT_KINDS
from fundapp.disbursement.queries.payments import FileRow, PaymentRow
from fundapp.disbursement.transitions import PAYMENT, PAYMENT_FILE

FILE_KINDS: Final = {
    FileStatus.WAITING: "wait",
    FileStatus.MADE: "act",
    FileStatus.FAILED: "stop",
    FileStatus.RELEASED: "good",
    FileStatus.CANCELLED: "",
}
FORMATS: Final = {
    FileFormat.PAIN: _l("For the bank (ISO 20022 pain.001)"),
    FileFormat.XLSX: _l("As a workbook (XLSX)"),
    FileFormat.CSV: _l("As a table (CSV)"),
}


@dataclass(frozen=True)
class FileShown:
    """A payment file in a list."""

    id: UUID
    prepared: Moment
    prepared_by: str
    amount: str
    number: int
    state: str
    kind: str


@dataclass(frozen=True)
class FileLine:
    """A payment of a file."""

    award_id: UUID
    award: str
    organisation: str
    instalment: int
    amount: str
    account: str
    state: str
    kind: str
    unfit: str


@dataclass(frozen=True)
class WholeFileShown:
    """A payment file with its payments, as far as the reader may see them, and what they can do."""

    file: FileShown
    pays_on: str
    payer: str
    payer_account: str
    message_id: str
    lines: Sequence[FileLine]
    failure: str
    waits: bool
    released: Moment | None
    released_by: str
    is_own: bool
    formats: Sequence[tuple[str, str]]
    has_unfit: bool
    may_release: bool
    may_take: bool
    may_send: bool
    may_cancel: bool


def files_shown(rows: Sequence[FileRow], call: Call) -> list[FileShown]:
    """Return payment files as a list shows them."""
    return [_file(row, call) for row in rows]


def file_shown(row: FileRow, call: Call) -> WholeFileShown:
    """Return a payment file with its payments."""
    actor, file = current_actor(), row.file
    may, is_own = actor.can(P.PAYMENT_SEND, call.id), actor.person_id == file.prepared_by_id
    unsent = all(each.payment.sent_at is None for each in row.rows)
    is_released = file.status is FileStatus.RELEASED
    return WholeFileShown(
        file=_file(row, call),
        pays_on=day_written(file.execution_on),
        payer=file.debtor_name,
        payer_account=file.debtor_account,
        message_id=file.message_id,
        lines=[_file_line(each, file.currency) for each in row.rows],
        failure=file.failure,
        waits=file.status is FileStatus.WAITING,
        released=None if file.released_at is None else moment(file.released_at, call.time_zone),
        released_by=file.released_by.name if file.released_by is not None else "",
        is_own=is_own,
        formats=[(each.value, str(label)) for each, label in FORMATS.items()],
        has_unfit=any(each.payment.unfit for each in row.rows),
        may_release=may and not is_own and file.status is FileStatus.MADE,
        may_take=may and is_released and unsent and file.emptied_at is None,
        may_send=may and is_released and unsent,
        may_cancel=may and unsent and file.status is not FileStatus.CANCELLED,
    )


def payer_data(rows: Sequence[FileRow]) -> Mapping[str, str]:
    """Return the account that paid last, as the form of another file is filled in."""
    if not rows:
        return {}
    file = rows[0].file
    return {
        "name": file.debtor_name,
        "account": file.debtor_account,
        "bic": file.debtor_bic,
        "country": file.debtor_country,
    }


def _file(row: FileRow, call: Call) -> FileShown:
    file = row.file
    is_sent = any(each.payment.sent_at is not None for each in row.rows)
    return FileShown(
        id=file.id,
        prepared=moment(file.prepared_at, call.time_zone),
        prepared_by=file.prepared_by.name,
        amount=money(row.amount_minor, file.currency),
        number=len(row.rows),
        state=_("Sent") if is_sent else str(PAYMENT_FILE.labels[file.status].staff),
        kind=FILE_KINDS[file.status],
    )


def _file_line(row: PaymentRow, currency: str) -> FileLine:
    payment, shown = row.payment, row.payment.details.shown or {}
    return FileLine(
        award_id=payment.award_id,
        award=payment.award.reference,
        organisation=row.face.name,
        instalment=payment.instalment.number,
        amount=money(payment.amount_minor, currency),
        account=shown.get("mask", "") if current_actor().can(P.PAYEE_READ, payment.award.call_id) else "",
        state=str(PAYMENT.labels[payment.status].staff),
        kind=PAYMENT_KINDS[payment.status],
        unfit=payment.unfit,
    )
