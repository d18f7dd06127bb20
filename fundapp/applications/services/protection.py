"""Who protects an application: its own people or one manager; to lower it takes two managers."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import or_, select

from fundapp.accounts.models import Membership, MembershipRole, Person
from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.memberships import withdraw_help
from fundapp.accounts.services.people import tell
from fundapp.applications.identity import pseudonym_for
from fundapp.applications.models import Application, Call, ProtectionChange, ProtectionStep
from fundapp.applications.queries.applicant import holders_of, may_write, own_application
from fundapp.applications.queries.protection import last_change
from fundapp.applications.sealed_answers import reseal
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l


class Change(Protocol):
    """Something that staff do about the protection of an application."""

    def __call__(self, *, actor: Actor, application: Application, reason: str, now: datetime) -> None: ...


LOWER_WITHIN: Final = timedelta(days=7)
"""How long a request to lower protection waits for the second person."""
MAX_REASON_CHARACTERS: Final = 1000


def protect(*, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    """Raise an application to protected; what is protected already stays so, and a request to lower it ends.

    Raises RuleViolations without a reason, NotAllowed.
    """
    actor.require(P.PROTECTION_RAISE, application.call_id)
    _raise(actor, application, ProtectionStep.RAISED, checked_reason(reason), now)


def protect_own(*, actor: Actor, application: Application, now: datetime) -> None:
    """Let people protect their own application, at once and without giving a reason.

    Raises NotFound, and NotAllowed for those who may only read it.
    """
    actor.require(P.APPLICATION_WRITE)
    own_application(actor=actor, application_id=application.id)
    if not may_write(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE)
    _raise(actor, application, ProtectionStep.RAISED_BY_APPLICANT, "", now)


def protect_with_call(*, actor: Actor, application: Application, now: datetime) -> None:
    """Protect an application because its call is protected. The caller's use case checks the permission."""
    _raise(actor, application, ProtectionStep.RAISED_WITH_CALL, "", now)


def ask_to_lower(*, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    """Ask to lower protection; a second person has LOWER_WITHIN to confirm.

    Raises RuleViolations without a reason, Conflict when it is not protected or somebody asked already, NotAllowed.
    """
    actor.require(P.PROTECTION_LOWER, application.call_id)
    reason = checked_reason(reason)
    _lock(application)
    if not application.is_protected:
        raise Conflict(_l("This application is not protected."))
    if waiting_request(application, now) is not None:
        raise Conflict(_l("Somebody asked for this already. It waits for a second person."))
    _note(actor, application, ProtectionStep.LOWERING_ASKED, reason, now)
    _tell_holders(application, now)


def confirm_lowering(*, actor: Actor, application: Application, reason: str, now: datetime) -> None:
    """Lower protection as a second person.

    Raises RuleViolations without a reason, Conflict when nobody asked or the time is over, and NotAllowed for whoever
    asked.
    """
    actor.require(P.PROTECTION_LOWER, application.call_id)
    reason = checked_reason(reason)
    _lock(application)
    asked = waiting_request(application, now)
    if asked is None:
        raise Conflict(_l("Nobody asked to lower the protection of this application, or the time to confirm is over."))
    if actor.person_id is None or asked.by_id == actor.person_id:
        raise NotAllowed(P.PROTECTION_LOWER, _l("You asked for this yourself. Somebody else must confirm it."))
    application.is_protected = False
    reseal(application=application, now=now)
    _note(actor, application, ProtectionStep.LOWERED, reason, now, asked=asked)
    _tell_holders(application, now)


def waiting_request(application: Application, now: datetime) -> ProtectionChange | None:
    """Return the request to lower protection that still waits for a second person, or None."""
    last = last_change(application)
    if last is None or last.step is not ProtectionStep.LOWERING_ASKED or now >= last.at + LOWER_WITHIN:
        return None
    return last


def checked_reason(reason: str) -> str:
    """Return a written reason, trimmed. Raises RuleViolations when there is none, or too much of it."""
    reason = reason.strip()
    if not reason:
        raise RuleViolations([Problem(_l("Write the reason."), field="reason")])
    if len(reason) > MAX_REASON_CHARACTERS:
        message = _l("Use at most %(count)s characters.", count=MAX_REASON_CHARACTERS)
        raise RuleViolations([Problem(message, field="reason")])
    return reason


def _raise(actor: Actor, application: Application, step: ProtectionStep, reason: str, now: datetime) -> None:
    _lock(application)
    if application.is_protected and waiting_request(application, now) is None:
        return
    if application.pseudonym is None:
        call = db.session.get_one(Call, application.call_id)
        application.pseudonym = pseudonym_for(call.id, call.languages[0])
    application.is_protected = True
    reseal(application=application, now=now)
    _shorten_sessions(application)
    if application.organisation_id is not None:
        withdraw_help(actor=actor, organisation_id=application.organisation_id, now=now)
    _note(actor, application, step, reason, now)


def _tell_holders(application: Application, now: datetime) -> None:
    """Tell those who hold it that there is news: while a request waits, they can still say that it must not be."""
    for person in holders_of(application):
        tell(person, template="news", path=f"/applications/{application.id}/protection", now=now)


def _shorten_sessions(application: Application) -> None:
    """Sign its people out after a short silence from now on: also of what else they do here."""
    members = select(Membership.person_id).where(
        Membership.organisation_id == application.organisation_id, Membership.role != MembershipRole.AFFILIATE
    )
    people = select(Person).where(or_(Person.id == application.person_id, Person.id.in_(members)))
    for person in db.session.scalars(people):
        person.short_sessions = True


def _note(
    actor: Actor,
    application: Application,
    step: ProtectionStep,
    reason: str,
    now: datetime,
    *,
    asked: ProtectionChange | None = None,
) -> None:
    last = last_change(application)
    db.session.add(
        ProtectionChange(
            application_id=application.id,
            number=last.number + 1 if last else 1,
            step=step,
            asked_id=asked.id if asked else None,
            reason=reason,
            by_id=actor.person_id,
            at=now,
        )
    )
    db.session.flush()
    record(
        actor=actor,
        action=f"protection:{step.value}",
        subject=application,
        now=now,
        call_id=application.call_id,
    )


def _lock(application: Application) -> None:
    db.session.flush()
    lock = select(Application.id).where(Application.id == application.id).with_for_update()
    db.session.execute(lock)
    db.session.refresh(application, ["is_protected", "pseudonym", "answers", "version"])
