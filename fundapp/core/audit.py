"""The record of who did what: one row per change, written in the same transaction."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.core.db import Base, Identified, db


class Doer(Protocol):
    """Whoever acts: a signed-in person, or the system (person_id None)."""

    @property
    def person_id(self) -> UUID | None: ...

    @property
    def name(self) -> str: ...

    def require(self, permission: str, call_id: UUID | None = None) -> None: ...


class AuditEntry(Identified, Base):
    """One change. `data` holds references, statuses and reasons, never names, addresses or answers."""

    __table_args__ = (Index(None, "object_type", "object_id"),)

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[UUID]
    call_id: Mapped[UUID | None] = mapped_column(index=True)
    data: Mapped[dict[str, Any]]


def record(
    *,
    actor: Doer,
    action: str,
    subject: Any,
    now: datetime,
    call_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add an audit row for `action` ("application:submit") on a mapped `subject` with an id."""
    db.session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action=action,
            object_type=subject.__tablename__,
            object_id=subject.id,
            call_id=call_id,
            data=data or {},
        )
    )
