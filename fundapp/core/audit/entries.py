"""The tables of the record: entries that are only ever added, the head of their chain, and signed checkpoints."""

from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.core.audit.chain import canonical_time
from fundapp.core.db import Base

APPEND_ONLY: Final = {"append_only": True}
"""Marks a table whose rows are never changed or deleted; its migration gives it the triggers that see to it."""


class Doer(Protocol):
    """Whoever acts: a signed-in person, or the system (person_id None)."""

    @property
    def person_id(self) -> UUID | None: ...

    @property
    def name(self) -> str: ...

    def require(self, permission: str, call_id: UUID | None = None) -> None: ...

    def roles_in(self, call_id: UUID | None) -> list[str]: ...


class AuditEntry(Base):
    """One change. `data` holds references, statuses and hashes, never names, addresses, answers or reasons."""

    __table_args__ = (Index(None, "object_type", "object_id"), {"info": APPEND_ONLY})

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """1, 2, 3 … without a gap: it comes from the head, not from a sequence."""
    at: Mapped[datetime]
    """When it happened, by the clock of whoever did it."""
    written_at: Mapped[datetime]
    """When it was written, by the database's clock."""
    actor_id: Mapped[UUID | None]
    roles: Mapped[list[str]]
    """Under which roles the actor could act, in this call or everywhere."""
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[UUID]
    call_id: Mapped[UUID | None] = mapped_column(index=True)
    data: Mapped[dict[str, Any]]
    prev_hash: Mapped[str]
    entry_hash: Mapped[str] = mapped_column(unique=True)


class AuditHead(Base):
    """The newest entry: one row, locked last of all, so that entries are chained one transaction after another."""

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]


class AuditCheckpoint(Base):
    """A signed statement that the chain stood at this hash; a copy kept elsewhere shows a cut or rewritten chain."""

    __table_args__ = {"info": APPEND_ONLY}  # noqa: RUF012 - read by SQLAlchemy as a class attribute

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    head_hash: Mapped[str]
    at: Mapped[datetime]
    """By the database's clock."""
    key_id: Mapped[str]
    signature: Mapped[str]
    """Ed25519, as hex."""


def facts_of(entry: Any) -> dict[str, Any]:
    """Return what the hash of an entry covers; `entry` has the columns of AuditEntry as attributes."""
    return {
        "seq": entry.seq,
        "at": canonical_time(entry.at),
        "written_at": canonical_time(entry.written_at),
        "actor_id": None if entry.actor_id is None else str(entry.actor_id),
        "roles": list(entry.roles),
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": str(entry.object_id),
        "call_id": None if entry.call_id is None else str(entry.call_id),
        "data": entry.data,
    }
