"""Work that must follow a commit: the row is the truth, the queue only carries ids.

A service calls `enqueue` inside its transaction; `unit_of_work.commit` nudges the queue after the commit. A worker
claims the row under a lease, does the slow part without holding a write lock, and finishes under a fencing token
(the attempt number): a second delivery, a zombie worker or an emptied queue costs delay, nothing else.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from logging import ERROR, WARNING
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, CursorResult, Index, and_, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.core import clock, logs
from fundapp.core.db import Base, Identified, db, enum_column, note_aside, read_only

LEASE: Final = timedelta(seconds=120)
"""How long a worker may be silent before another one may take its work over."""
MAX_ATTEMPTS: Final = 10
CHUNK: Final = 25
"""Rows per queue job: about a second of letters, so that progress is smooth and a retry is cheap."""
RENUDGE_AFTER: Final = timedelta(seconds=60)

Finish = Callable[[datetime], None]
"""Writes the result of finished work, inside the transaction that marks the row done."""


class OutboxState(StrEnum):
    """Where a piece of work stands."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"
    """Put aside by somebody: mail after a restore, letters whose making was stopped. Nothing takes it up by itself."""


class OutboxItem(Identified, Base):
    """One piece of work about one subject."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(None, "state", "not_before"),
        Index(None, "subject_id"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_time"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="running_has_lease"),
    )

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[OutboxState] = mapped_column(enum_column(OutboxState), default=OutboxState.READY)
    attempt: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    nudged_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


@dataclass(frozen=True)
class JobKind:
    """How one kind of work is done.

    `work(subject_id)` reads and does the slow or outward part, and returns the function that writes the result (None
    when there is nothing left to do). `gave_up(subject_id, now, error)` records that all attempts are used.
    """

    name: str
    work: Callable[[UUID], Finish | None]
    gave_up: Callable[[UUID, datetime, str], None]


JobKinds = Mapping[str, JobKind]
"""What an application's workers can do, by name."""


def enqueue(*, kind: str, subject_id: UUID, now: datetime, dedup_key: str = "") -> OutboxItem | None:
    """Write the outbox row in the running transaction; a known `dedup_key` adds nothing (returns None)."""
    key = dedup_key or f"{kind}:{subject_id}"
    if db.session.scalar(select(OutboxItem.id).where(OutboxItem.dedup_key == key)) is not None:
        return None
    item = OutboxItem(kind=kind, subject_id=subject_id, dedup_key=key, not_before=now, created_at=now)
    db.session.add(item)
    db.session.flush()
    pending_nudges().append(item.id)
    return item


def enqueue_all(*, kind: str, subject_ids: Collection[UUID], occasion: str, now: datetime) -> None:
    """Write one outbox row for each subject in the running transaction; `occasion` tells this time from others."""
    items = [
        OutboxItem(kind=kind, subject_id=each, dedup_key=f"{kind}:{occasion}:{each}", not_before=now, created_at=now)
        for each in sorted(subject_ids)
    ]
    db.session.add_all(items)
    db.session.flush()
    pending_nudges().extend(item.id for item in items)


def pending_nudges() -> list[UUID]:
    """Return the ids written in this session that the queue has not been told about."""
    return cast(list[UUID], db.session().info.setdefault("outbox", []))


def run(item_id: UUID, kinds: JobKinds) -> bool:
    """Do one row's work if it is due; return whether this call did it. Commits on its own.

    Any exception of the work is recorded and retried with growing delay, at most MAX_ATTEMPTS times.
    """
    attempt = _claim(item_id, clock.now())
    if attempt is None:
        return False
    item = db.session.get_one(OutboxItem, item_id)
    kind, subject_id = kinds[item.kind], item.subject_id
    db.session.rollback()
    if attempt > MAX_ATTEMPTS:  # nothing was recorded of the last one: it took its whole process down with it
        _record_failure(item_id, attempt, kind, subject_id, "each attempt ended with the death of its worker")
        return False
    try:
        read_only()
        finish = kind.work(subject_id)
        db.session.rollback()
        return _finish(item_id, attempt, finish)
    except Exception as error:  # the row must record whatever went wrong, or the work would be lost silently
        db.session.rollback()
        logs.write("work_failed", level=WARNING, outbox=item_id, attempt=attempt, error=type(error).__name__)
        _record_failure(item_id, attempt, kind, subject_id, logs.described(error))
        return False


