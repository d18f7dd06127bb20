"""Payment files are made where the private payee key is: it opens the accounts, and what is made is stored sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import system_actor
from fundapp.core import sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.i18n import gettext as _
from fundapp.core.keys import Keyring, NotOpened
from fundapp.core.sealing import Erased, record_of
from fundapp.core.storage import Storage
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.exports.payment_file import Opened, documents_of, unfit
from fundapp.disbursement.models import PaymentDocument, PaymentFile
from fundapp.disbursement.payment_rules import FileStatus
from fundapp.disbursement.queries.payments import file_of_documents
from fundapp.disbursement.screening_rules import Subject
from fundapp.disbursement.sealed_payees import open_details
from fundapp.disbursement.services.payments import held_file, require_unchanged
from fundapp.disbursement.services.screening import screen
from fundapp.disbursement.transitions import PAYMENT_FILE


def waiting_files() -> list[UUID]:
    """Return the payment files that wait to be made, the oldest first."""
    waiting = select(PaymentFile.id).where(PaymentFile.status == FileStatus.WAITING)
    return list(db.session.scalars(waiting.order_by(PaymentFile.prepared_at, PaymentFile.id)))


def make_file(*, storage: Storage, private: Keyring, file_id: UUID, now: datetime) -> FileStatus:
    """Make a payment file that waits, with the private payee key, and return where it stands then.

    It fails where the account of a payment may not be used any more, or does not open. The names that are open here are
    looked up in the lists of sanctions: what is found holds the release. Raises KeysError where the right
    private key is not here: then it waits on.
    """
    file = held_file(file_of_documents(file_id))
    if file.status is not FileStatus.WAITING:
        return file.status
    payments = sorted(file.payments, key=lambda each: (len(each.award.reference), each.award.reference, each.reference))
    try:
        opened = [Opened(each, open_details(require_unchanged(each, now), private)) for each in payments]
    except Conflict as refusal:
        return _fail(file, str(refusal.message), now)
    except (NotOpened, Erased):
        return _fail(file, _("The account details of a payment do not open."), now)
    for each in opened:
        names = {Subject.ACCOUNT: each.details.get("holder", ""), Subject.HOST: each.details.get("host", "")}
        given = {subject: name for subject, name in names.items() if name}
        screen(actor=system_actor(), award=each.payment.award, now=now, opened=given)
    problems = {str(problem.field): str(problem.message) for problem in unfit(file, opened)}
    sha256 = {}
    for file_format, data in documents_of(file, opened).items():
        document = PaymentDocument(file_id=file.id, file=file, format=file_format, size_bytes=len(data), made_at=now)
        kept = sealed_files.keep(storage, record=record_of(file), row=record_of(document), data=data)
        document.sha256, document.stored_as = kept.sha256, kept.stored_as
        db.session.add(document)
        sha256[f"sha256 of {file_format.value}"] = kept.sha256
    apply_transition(
        PAYMENT_FILE,
        file,
        "make",
        actor=system_actor(),
        now=now,
        call_id=file.call_id,
        evidence={"made_at": now},
        data=sha256,
    )
    for payment in payments:
        if problem := problems.get(payment.reference, problems.get("")):
            payment.unfit = problem
            record(actor=system_actor(), action="payment:note", subject=payment, now=now, call_id=file.call_id)
    return FileStatus.MADE


def _fail(file: PaymentFile, failure: str, now: datetime) -> FileStatus:
    apply_transition(
        PAYMENT_FILE,
        file,
        "fail",
        actor=system_actor(),
        now=now,
        call_id=file.call_id,
        evidence={"failure": failure},
    )
    return FileStatus.FAILED
