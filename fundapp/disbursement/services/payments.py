"""What becomes of payments: prepared in a file, released by a second person, sent, received, returned or cancelled."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, Call
from fundapp.applications.queries.applicant import holders_of, holds
from fundapp.applications.services.clarifying import checked_text
from fundapp.core import sealed_files
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, NotFound, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.keys import NotOpened
from fundapp.core.sealing import Erased, destroy, record_of
from fundapp.core.storage import Storage, StorageError
from fundapp.core.workflow import apply_transition
from fundapp.disbursement.fund_rules import MovementKind
from fundapp.disbursement.models import (
    Award,
    Fund,
    FundShare,
    Instalment,
    PayeeDetails,
    Payment,
    PaymentDocument,
    PaymentFile,
)
from fundapp.disbursement.payment_rules import (
    MOST_REASON,
    PAID,
    FileFormat,
    FileStatus,
    Payer,
    PaymentStatus,
    Standing,
    payer_problems,
    shares_of,
)
from fundapp.disbursement.queries.payees import usable_details
from fundapp.disbursement.queries.payments import (
    file_of_documents,
    is_whole,
    managed_file,
    managed_plan,
)
from fundapp.disbursement.queries.screening import screening_holds
from fundapp.disbursement.services.fund_ledger import Posting, post_of_award
from fundapp.disbursement.services.offers import PATH
from fundapp.disbursement.transitions import PAYMENT, PAYMENT_FILE

CHANGED: Final = _l(
    "The account details of a payment were changed, stopped or sealed anew since this file was prepared. Cancel it, and"
    " prepare another one."
)


def prepare_file(
    *,
    actor: Actor,
    call: Call,
    instalment_ids: Collection[UUID],
    payer: Payer,
    execution_on: date,
    now: datetime,
) -> PaymentFile:
    """Put approved instalments of a call into a new payment file, which then waits to be made.

    The version of the payee details to which each goes is held fast here; what screening holds is not paid. Raises
    RuleViolations (fields instalments, name, account, bic, country, execution_on), Conflict (an instalment that cannot
    be paid now), NotFound and NotAllowed.
    """
    actor.require(P.PAYMENT_SEND, call.id)
    instalments = _chosen(instalment_ids)
    if problems := [*payer_problems(payer), *_file_problems(instalments, execution_on, now)]:
        raise RuleViolations(problems)
    file = PaymentFile(
        id=uuid4(),
        call_id=call.id,
        message_id=token_hex(16),
        currency=instalments[0].award.currency,
        status=FileStatus.WAITING,
        execution_on=execution_on,
        debtor_name=payer.name.strip(),
        debtor_account=payer.place.number,
        debtor_bic=payer.place.bic,
        debtor_country=payer.country,
        prepared_by_id=actor.person_id,
        prepared_at=now,
    )
    db.session.add(file)
    payments = [_payment(actor, call, file, each, now) for each in instalments]
    try:
        with db.session.begin_nested():
            db.session.add_all(payments)
    except IntegrityError as error:
        raise Conflict(_l("One of these instalments is in another payment file by now.")) from error
    _record_file(actor, "payment_file:prepare", file, now, {"payments": len(payments)})
    for payment in payments:
        data = {"award": str(payment.award_id), "amount_minor": payment.amount_minor, "file": str(file.id)}
        record(actor=actor, action="payment:prepare", subject=payment, now=now, call_id=call.id, data=data)
    return file


def release_file(*, actor: Actor, storage: Storage, file: PaymentFile, now: datetime) -> None:
    """Release a payment file as a second person, after which it can be taken to the bank; twice changes nothing.

    Raises Conflict: the actor prepared it, somebody they may not judge is paid by it, the account of a payment may not
    be used any more, screening holds it, or what is stored is not what was made. Raises InvalidTransition and
    NotAllowed too.
    """
    actor.require(P.PAYMENT_SEND, file.call_id)
    file = held_file(file)
    if file.status is FileStatus.RELEASED:
        return
    if actor.person_id is None or actor.person_id == file.prepared_by_id:
        raise Conflict(_l("You prepared this file. Somebody else releases it."))
    _require_whole(actor, file)
    _require_usable(file.payments, now)
    _require_screened(payment.award for payment in file.payments)
    for document in file.documents:
        _content_of(storage, document)
    evidence = {"released_by_id": actor.person_id, "released_at": now}
    apply_transition(PAYMENT_FILE, file, "release", actor=actor, now=now, call_id=file.call_id, evidence=evidence)
    for payment in file.payments:
        _apply(actor, payment, "release", now)


def take_document(
    *, actor: Actor, storage: Storage, file: PaymentFile, file_format: FileFormat, now: datetime
) -> bytes:
    """Return a released payment file in one format, and put on record that it was taken.

    Raises Conflict (not released, already sent, details stopped meanwhile, somebody they may not judge), NotFound for a
    format that was not made, and NotAllowed.
    """
    actor.require(P.PAYMENT_SEND, file.call_id)
    file = held_file(file)
    if file.status is not FileStatus.RELEASED:
        raise Conflict(_l("This file is not released."))
    if file.emptied_at is not None:
        raise Conflict(_l("What was made of this file is destroyed: it was sent, or cannot be sent any more."))
    _require_whole(actor, file)
    _require_usable(file.payments, now)
    _require_screened(payment.award for payment in file.payments)
    document = next((each for each in file.documents if each.format is file_format), None)
    if document is None:
        raise NotFound
    content = _content_of(storage, document)
    _record_file(actor, "payment_file:take", file, now, {"format": file_format.value, "sha256": document.sha256})
    return content


def mark_sent(*, actor: Actor, file: PaymentFile, now: datetime) -> None:
    """Say that the bank took a released file: its payments are sent, and the ledger of the funds says so at once.

    Their people are told that there is news. What was made of the file is destroyed. Twice changes nothing. Raises
    Conflict (not released; funds do not give all of an award any more; somebody they may not judge) and NotAllowed.
    """
    actor.require(P.PAYMENT_SEND, file.call_id)
    file = held_file(file)
    if file.status is not FileStatus.RELEASED:
        raise Conflict(_l("This file is not released."))
    _require_whole(actor, file)
    for payment in file.payments:
        if payment.status is PaymentStatus.RELEASED:
            funds = _paid_from_funds(actor, payment, now)
            evidence = {"sent_at": now, "sent_by_id": actor.person_id, "from_funds": funds}
            _apply(actor, payment, "send", now, evidence)
            for person in holders_of(payment.award.decision.entry.application):
                tell(person, template="news", path=PATH, now=now)
    _empty(actor, file, now)


def note_received(*, actor: Actor, payment: Payment, now: datetime) -> None:
    """Say as one of the staff that a payment arrived; twice changes nothing. Raises as `note_returned` does."""
    actor.require(P.PAYMENT_SEND, payment.file.call_id)
    _held_payment(actor, payment)
    if payment.status is not PaymentStatus.RECEIVED:
        _apply(actor, payment, "receive", now, {"received_at": now, "received_by_id": actor.person_id})


def confirm_received(*, actor: Actor, payment: Payment, now: datetime) -> None:
    """Say as one of its people that a payment arrived; twice changes nothing.

    Raises InvalidTransition (it was not sent) and NotAllowed.
    """
    application = payment.award.decision.entry.application
    if actor.person_id is None or not holds(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    lock_row(payment.award)
    lock_row(payment)
    if payment.status is not PaymentStatus.RECEIVED:
        _apply(actor, payment, "confirm", now, {"received_at": now, "received_by_id": actor.person_id})


def note_returned(*, actor: Actor, payment: Payment, reason: str, now: datetime) -> None:
    """Say that the money of a payment came back: the funds have it again, and its instalment can be paid anew.

    Raises RuleViolations (field reason), InvalidTransition, NotFound (also for a conflict of interest), NotAllowed.
    """
    actor.require(P.PAYMENT_SEND, payment.file.call_id)
    reason = checked_text(reason, "reason", MOST_REASON, _l("Write the reason."))
    _held_payment(actor, payment)
    if payment.status in PAID:
        funds = db.session.scalars(select(Fund).where(Fund.id.in_([UUID(key) for key in payment.from_funds]))).all()
        postings = [Posting(fund, MovementKind.RETURNED, -payment.from_funds[str(fund.id)]) for fund in funds]
        post_of_award(actor=actor, award=payment.award, postings=postings, reason=payment.reference, now=now)
    payment.reason = reason
    _apply(actor, payment, "return", now, {"returned_at": now, "returned_by_id": actor.person_id})


def cancel_file(*, actor: Actor, file: PaymentFile, now: datetime) -> None:
    """Cancel a payment file that was not sent: its instalments can be paid from another; twice changes nothing.

    Raises Conflict once a payment of it is sent, or where somebody they may not judge is paid by it, and NotAllowed.
    """
    actor.require(P.PAYMENT_SEND, file.call_id)
    file = held_file(file)
    if file.status is FileStatus.CANCELLED:
        return
    _require_whole(actor, file)
    if any(payment.sent_at is not None for payment in file.payments):
        raise Conflict(_l("Payments of this file are sent. Say of each whether it came back."))
    evidence = {"cancelled_at": now, "cancelled_by_id": actor.person_id}
    apply_transition(PAYMENT_FILE, file, "cancel", actor=actor, now=now, call_id=file.call_id, evidence=evidence)
    for payment in file.payments:
        _apply(actor, payment, "cancel", now)
    _empty(actor, file, now)


def blank_payments(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase what was written about instalments and payments of an application, and files that tell its account.

    Amounts and dates stay.
    """
    for instalment in db.session.scalars(select(Instalment).where(Instalment.application_id == application.id)):
        instalment.waits_for = ""
        record(actor=actor, action="instalment:erase", subject=instalment, now=now, call_id=application.call_id)
    for payment in db.session.scalars(select(Payment).where(Payment.application_id == application.id)):
        payment.reason = ""
        record(actor=actor, action="payment:erase", subject=payment, now=now, call_id=application.call_id)
        _empty(actor, payment.file, now)


