"""The outbox: each piece of work has its effect once, whatever the queue, a crash or a zombie does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from fundapp.accounts.models import Organisation
from fundapp.accounts.permissions import system_actor
from fundapp.core import outbox, unit_of_work
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.errors import Failure
from fundapp.core.outbox import CHUNK, LEASE, MAX_ATTEMPTS, JobKind, OutboxItem, OutboxState

from ..conftest import run_item

KIND = "test:found"


class Work:
    """Founds an organisation per subject; can be told to fail, or to be overtaken while it works."""

    def __init__(self) -> None:
        self.failures = 0
        self.given_up: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def work(self, subject_id: UUID) -> outbox.Finish | None:
        if self.failures:
            self.failures -= 1
            raise Failure("the paper is jammed")
        self.meanwhile()
        return lambda now: self.found(subject_id, now)

    def found(self, subject_id: UUID, now: datetime) -> None:
        organisation = Organisation(id=uuid4(), name=str(subject_id), name_key=str(uuid4()), created_at=now)
        db.session.add(organisation)
        record(actor=system_actor(), action="test:found", subject=organisation, now=now)

    def gave_up(self, subject_id: UUID, now: datetime, error: str) -> None:
        self.given_up.append(error)


@pytest.fixture
def work(app) -> Work:
    made = Work()
    app.add_job_kind(JobKind(KIND, made.work, made.gave_up))
    return made


def enqueue() -> UUID:
    item = outbox.enqueue(kind=KIND, subject_id=uuid4(), now=datetime.now(UTC))
    assert item is not None
    db.session.commit()
    return item.id


def state(item_id: UUID) -> OutboxState:
    db.session.expire_all()
    return db.session.get_one(OutboxItem, item_id).state


def effects() -> int:
    return db.session.query(Organisation).count()


def test_work_is_done_once_however_often_it_is_delivered(work):
    item = enqueue()
    assert run_item(item) is True
    assert run_item(item) is False
    assert run_item(item) is False
    assert (state(item), effects()) == (OutboxState.DONE, 1)


def test_the_same_key_is_queued_once(work):
    subject, now = uuid4(), datetime.now(UTC)
    assert outbox.enqueue(kind=KIND, subject_id=subject, now=now) is not None
    assert outbox.enqueue(kind=KIND, subject_id=subject, now=now) is None


def test_a_failure_is_kept_and_tried_again_later(work, clock):
    item = enqueue()
    work.failures = 1
    assert run_item(item) is False
    assert db.session.get_one(OutboxItem, item).last_error == "Failure: the paper is jammed"
    assert run_item(item) is False, "not before its time"
    assert outbox.due(datetime.now(UTC)) == []
    clock.shift(60)
    assert outbox.due(datetime.now(UTC)) == [item]
    db.session.commit()
    assert run_item(item) is True
    assert effects() == 1


def test_work_that_never_succeeds_is_given_up_and_stays_visible(work, clock):
    item = enqueue()
    work.failures = MAX_ATTEMPTS
    for _attempt in range(MAX_ATTEMPTS):
        run_item(item)
        clock.shift(3700)
    assert state(item) is OutboxState.FAILED
    assert work.given_up == ["Failure: the paper is jammed"]
    assert run_item(item) is False
    assert effects() == 0


def test_a_worker_that_died_is_replaced_after_its_lease(work, clock):
    item = enqueue()
    assert outbox._claim(item, datetime.now(UTC)) == 1  # and then the worker is killed
    assert run_item(item) is False, "the lease still holds"
    clock.shift(LEASE + timedelta(seconds=1))
    assert outbox.due(datetime.now(UTC)) == [item]
    db.session.commit()
    assert run_item(item) is True
    assert effects() == 1


def test_a_zombie_that_wakes_after_its_lease_leaves_no_trace(work, clock):
    item = enqueue()

    def overtaken() -> None:
        work.meanwhile = lambda: None
        db.session.rollback()
        clock.shift(LEASE + timedelta(seconds=1))
        assert run_item(item) is True

    work.meanwhile = overtaken
    assert run_item(item) is False
    assert effects() == 1


def test_a_rolled_back_transaction_queues_nothing(work, app, queue):
    outbox.enqueue(kind=KIND, subject_id=uuid4(), now=datetime.now(UTC))
    unit_of_work.rollback()
    unit_of_work.commit(queue)
    assert queue.woken == []
    assert db.session.query(OutboxItem).count() == 0


def test_a_commit_wakes_the_queue_in_chunks(work, queue, monkeypatch):
    sizes = []
    monkeypatch.setattr(queue, "wake", lambda ids: sizes.append(len(ids)))
    for _row in range(2 * CHUNK + 1):
        outbox.enqueue(kind=KIND, subject_id=uuid4(), now=datetime.now(UTC))
    unit_of_work.commit(queue)
    assert sizes == [CHUNK, CHUNK, 1]


def test_a_queue_that_is_down_costs_nothing_but_time(work, queue, monkeypatch):
    def down(_ids: list[UUID]) -> None:
        raise ConnectionError

    monkeypatch.setattr(queue, "wake", down)
    outbox.enqueue(kind=KIND, subject_id=uuid4(), now=datetime.now(UTC))
    unit_of_work.commit(queue)
    (item,) = outbox.due(datetime.now(UTC))
    db.session.commit()
    assert run_item(item) is True


def test_what_was_queued_lately_is_not_queued_again_at_once(work, clock):
    item = enqueue()
    assert outbox.due(datetime.now(UTC)) == [item]
    db.session.commit()
    assert outbox.due(datetime.now(UTC)) == []
    clock.shift(61)
    assert outbox.due(datetime.now(UTC)) == [item]
