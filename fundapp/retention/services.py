"""Erase applications and people, on request or by time; hold and release; and what follows each erasure."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from fundapp.accounts.models import OrganisationInvitation, Person
from fundapp.accounts.permissions import Actor, P, system_actor
from fundapp.accounts.services.erasing import blank_person
from fundapp.applications.models import Application, ApplicationStatus, Call, CallInvitation
from fundapp.applications.services.erasing import ERASED, blank_application
from fundapp.applications.services.forgetting import forget_address
from fundapp.core import outbox, unit_of_work
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.mail import MailMessage
from fundapp.core.outbox import Finish, JobKind, OutboxItem
from fundapp.core.sealing import RecordKey, destroy, record_of
from fundapp.core.storage import Storage
from fundapp.disbursement.erasing import blank_letters
from fundapp.disbursement.services.exports import forget_exports_of
from fundapp.disbursement.services.moving_up import blank_moves
from fundapp.disbursement.services.offers import blank_offers
from fundapp.disbursement.services.payees import blank_payees
from fundapp.disbursement.services.payments import blank_payments
from fundapp.disbursement.services.publication import withdraw_publication
from fundapp.disbursement.services.reports import blank_reports
from fundapp.disbursement.services.screening import blank_screenings
from fundapp.retention import queries, tombstones
from fundapp.retention.models import Erasure, ErasureCause, ErasureRequest, LegalHold
from fundapp.retention.tombstones import Tombstone
from fundapp.review.services.erasing import blank_reviews
from fundapp.review.services.profiles import forget_reviewer

Eraser = Callable[[Sequence[UUID], datetime], None]
FINISH_KIND: Final = "erasure:finish"


def erase_application(*, actor: Actor, application: Application, cause: ErasureCause, now: datetime) -> None:
    """Erase all that was written in and about an application. Raises Conflict while something holds it."""
    if queries.is_held(application):
        raise Conflict(_l("This application is on hold for a legal reason and can't be erased now."))
    if application.erased_at is None:
        _erase_application(actor, application, cause, now)


def _erase_application(actor: Actor, application: Application, cause: ErasureCause, now: datetime) -> None:
    files = blank_application(actor=actor, application=application, now=now)
    blank_reviews(actor=actor, application=application, now=now)
    files += blank_letters(actor=actor, application=application, now=now)
    blank_reports(actor=actor, application=application, now=now)
    blank_offers(actor=actor, application=application, now=now)
    blank_moves(actor=actor, application=application, now=now)
    blank_payees(actor=actor, application=application, now=now)
    blank_screenings(actor=actor, application=application, now=now)
    blank_payments(actor=actor, application=application, now=now)
    withdraw_publication(actor=actor, application=application, now=now)
    forget_exports_of(application.call_id, now)
    _erase_reasons(actor, application, now)
    db.session.flush()
    destroy(record_of(application), now)
    if request := queries.open_request(application.id):
        request.answered_at, request.is_granted, request.answered_by_id = now, True, actor.person_id
    _leave_tombstone(application, cause, now, files)


def _erase_reasons(actor: Actor, application: Application, now: datetime) -> None:
    """Erase why it was held once, and what applicants were told when they asked for erasing it before."""
    for hold in db.session.scalars(select(LegalHold).where(LegalHold.application_id == application.id)):
        hold.reason = ERASED
        record(actor=actor, action="hold:forget", subject=hold, now=now, call_id=application.call_id)
    for request in db.session.scalars(select(ErasureRequest).where(ErasureRequest.application_id == application.id)):
        request.answer = ERASED if request.answer else ""


def erase_person(*, actor: Actor, person: Person, cause: ErasureCause, now: datetime) -> None:
    """Erase a person. Raises Conflict while they have duties, or alone hold an organisation with applications."""
    if person.erased_at is not None:
        return
    if queries.is_needed(person):
        raise Conflict(
            _l("Applications depend on this person. Erase those first, or let somebody else hold the organisation.")
        )
    _erase_person(actor, person, cause, now)


def _erase_person(actor: Actor, person: Person, cause: ErasureCause, now: datetime) -> None:
    if person.email:
        _erase_address(actor, person.email, now)
    forget_reviewer(actor=actor, person_id=person.id, now=now)
    blank_person(actor=actor, person=person, keeping=queries.held_organisations(person), now=now)
    _leave_tombstone(person, cause, now, [])


def _erase_address(actor: Actor, address: str, now: datetime) -> None:
    """Erase what else holds an address: mails that were not sent, invitations to apply, questions, nominations."""
    forget_address(actor=actor, address=address, now=now)
    unsent = queries.unsent_mails()
    with_its_work(delete_rows(MailMessage))([mail.id for mail in unsent if mail.to_address == address], now)
    for invitation in db.session.scalars(select(CallInvitation).where(CallInvitation.email.matches(address))):
        record(actor=actor, action="call-invitation:erase", subject=invitation, now=now, call_id=invitation.call_id)
        db.session.delete(invitation)
        destroy(record_of(invitation), now)


def erase_person_on_request(*, actor: Actor, person: Person, now: datetime) -> None:
    """Erase a person at their wish. Raises NotAllowed, also for oneself, and Conflict while applications need them."""
    actor.require(P.PERSON_ERASE)
    if actor.person_id == person.id:
        raise NotAllowed(P.PERSON_ERASE, _l("Nobody closes their own account. Ask another administrator."))
    erase_person(actor=actor, person=person, cause=ErasureCause.REQUEST, now=now)


def erase_own_draft(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase a draft at its organisation's wish: it was never sent, so nobody else decides. Raises Conflict."""
    if application.status is not ApplicationStatus.DRAFT:
        raise Conflict(_l("This application was sent. Ask us to erase it instead."))
    erase_application(actor=actor, application=application, cause=ErasureCause.REQUEST, now=now)


