"""What a transaction has noted so far: entries to be chained at its end, and rows that must be named by one.

A savepoint that is rolled back takes what was noted inside it along.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from fundapp.core.audit.chain import canonical_json
from fundapp.core.audit.entries import Doer
from fundapp.core.db import db

_KEY: Final = "audit"
_OF_VERSIONS: Final = frozenset({"version", "version_sha256"})
Name = tuple[str, UUID]
"""A row: its table and its id."""


@dataclass
class Pending:
    """An entry that has no place in the chain yet."""

    at: datetime
    actor_id: UUID | None
    roles: list[str]
    action: str
    object_type: str
    object_id: UUID
    call_id: UUID | None
    data: dict[str, Any]
    rows_sha256: str | None = None
    """The hash of the row digests of its transaction; the last entry has it."""


@dataclass(frozen=True)
class Change:
    """A row that was inserted, updated or deleted; an entry must name it or one of its owners."""

    verb: str
    name: Name
    owners: tuple[Name, ...]
    row: Any = None
    """The object, where the change went through the unit of work."""


@dataclass
class Ledger:
    """Everything noted in one transaction; `marks` remember how much there was when each savepoint began."""

    entries: list[Pending] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    adopted: list[Name] = field(default_factory=list)
    """Rows of before that get a digest without a change."""
    marks: dict[SessionTransaction, tuple[int, int]] = field(default_factory=dict)
    closed: bool = False

    def require_open(self) -> None:
        """Raise RuntimeError once the entries were chained: nothing may follow but the commit."""
        if self.closed:
            raise RuntimeError("a change after the entries of its transaction were chained")


def record(
    *,
    actor: Doer,
    action: str,
    subject: Any,
    now: datetime,
    call_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Note `action` ("application:submit") on a mapped `subject` with an id; it is written when this commits.

    `data` holds references, statuses, counts and hashes: no names, no addresses, no text that somebody wrote. Raises
    TypeError for values that have no canonical JSON, and for names in `data` that only kept versions have.
    """
    if taken := _OF_VERSIONS & (data or {}).keys():
        raise TypeError(f"{action} can't use {', '.join(sorted(taken))} in its data: kept versions are named there")
    if subject.id is None:
        raise TypeError(f"this {subject.__tablename__} has no id yet: flush before recording")
    ledger = ledger_of(db.session())
    ledger.require_open()
    ledger.entries.append(
        Pending(
            at=now,
            actor_id=actor.person_id,
            roles=actor.roles_in(call_id),
            action=action,
            object_type=subject.__tablename__,
            object_id=subject.id,
            call_id=call_id,
            data=json.loads(canonical_json(data or {})),
        )
    )


def ledger_of(session: Session) -> Ledger:
    """Return what the running transaction of a session has noted."""
    ledger: Ledger = session.info.setdefault(_KEY, Ledger())
    return ledger


@event.listens_for(db.session, "after_transaction_create")
def _mark_savepoint(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        ledger = ledger_of(session)
        ledger.marks[transaction] = len(ledger.entries), len(ledger.changes)


@event.listens_for(db.session, "after_soft_rollback")
def _forget_savepoint(session: Session, transaction: SessionTransaction) -> None:
    ledger: Ledger | None = session.info.get(_KEY)
    if ledger is not None and transaction in ledger.marks:
        entries, changes = ledger.marks[transaction]
        del ledger.entries[entries:], ledger.changes[changes:]


@event.listens_for(db.session, "after_transaction_end")
def _forget_transaction(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_KEY, None)