def details_sha256(details: PayeeDetails) -> str:
    """Return the hash of a version of payee details as it is stored; of one that is erased, that of nothing."""
    return hashlib.sha256(details.sealed or b"").hexdigest()


def require_unchanged(payment: Payment, now: datetime) -> PayeeDetails:
    """Return the payee details that a payment goes to. Raises Conflict where money may not go exactly there now."""
    details = usable_details(payment.award, now).details
    if details is None or details.id != payment.details_id or details_sha256(details) != payment.details_sha256:
        raise Conflict(CHANGED)
    return details


def _chosen(instalment_ids: Collection[UUID]) -> list[Instalment]:
    """Return instalments by id, their awards held against others in one order."""
    found = db.session.scalars(select(Instalment).where(Instalment.id.in_(instalment_ids))).all()
    if len(found) != len(set(instalment_ids)):
        raise NotFound
    _hold_awards(each.award for each in found)
    return sorted(found, key=lambda each: (len(each.award.reference), each.award.reference, each.number))


def _payment(actor: Actor, call: Call, file: PaymentFile, instalment: Instalment, now: datetime) -> Payment:
    award = instalment.award
    row = managed_plan(actor=actor, call=call, award_id=award.id).row(instalment.id)
    told = {"award": award.reference, "number": instalment.number}
    if row.payment is not None:
        raise Conflict(_l("Instalment %(number)s of %(award)s is in another payment file by now.", **told))
    if row.standing is not Standing.APPROVED:
        raise Conflict(_l("Instalment %(number)s of %(award)s is not approved.", **told))
    if not award.is_funded:
        raise Conflict(_l("Funds do not give all of %(award)s yet. Nothing of it is paid before.", **told))
    details = usable_details(award, now).details
    if details is None:
        raise Conflict(_l("The account details of %(award)s may not be used now.", **told))
    _require_screened([award])
    return Payment(
        file_id=file.id,
        instalment_id=instalment.id,
        award_id=award.id,
        application_id=instalment.application_id,
        reference=token_hex(16),
        amount_minor=instalment.amount_minor,
        details_id=details.id,
        details_sha256=details_sha256(details),
        status=PaymentStatus.PREPARED,
        from_funds={},
    )


