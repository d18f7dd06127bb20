"""Plans of large calls through real parts: a killed worker costs delay, and the plan is the same."""

import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from fundapp.accounts.permissions import Role
from fundapp.core import unit_of_work
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.outbox import OutboxItem, OutboxState
from fundapp.review.models import Plan, PlanStatus
from fundapp.review.plan_progress import PlanPhase, PlanProgress
from fundapp.review.plan_result import PlanResult
from fundapp.review.services import planning

from ..conftest import actor_of
from ..factories import make_application, make_call, make_reviewer, make_staff
from .test_letters import PATIENCE, finish, kill

ENTRIES, REVIEWERS = 120, 80


def progress_of(plan_id: UUID) -> PlanProgress | None:
    kept = db.session.scalar(select(Plan.progress).where(Plan.id == plan_id))
    db.session.rollback()  # on SQLite a transaction that is left open would lock the worker out
    return PlanProgress.from_json(kept) if kept else None


def wait_until_matching(worker: "subprocess.Popen[bytes]", plan_id: UUID) -> PlanProgress:
    """Return how far the plan is once its job looks for the best pairs; the worker must be alive until then."""
    deadline = time.monotonic() + PATIENCE
    while (found := progress_of(plan_id)) is None or found.phase is not PlanPhase.MATCHING:
        assert worker.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, f"the job is at {found}"
        threading.Event().wait(0.01)
    return found


def test_worker_killed_in_the_middle_of_a_plan_loses_nothing(installation: Any) -> None:
    call = make_call(reviews_per_entry=3)
    for number in range(ENTRIES):
        make_application(call, answers={"region": "north" if number % 3 else "south"})
    for number in range(REVIEWERS):
        make_reviewer(call, max_entries=8, regions=["north" if number % 2 else "south"], is_experienced=number % 4 == 0)
    person = make_staff(Role.MANAGER)
    db.session.commit()
    # A plan that fits the worst pair first solves many programmes, so there is time to kill whoever solves them.
    plan = planning.request_plan(actor=actor_of(person), call=call, is_fair=True, now=datetime.now(UTC))
    plan_id = plan.id
    assert (plan.status, plan.progress) == (PlanStatus.WAITING, {})
    expected, state = planning._compute(actor_of(person), plan)
    unit_of_work.commit(installation.app.queue)

    worker = installation.start("worker")
    seen = wait_until_matching(worker, plan_id)
    kill(worker, with_its_child=True)
    assert seen.seats == 3 * ENTRIES
    db.session.expire_all()
    assert db.session.scalar(select(Plan.status).where(Plan.id == plan_id)) is PlanStatus.WAITING
    assert db.session.scalars(select(OutboxItem.state)).all() == [OutboxState.RUNNING]
    db.session.rollback()
    installation.redis.flush()
    finish(installation)

    done = db.session.get_one(Plan, plan_id, populate_existing=True)
    assert (done.status, PlanResult.from_json(done.result), done.state_sha256) == (PlanStatus.READY, expected, state)
    assert PlanProgress.from_json(done.progress).phase is PlanPhase.WRITING
    assert len(expected.added) == 3 * ENTRIES
    computed = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "plan:compute")
    assert db.session.scalar(computed) == 1
    assert set(db.session.scalars(select(OutboxItem.state))) == {OutboxState.DONE}
