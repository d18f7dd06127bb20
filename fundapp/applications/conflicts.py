"""Conflicts of interest that somebody states; those that follow from facts are computed in `scope`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor, P
from fundapp.applications.models import Application, ConflictOfInterest, ConflictSource
from fundapp.applications.queries.conflicts import is_own, is_tied
from fundapp.applications.services.protection import checked_reason
from fundapp.core.audit import record
from fundapp.core.db import db, lock_row
from fundapp.core.errors import Conflict
from fundapp.core.i18n import lazy_gettext as _l


def record_conflict(
    *, actor: Actor, application: Application, person_id: UUID, source: ConflictSource, reason: str, now: datetime
) -> ConflictOfInterest:
    """Hide an application from a person from now on; saying it again changes nothing.

    A "none" that a manager pinned ends: whoever says now that there is a conflict knows more.
    """
    pinned = _standing(application, person_id, ConflictSource.SET_BY_MANAGER)
    if pinned is not None and not pinned.is_conflict:
        _end(actor, pinned, reason, now)
    known = _standing(application, person_id, source)
    return known or _state(actor, application, person_id, source, is_conflict=True, reason=reason, now=now)


def pin_conflict(
    *, actor: Actor, application: Application, person_id: UUID, is_conflict: bool, reason: str, now: datetime
) -> ConflictOfInterest:
    """Say for a person that there is a conflict, or that there is none; it stands whatever is declared or computed.

    Raises RuleViolations without a reason, Conflict where there can be no "none" (the application is their own, or it
    is protected and they are tied to it), NotAllowed.
    """
    actor.require(P.CONFLICT_PIN, application.call_id)
    reason = checked_reason(reason)
    if not is_conflict and application.is_protected and is_tied(application, person_id):
        raise Conflict(_l("They are tied to this protected application: nobody can let them judge it."))
    if not is_conflict and is_own(application, person_id):
        raise Conflict(_l("This application is their own: nobody can let them judge it."))
    pinned = _standing(application, person_id, ConflictSource.SET_BY_MANAGER)
    if pinned is not None:
        if pinned.is_conflict is is_conflict:
            raise Conflict(_l("This was said already. To change the reason, first take it back."))
        _end(actor, pinned, reason, now)
    source = ConflictSource.SET_BY_MANAGER
    return _state(actor, application, person_id, source, is_conflict=is_conflict, reason=reason, now=now)


def unpin_conflict(*, actor: Actor, pinned: ConflictOfInterest, reason: str, now: datetime) -> None:
    """Take back what a manager said: what is declared and computed counts again.

    Raises RuleViolations without a reason, Conflict for one that ended already, NotAllowed.
    """
    actor.require(P.CONFLICT_PIN, pinned.application.call_id)
    reason = checked_reason(reason)
    lock_row(pinned)
    if pinned.ended_at is not None:
        raise Conflict(_l("This was taken back already."))
    _end(actor, pinned, reason, now)


def _standing(application: Application, person_id: UUID, source: ConflictSource) -> ConflictOfInterest | None:
    """Return what somebody stated and nobody took back, or None."""
    return db.session.scalar(
        select(ConflictOfInterest).where(
            ConflictOfInterest.application_id == application.id,
            ConflictOfInterest.person_id == person_id,
            ConflictOfInterest.source == source,
            ConflictOfInterest.ended_at.is_(None),
        )
    )


def _state(
    actor: Actor,
    application: Application,
    person_id: UUID,
    source: ConflictSource,
    *,
    is_conflict: bool,
    reason: str,
    now: datetime,
) -> ConflictOfInterest:
    stated = ConflictOfInterest(
        application_id=application.id,
        person_id=person_id,
        source=source,
        is_conflict=is_conflict,
        reason=reason,
        recorded_by_id=actor.person_id,
        recorded_at=now,
    )
    db.session.add(stated)
    db.session.flush()
    _record(actor, "conflict:record" if source is ConflictSource.DECLARED else "conflict:pin", stated, now)
    return stated


def _end(actor: Actor, stated: ConflictOfInterest, reason: str, now: datetime) -> None:
    stated.ended_at, stated.ended_by_id, stated.end_reason = now, actor.person_id, reason
    db.session.flush()
    _record(actor, "conflict:unpin", stated, now)


def _record(actor: Actor, action: str, stated: ConflictOfInterest, now: datetime) -> None:
    record(
        actor=actor,
        action=action,
        subject=stated,
        now=now,
        call_id=stated.application.call_id,
        data={
            "application": str(stated.application_id),
            "person": str(stated.person_id),
            "source": stated.source.value,
            "is_conflict": stated.is_conflict,
        },
    )