def ask_for_erasure(*, actor: Actor, application: Application, now: datetime) -> None:
    """Ask that an application be erased; a second request while one waits changes nothing."""
    if application.status is ApplicationStatus.DRAFT or application.erased_at is not None:
        raise Conflict(_l("There is nothing here to ask for."))
    if queries.open_request(application.id) is not None:
        return
    request = ErasureRequest(application_id=application.id, asked_by_id=actor.person_id, asked_at=now)
    db.session.add(request)
    db.session.flush()
    record(actor=actor, action="erasure:ask", subject=request, now=now, call_id=application.call_id)


def grant_erasure(*, actor: Actor, request: ErasureRequest, now: datetime) -> None:
    """Erase what a request asks for. Raises NotAllowed, and Conflict while something holds it."""
    actor.require(P.APPLICATION_ERASE, request.application.call_id)
    _require_open(request)
    erase_application(actor=actor, application=request.application, cause=ErasureCause.REQUEST, now=now)
    record(actor=actor, action="erasure:grant", subject=request, now=now, call_id=request.application.call_id)


def refuse_erasure(*, actor: Actor, request: ErasureRequest, answer: str, now: datetime) -> None:
    """Refuse a request, with the reason that the applicant reads."""
    actor.require(P.APPLICATION_ERASE, request.application.call_id)
    _require_open(request)
    if not answer.strip():
        raise RuleViolations([Problem(_l("Say why, in words that the applicant can read."), field="answer")])
    request.answered_at, request.is_granted, request.answered_by_id = now, False, actor.person_id
    request.answer = answer.strip()
    record(actor=actor, action="erasure:refuse", subject=request, now=now, call_id=request.application.call_id)


def set_hold(
    *, actor: Actor, call: Call, application: Application | None = None, reason: str, now: datetime
) -> LegalHold:
    """Keep a call, or one application of it, from being erased until two people lift this."""
    actor.require(P.APPLICATION_ERASE, call.id)
    if not reason.strip():
        raise RuleViolations([Problem(_l("Say why this must be kept."), field="reason")])
    hold = LegalHold(
        call_id=call.id if application is None else None,
        application_id=None if application is None else application.id,
        reason=reason.strip(),
        set_by_id=actor.person_id,
        set_at=now,
    )
    db.session.add(hold)
    db.session.flush()
    record(actor=actor, action="hold:set", subject=hold, now=now, call_id=call.id)
    return hold


def lift_hold(*, actor: Actor, hold: LegalHold, now: datetime) -> None:
    """Ask to lift a hold; somebody else who asks the same lifts it."""
    call_id = hold.call_id or (hold.application.call_id if hold.application else None)
    actor.require(P.APPLICATION_ERASE, call_id)
    if hold.lifted_at is not None:
        raise Conflict(_l("This hold was lifted already."))
    if hold.lift_asked_by_id in (None, actor.person_id):
        hold.lift_asked_by_id = actor.person_id
        record(actor=actor, action="hold:ask-to-lift", subject=hold, now=now, call_id=call_id)
        return
    hold.lifted_by_id, hold.lifted_at = actor.person_id, now
    record(actor=actor, action="hold:lift", subject=hold, now=now, call_id=call_id)


def delete_rows(table: type[Any]) -> Eraser:
    """Return the eraser of a table whose rows nothing points to; data keys of their own go with them."""

    def erase(ids: Sequence[UUID], _now: datetime) -> None:
        name = table.__tablename__
        db.session.execute(delete(RecordKey).where(RecordKey.owner_table == name, RecordKey.owner_id.in_(ids)))
        db.session.execute(delete(table).where(table.id.in_(ids)))

    return erase


