"""Leaving applications out of the work of their call: duplicates and spam. Nothing is lost, and all of it is undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fundapp.accounts.permissions import Actor, P
from fundapp.accounts.services.people import tell
from fundapp.applications.models import Application, Call, CallStatus, SetAsideAs
from fundapp.applications.queries.applicant import holders_of
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Conflict, Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

MAX_REASON_CHARACTERS: Final = 1000


def set_aside(
    *,
    actor: Actor,
    applications: Sequence[Application],
    kind: SetAsideAs,
    reason: str,
    now: datetime,
    duplicate_of: Application | None = None,
    tells: bool = False,
) -> list[Application]:
    """Leave applications of one call out of review, decisions, letters and exports; return those that were not before.

    With `tells`, their people read the kind and the reason, and get a mail that there is news. Raises RuleViolations
    without a reason, or for a duplicate of itself or of another call's; Conflict once the call is decided; NotAllowed.
    """
    if not applications:
        return []
    call = applications[0].call
    actor.require(P.APPLICATION_SET_ASIDE, call.id)
    problems = [*_reason_problems(reason), *_duplicate_problems(applications, kind, duplicate_of)]
    if problems:
        raise RuleViolations(problems)
    _require_undecided(call)
    done = []
    for application in applications:
        if application.call_id != call.id:
            raise ValueError("applications of several calls cannot be set aside together")
        _lock(application)
        if application.set_aside_at is not None:
            continue
        application.set_aside_at = now
        application.set_aside_by_id = actor.person_id
        application.set_aside_as = kind
        application.set_aside_reason = reason.strip()
        application.set_aside_told = tells
        application.duplicate_of_id = duplicate_of.id if duplicate_of else None
        record(
            actor=actor,
            action="application:set_aside",
            subject=application,
            now=now,
            call_id=call.id,
            data={
                "reference": application.reference,
                "as": kind.value,
                "duplicate_of": str(duplicate_of.id) if duplicate_of else None,
                "told": tells,
            },
        )
        if tells:
            for person in holders_of(application):
                tell(person, template="news", path=f"/applications/{application.id}", now=now)
        done.append(application)
    db.session.flush()
    return done


def take_back(*, actor: Actor, application: Application, now: datetime) -> None:
    """Let a set-aside application go on where it stood. Raises Conflict once the call is decided, NotAllowed."""
    actor.require(P.APPLICATION_SET_ASIDE, application.call_id)
    _require_undecided(application.call)
    _lock(application)
    if application.set_aside_at is None:
        return
    was_told = application.set_aside_told
    application.set_aside_at = application.set_aside_by_id = application.set_aside_as = None
    application.duplicate_of_id = None
    application.set_aside_reason = ""
    application.set_aside_told = False
    record(
        actor=actor,
        action="application:take_back",
        subject=application,
        now=now,
        call_id=application.call_id,
        data={"reference": application.reference},
    )
    if was_told:
        for person in holders_of(application):
            tell(person, template="news", path=f"/applications/{application.id}", now=now)
    db.session.flush()


def _require_undecided(call: Call) -> None:
    """Raise Conflict once a call is decided; hold its row, so that it is not decided meanwhile."""
    db.session.refresh(call, with_for_update={"of": Call, "read": True})
    if call.status is CallStatus.DECIDED:
        raise Conflict(_l("This call is decided. Its applications can't be set aside or taken back any more."))


def _lock(application: Application) -> None:
    """Lock an application's row and read again what others may have changed of it meanwhile."""
    names = ["set_aside_at", "set_aside_told", "version"]
    db.session.refresh(application, names, with_for_update={"of": Application})


def _reason_problems(reason: str) -> list[Problem]:
    if not reason.strip():
        return [Problem(_l("Say why, so that others understand it later."), field="reason")]
    if len(reason) > MAX_REASON_CHARACTERS:
        return [Problem(_l("Use at most %(count)s characters.", count=MAX_REASON_CHARACTERS), field="reason")]
    return []


def _duplicate_problems(
    applications: Sequence[Application], kind: SetAsideAs, duplicate_of: Application | None
) -> list[Problem]:
    if duplicate_of is None:
        return []
    if kind is not SetAsideAs.DUPLICATE:
        return [Problem(_l("Only a duplicate has another application that stays."), field="duplicate_of")]
    if duplicate_of.call_id != applications[0].call_id or duplicate_of in applications:
        return [Problem(_l("Choose another application of the same call."), field="duplicate_of")]
    if duplicate_of.set_aside_at is not None:
        return [Problem(_l("That application is set aside itself. Choose the one that stays."), field="duplicate_of")]
    return []