def hold(*, kind: str, subject_ids: Collection[UUID]) -> int:
    """Put aside what nobody has begun, or waits to be tried again; return how many. What runs is left to its end."""
    return _move(kind, subject_ids, OutboxState.READY, {"state": OutboxState.HELD}, [])


def resume(*, kind: str, subject_ids: Collection[UUID], now: datetime) -> int:
    """Make what was put aside due now; return how many."""
    values = {"state": OutboxState.READY, "not_before": now, "nudged_at": None}
    return _move(kind, subject_ids, OutboxState.HELD, values, pending_nudges())


def _move(
    kind: str, subject_ids: Collection[UUID], state: OutboxState, values: Mapping[str, Any], moved: list[UUID]
) -> int:
    ids = db.session.scalars(
        update(OutboxItem)
        .where(OutboxItem.kind == kind, OutboxItem.subject_id.in_(subject_ids), OutboxItem.state == state)
        .values(**values)
        .returning(OutboxItem.id)
    ).all()
    moved.extend(ids)
    return len(ids)


def still_at_work(subject_id: UUID) -> None:
    """Tell the others that the running work about a subject goes on, so that nobody takes it over.

    For work that may take longer than a lease; beside its own transaction, and not at all while others write.
    """
    note_aside(
        update(OutboxItem)
        .where(OutboxItem.subject_id == subject_id, OutboxItem.state == OutboxState.RUNNING)
        .values(lease_until=clock.now() + LEASE)
    )


def due(now: datetime, limit: int = 1000) -> list[UUID]:
    """Return the rows that should be in the queue now and were not put there lately; marks them nudged.

    The caller commits, then nudges.
    """
    ids = list(
        db.session.scalars(
            select(OutboxItem.id)
            .where(
                _is_due(now),
                or_(OutboxItem.nudged_at.is_(None), OutboxItem.nudged_at < now - RENUDGE_AFTER),
            )
            .order_by(OutboxItem.created_at, OutboxItem.id)
            .limit(limit)
        )
    )
    if ids:
        db.session.execute(update(OutboxItem).where(OutboxItem.id.in_(ids)).values(nudged_at=now))
    return ids


def _is_due(now: datetime) -> Any:
    return or_(
        and_(OutboxItem.state == OutboxState.READY, OutboxItem.not_before <= now),
        and_(OutboxItem.state == OutboxState.RUNNING, OutboxItem.lease_until < now),
    )


def _claim(item_id: UUID, now: datetime) -> int | None:
    attempt = db.session.scalar(
        update(OutboxItem)
        .where(OutboxItem.id == item_id, _is_due(now))
        .values(state=OutboxState.RUNNING, attempt=OutboxItem.attempt + 1, lease_until=now + LEASE)
        .returning(OutboxItem.attempt)
    )
    db.session.commit()
    return attempt


def _close(item_id: UUID, attempt: int, **values: Any) -> bool:
    result = db.session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.id == item_id,
            OutboxItem.attempt == attempt,
            OutboxItem.state == OutboxState.RUNNING,
        )
        .values(lease_until=None, **values)
    )
    return cast(CursorResult[Any], result).rowcount == 1


def _finish(item_id: UUID, attempt: int, finish: Finish | None) -> bool:
    now = clock.now()
    if not _close(item_id, attempt, state=OutboxState.DONE, done_at=now, last_error=""):
        db.session.rollback()  # another worker took over: what this one made is thrown away
        return False
    if finish is not None:
        finish(now)
    db.session.commit()
    return True


def _record_failure(item_id: UUID, attempt: int, kind: JobKind, subject_id: UUID, error: str) -> None:
    now = clock.now()
    if attempt >= MAX_ATTEMPTS:
        if _close(item_id, attempt, state=OutboxState.FAILED, last_error=error):
            kind.gave_up(subject_id, now, error)
            logs.write("work_given_up", level=ERROR, outbox=item_id, attempt=attempt)
    else:
        delay = timedelta(seconds=min(2**attempt * 15, 3600))
        _close(item_id, attempt, state=OutboxState.READY, not_before=now + delay, last_error=error)
    db.session.commit()