def _file_problems(instalments: Sequence[Instalment], execution_on: date, now: datetime) -> list[Problem]:
    problems = []
    if not instalments:
        problems.append(Problem(_l("Choose what is to be paid."), field="instalments"))
    if len({each.award.currency for each in instalments}) > 1:
        problems.append(Problem(_l("A payment file has one currency."), field="instalments"))
    if execution_on < now.date():
        problems.append(Problem(_l("This day is over."), field="execution_on"))
    return problems


def held_file(file: PaymentFile) -> PaymentFile:
    """Hold a file and its awards against others, awards first and in one order, and read it anew."""
    _hold_awards(payment.award for payment in file.payments)
    lock_row(file)
    return file_of_documents(file.id)


def _held_payment(actor: Actor, payment: Payment) -> None:
    """Hold a payment against others. Raises NotFound for a conflict of interest."""
    lock_row(payment.award)
    call = payment.award.decision.entry.application.call
    managed_plan(actor=actor, call=call, award_id=payment.award_id)
    lock_row(payment)


def _hold_awards(awards: Iterable[Award]) -> None:
    for award in sorted(set(awards), key=lambda each: each.id):
        lock_row(award)


def _require_whole(actor: Actor, file: PaymentFile) -> None:
    if not is_whole(managed_file(actor=actor, call=file.call, file_id=file.id)):
        raise Conflict(_l("This file is not yours to judge as a whole. Somebody else does this."))