def with_its_work(eraser: Eraser) -> Eraser:
    """Return an eraser that takes the work about its rows along: work that failed is never due by itself."""

    def erase(ids: Sequence[UUID], now: datetime) -> None:
        db.session.execute(delete(OutboxItem).where(OutboxItem.subject_id.in_(ids)))
        eraser(ids, now)

    return erase


def delete_invitations(ids: Sequence[UUID], now: datetime) -> None:
    """Delete invitations to join an organisation: they are audited, so each deletion is recorded."""
    for invitation in db.session.scalars(select(OrganisationInvitation).where(OrganisationInvitation.id.in_(ids))):
        record(actor=system_actor(), action="organisation-invitation:erase", subject=invitation, now=now)
        db.session.delete(invitation)


def erase_due_applications(ids: Sequence[UUID], now: datetime) -> None:
    """Erase applications whose time is over."""
    for application in db.session.scalars(select(Application).where(Application.id.in_(ids))):
        erase_application(actor=system_actor(), application=application, cause=ErasureCause.RETENTION, now=now)


def erase_begun_drafts(ids: Sequence[UUID], now: datetime) -> None:
    """Erase drafts that were begun without an address and never kept, and with the last one whoever began it."""
    beginners = set(db.session.scalars(select(Application.person_id).where(Application.id.in_(ids))))
    erase_due_applications(ids, now)
    db.session.flush()
    erase_due_people([due.id for due in queries.beginners_due() if due.id in beginners], now)


def erase_due_people(ids: Sequence[UUID], now: datetime) -> None:
    """Erase people whose time is over."""
    for person in db.session.scalars(select(Person).where(Person.id.in_(ids))):
        erase_person(actor=system_actor(), person=person, cause=ErasureCause.RETENTION, now=now)


def erase_again(tombstone: Tombstone, now: datetime) -> bool:
    """Erase what a restored backup brought back; return whether there was anything to erase.

    Holds and what depends on it do not count here: it was erased lawfully before, and the backup is older than that.
    """
    actor, cause = system_actor(), ErasureCause.RESTORE
    if tombstone.object_type == Application.__tablename__:
        application = db.session.get(Application, tombstone.object_id)
        if application is None or application.erased_at is not None:
            return False
        for hold in db.session.scalars(select(LegalHold).where(LegalHold.application_id == application.id)):
            db.session.delete(hold)
            record(actor=actor, action="hold:forget", subject=hold, now=now, call_id=application.call_id)
        _erase_application(actor, application, cause, now)
        return True
    person = db.session.get(Person, tombstone.object_id)
    if person is None or person.erased_at is not None:
        return False
    _erase_person(actor, person, cause, now)
    return True


def erase_all_again(
    graves: Sequence[Tombstone], now: datetime, commit: Callable[[], None]
) -> tuple[int, dict[Tombstone, str]]:
    """Erase again what is listed, each in a transaction of its own; return how many, and which failed by what error.

    Applications go first: an organisation loses its name with its last person only if no application is left.
    """
    done, failed = 0, {}
    for grave in sorted(graves, key=lambda each: each.object_type != Application.__tablename__):
        try:
            done += erase_again(grave, now)
            commit()
        except Exception as error:  # whatever it is: one that fails must not bring all the others back
            unit_of_work.rollback()
            failed[grave] = type(error).__name__
    return done, failed


def finish_job(storage: Storage, list_path: Path) -> JobKind:
    """Return the work after an erasure: remove the files, and write its line into the list outside the database."""

    def work(erasure_id: UUID) -> Finish | None:
        erasure = db.session.get_one(Erasure, erasure_id)
        in_use = queries.stored_files_in_use()
        for name in erasure.files:
            if name not in in_use:
                storage.delete(name)
        tombstones.append(list_path, Tombstone(erasure.object_type, erasure.object_id, erasure.erased_at))
        return lambda now: _finished(erasure_id, now)

    def gave_up(_erasure_id: UUID, _now: datetime, _error: str) -> None:
        """Leave it unfinished: doctor says so, and the failed work stays."""

    return JobKind(name=FINISH_KIND, work=work, gave_up=gave_up)


def _finished(erasure_id: UUID, now: datetime) -> None:
    erasure = db.session.get_one(Erasure, erasure_id)
    erasure.files, erasure.finished_at = [], now


def _leave_tombstone(erased: Application | Person, cause: ErasureCause, now: datetime, files: list[str]) -> None:
    erasure = Erasure(
        object_type=erased.__tablename__, object_id=erased.id, cause=cause, erased_at=now, files=sorted(set(files))
    )
    db.session.add(erasure)
    db.session.flush()
    outbox.enqueue(kind=FINISH_KIND, subject_id=erasure.id, now=now)


def _require_open(request: ErasureRequest) -> None:
    if request.answered_at is not None:
        raise Conflict(_l("This request was answered already."))
