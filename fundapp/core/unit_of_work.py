"""The end of a piece of business: commit, then tell the queue."""

from collections.abc import Sequence
from logging import WARNING
from typing import Protocol
from uuid import UUID

from fundapp.core import logs
from fundapp.core.db import db
from fundapp.core.outbox import CHUNK, pending_nudges


class Queue(Protocol):
    """Whatever wakes a worker with ids."""

    def wake(self, ids: Sequence[UUID]) -> None: ...


def commit(queue: Queue) -> None:
    """Commit the session, then wake workers for the outbox rows it wrote."""
    ids = list(pending_nudges())
    db.session.commit()
    pending_nudges().clear()
    nudge(queue, ids)


def rollback() -> None:
    """Undo the session and forget what it wanted to queue."""
    db.session.rollback()
    pending_nudges().clear()


def nudge(queue: Queue, ids: Sequence[UUID]) -> None:
    """Wake workers in chunks. A queue that is down is no error: the reconciler finds the rows again."""
    for start in range(0, len(ids), CHUNK):
        try:
            queue.wake(ids[start : start + CHUNK])
        except Exception:  # any fault of the queue only delays; the rows are safe in the database
            logs.write("queue_refused", level=WARNING, count=len(ids[start:]))  # the reconciler will find them
            return