def _require_usable(payments: Iterable[Payment], now: datetime) -> None:
    for payment in payments:
        require_unchanged(payment, now)


def _require_screened(awards: Iterable[Award]) -> None:
    for award in awards:
        if screening_holds(award):
            raise Conflict(
                _l(
                    "The names of %(award)s are not cleared: look them up in the lists of sanctions, and let two people"
                    " decide about what is found.",
                    award=award.reference,
                )
            )


def _content_of(storage: Storage, document: PaymentDocument) -> bytes:
    """Return what is stored. Raises Conflict where it is not what was made."""
    try:
        return sealed_files.read(storage, document.stored)
    except (NotOpened, StorageError, Erased) as error:
        raise Conflict(
            _l("What is stored of this file is not what was made. Cancel it, and tell whoever runs this service.")
        ) from error


def _paid_from_funds(actor: Actor, payment: Payment, now: datetime) -> dict[str, int]:
    """Write into the ledger that funds paid a payment, in proportion to what each has to pay; return how much."""
    award = payment.award
    if not award.is_funded:
        raise Conflict(_l("Funds do not give all of %(award)s any more. Nothing was changed.", award=award.reference))
    shares = db.session.scalars(
        select(FundShare).where(FundShare.award_id == award.id).execution_options(populate_existing=True)
    ).all()
    given = shares_of(payment.amount_minor, {each.fund_id: each.allocated_minor - each.paid_minor for each in shares})
    postings = [Posting(each.fund, MovementKind.PAID, given[each.fund_id]) for each in shares if each.fund_id in given]
    post_of_award(actor=actor, award=award, postings=postings, reason=payment.reference, now=now)
    return {str(fund): amount for fund, amount in given.items()}


def _empty(actor: Actor, file: PaymentFile, now: datetime) -> None:
    """Destroy what was made of a file: pages can open account numbers no longer than they must."""
    if file.emptied_at is None:
        file.emptied_at = now
        destroy(record_of(file), now)
        _record_file(actor, "payment_file:empty", file, now)


def _apply(actor: Actor, payment: Payment, event: str, now: datetime, evidence: dict[str, Any] | None = None) -> None:
    call_id = payment.award.call_id
    data = {"award": str(payment.award_id), "amount_minor": payment.amount_minor}
    apply_transition(PAYMENT, payment, event, actor=actor, now=now, call_id=call_id, evidence=evidence, data=data)


def _record_file(
    actor: Actor, action: str, file: PaymentFile, now: datetime, data: dict[str, Any] | None = None
) -> None:
    db.session.flush()
    record(actor=actor, action=action, subject=file, now=now, call_id=file.call_id, data=data or {})
