"""Name the finalists of a call, write what the public may read of them, ask them, and announce who they are."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, Call, Entry
from fundapp.applications.queries.applicant import holders_of, holds
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict, NotAllowed, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.workflow import apply_transition
from fundapp.review.finalist_rules import Profile, named_against_rank, profile_problems
from fundapp.review.models import Finalist, FinalistProfile, FinalistsAnnouncement, ProfileStatus
from fundapp.review.queries.finalists import announcement_of, finalist_row, finalist_rows, finalists_of, profile_of
from fundapp.review.rules import reason_problems
from fundapp.review.services.calls import lock_call, require_open_slate, require_sight_of_all
from fundapp.review.transitions import FINALIST_PROFILE


def name_finalists(*, actor: Actor, call: Call, named: Mapping[UUID, str], now: datetime) -> int:
    """Make exactly these entries the finalists among those that the actor may see; return how many changed.

    `named` gives the reason of each ("" where the scores put it forward). Raises RuleViolations for a reason that is
    missing or too long, NotAllowed, and Conflict once they are announced or the list of decisions was sent.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_open_slate(call)
    _require_unannounced(call)
    rows = {row.entry.id: row for row in finalist_rows(actor=actor, call=call)}
    if named.keys() - rows.keys():
        raise RuleViolations([Problem(_l("Choose among the entries on this page."))])
    needed = named_against_rank((row.placed for row in rows.values()), {str(each) for each in named})
    problems = []
    for entry_id, reason in named.items():
        problems += reason_problems(reason, field=f"reason_{entry_id}", required=str(entry_id) in needed)
    if problems:
        raise RuleViolations(problems)
    changed = 0
    for entry_id, row in rows.items():
        if entry_id in named:
            changed += _name(actor, call, row.entry, row.finalist, named[entry_id].strip(), now)
        elif row.finalist is not None:
            _record(actor, "finalist:take_back", row.finalist, call, now)
            db.session.delete(row.finalist)
            changed += 1
    db.session.flush()
    return changed


