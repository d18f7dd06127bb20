"""Conflicts of interest that somebody states; those that follow from facts are computed in `scope`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from fundapp.accounts.permissions import Actor
from fundapp.applications.models import Application, ConflictOfInterest, ConflictSource
from fundapp.core.audit import record
from fundapp.core.db import db


def record_conflict(
    *, actor: Actor, application: Application, person_id: UUID, source: ConflictSource, reason: str, now: datetime
) -> ConflictOfInterest:
    """Hide an application from a person from now on; a second call for the same pair changes nothing."""
    known = db.session.scalar(
        select(ConflictOfInterest).where(
            ConflictOfInterest.application_id == application.id, ConflictOfInterest.person_id == person_id
        )
    )
    if known is not None:
        return known
    conflict = ConflictOfInterest(
        application_id=application.id,
        person_id=person_id,
        source=source,
        reason=reason,
        recorded_by_id=actor.person_id,
        recorded_at=now,
    )
    db.session.add(conflict)
    db.session.flush()
    record(
        actor=actor,
        action="conflict:record",
        subject=conflict,
        now=now,
        call_id=application.call_id,
        data={"application": str(application.id), "person": str(person_id), "source": source.value},
    )
    return conflict
