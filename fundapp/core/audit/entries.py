"""The tables of the record: entries that are only ever added, the head of their chain, and signed checkpoints."""

from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from fundapp.core.audit.chain import canonical_time
from fundapp.core.db import Base

GUARDED: Final = {"guarded": True}
"""Marks a table that changes only as the triggers of its migration allow: rows are added, and never changed again."""


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

    __table_args__ = (Index(None, "object_type", "object_id"), {"info": GUARDED})

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
    rows_sha256: Mapped[str | None]
    """The hash of the digests of all rows that its transaction changed; null but in the last entry of each."""
    prev_hash: Mapped[str]
    entry_hash: Mapped[str] = mapped_column(unique=True)


class AuditHead(Base):
    """The newest entry: one row, locked last of all, so that entries are chained one transaction after another."""

    __table_args__ = (CheckConstraint("id = 1", name="only_one"), {"info": GUARDED})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]


class AuditCheckpoint(Base):
    """A signed statement that the chain stood at this hash; a copy kept elsewhere shows a cut or rewritten chain."""

    __table_args__ = {"info": GUARDED}  # noqa: RUF012 - read by SQLAlchemy as a class attribute

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    head_hash: Mapped[str]
    at: Mapped[datetime]
    """By the database's clock."""
    key_id: Mapped[str]
    signature: Mapped[str]
    """Ed25519, as hex."""


def guarded_tables() -> list[str]:
    """Return the tables that have triggers of their own, by name."""
    return sorted(table.name for table in Base.metadata.tables.values() if table.info.get("guarded"))


def unguarded_tables(session: Session) -> list[str]:
    """Return those of them that have lost a trigger, or that PostgreSQL does not fire any more."""
    if session.get_bind().dialect.name == "sqlite":
        statement = "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name"
    else:
        statement = (
            "SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') GROUP BY c.relname"
        )
    standing = {row[0]: row[1] for row in session.execute(text(statement))}
    wanted = 3 if session.get_bind().dialect.name == "sqlite" else 2
    return [name for name in guarded_tables() if standing.get(name, 0) < wanted]


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
        **({"rows_sha256": entry.rows_sha256} if entry.rows_sha256 is not None else {}),
    }