def write_profile(
    *, actor: Actor, call: Call, entry_id: UUID, profile: Profile, version: int, asks: bool, now: datetime
) -> FinalistProfile:
    """Write what the public may read of a finalist; with `asks`, ask its people whether they agree.

    `version` is that of the text which the page showed (0: none). What its people had agreed to counts no more once
    it is changed: they are asked anew. Raises RuleViolations, NotFound, NotAllowed, and Conflict for a text that
    somebody changed meanwhile, for a protected application, and where its people said no.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    row = finalist_row(actor=actor, call=call, entry_id=entry_id)
    application = row.entry.application
    if application.is_protected:
        raise Conflict(_l("This application is protected: nothing of it is ever shown."))
    if problems := profile_problems(profile):
        raise RuleViolations(problems)
    found = profile_of(application)
    if found is None:
        found = FinalistProfile(application_id=application.id, status=ProfileStatus.DRAFT)
        db.session.add(found)
        db.session.flush()
    lock_row(found)
    _require_version(found, version)
    if found.status is ProfileStatus.DECLINED:
        raise Conflict(_l("Its people do not want to be shown. They can change their mind, and nobody else can."))
    _say(actor, found, profile, call, now)
    if asks or found.status is ProfileStatus.AGREED:
        _ask(actor, found, application, now)
    db.session.flush()
    return found


def announce_finalists(*, actor: Actor, call: Call, now: datetime) -> FinalistsAnnouncement:
    """Let everybody read who the finalists are: those who agreed, and later whoever agrees then.

    Raises NotAllowed for somebody in conflict with anything that is decided, RuleViolations without a finalist, and
    Conflict for a second time.
    """
    actor.require(P.DECISION_MAKE, call.id)
    lock_call(call)
    require_sight_of_all(actor, call, P.DECISION_MAKE)
    _require_unannounced(call)
    if not finalists_of(actor=actor, call=call):
        raise RuleViolations([Problem(_l("Name the finalists first."))])
    announcement = FinalistsAnnouncement(call_id=call.id, announced_by_id=_person(actor), announced_at=now)
    db.session.add(announcement)
    db.session.flush()
    _record(actor, "finalists:announce", announcement, call, now)
    return announcement


def answer_profile(
    *, actor: Actor, profile: FinalistProfile, said: Profile, version: int, agrees: bool, now: datetime
) -> None:
    """Agree to be shown with this text, which its people may change, or say no; each can be changed later.

    Raises NotAllowed for somebody who does not hold the organisation, RuleViolations for a text that does not do, and
    Conflict for one that somebody changed meanwhile, or once the application is protected.
    """
    actor.require(P.APPLICATION_WRITE)
    application = profile.application
    if not holds(actor=actor, application=application):
        raise NotAllowed(P.APPLICATION_WRITE, _l("Only somebody who holds the organisation can decide this."))
    lock_call(application.call)
    db.session.refresh(application)
    lock_row(profile)
    if application.is_protected:
        raise Conflict(_l("Your application is protected: nothing of it is ever shown."))
    evidence = {"answered_at": now, "answered_by_id": actor.person_id}
    if not agrees:
        event = "decline"
    else:
        _require_version(profile, version)
        if problems := profile_problems(said):
            raise RuleViolations(problems)
        _say(actor, profile, said, application.call, now)
        event = "agree"
    apply_transition(
        FINALIST_PROFILE,
        profile,
        event,
        actor=actor,
        now=now,
        evidence=evidence,
        data={"call": str(application.call_id)},
    )


def forget_finalists(*, actor: Actor, application: Application, now: datetime) -> None:
    """Erase why an application was named a finalist, and its public profile: from now on it is not shown."""
    named = select(Finalist).join(Entry).where(Entry.application_id == application.id, Finalist.reason != "")
    for finalist in db.session.scalars(named).all():
        finalist.reason = ""
        _record(actor, "finalist:erase", finalist, application.call, now)
    profile = profile_of(application)
    if profile is not None:
        _record(actor, "finalist-profile:erase", profile, application.call, now)
        db.session.delete(profile)


def _name(actor: Actor, call: Call, entry: Entry, known: Finalist | None, reason: str, now: datetime) -> bool:
    if known is not None and known.reason == reason:
        return False
    finalist = known or Finalist(call_id=call.id, entry_id=entry.id)
    finalist.reason, finalist.named_by_id, finalist.named_at = reason, _person(actor), now
    db.session.add(finalist)
    db.session.flush()
    _record(actor, "finalist:name", finalist, call, now, entry=str(entry.id))
    return True


def _say(actor: Actor, profile: FinalistProfile, said: Profile, call: Call, now: datetime) -> None:
    if profile.said != said:
        profile.said = said
        _record(actor, "finalist-profile:write", profile, call, now)
        db.session.flush()


def _ask(actor: Actor, profile: FinalistProfile, application: Application, now: datetime) -> None:
    apply_transition(
        FINALIST_PROFILE,
        profile,
        "ask",
        actor=actor,
        now=now,
        call_id=application.call_id,
        evidence={"answered_at": None, "answered_by_id": None},
    )
    for person in holders_of(application):
        tell(person, template="news", path=f"/applications/{application.id}/public-profile", now=now)


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NotAllowed(P.DECISION_MAKE)
    return actor.person_id


def _require_version(profile: FinalistProfile, version: int) -> None:
    if profile.said_version != version:
        raise Conflict(_l("Somebody changed this text meanwhile. Please look again."))


def _require_unannounced(call: Call) -> None:
    if announcement_of(call) is not None:
        raise Conflict(_l("The finalists are announced. Who they are does not change any more."))


def _record(
    actor: Actor,
    action: str,
    subject: Finalist | FinalistProfile | FinalistsAnnouncement,
    call: Call,
    now: datetime,
    **data: str,
) -> None:
    record(actor=actor, action=action, subject=subject, now=now, call_id=call.id, data=data)
