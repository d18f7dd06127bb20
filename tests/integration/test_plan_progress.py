"""How far the computing of a plan is: written down by its job beside its own transaction, and told on the page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from time_machine import TimeMachineFixture

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.core import clock as app_clock
from fundapp.core import outbox
from fundapp.core.db import READ_ONLY, db, read_only
from fundapp.core.outbox import OutboxItem
from fundapp.core.web import FundApp
from fundapp.review.models import Plan, PlanStatus
from fundapp.review.plan_progress import PlanPhase, PlanProgress
from fundapp.review.queries.planning import PLAN_KIND
from fundapp.review.services import planning
from tests.conftest import actor_of
from tests.factories import NOW, make_application, make_call, make_reviewer, make_staff

SignedIn = Callable[[Person | None], FlaskClient]


def test_the_page_tells_what_the_job_has_written_down_of_its_progress(
    app: FundApp, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "AT_ONCE_PAIRS", -1)
    call = make_call(reviews_per_entry=2)
    for _ in range(5):
        make_application(call)
    for _ in range(3):
        make_reviewer(call)
    person = make_staff(Role.MANAGER)
    plan_id = planning.request_plan(actor=actor_of(person), call=call, now=NOW).id
    client, url, seen = signed_in(person), f"/manage/{call.slug}/assignment", []
    assert "It waits for its turn." in client.get(url).text
    enter = planning._Diary.enter

    def looked_at(diary: Any, progress: PlanProgress) -> None:
        enter(diary, progress)
        with db.engine.connect().execution_options(**{READ_ONLY: True}) as other:
            kept = other.execute(select(Plan.progress, Plan.status).where(Plan.id == plan_id)).one()
        assert kept.progress == progress.to_json()
        assert kept.status is PlanStatus.WAITING
        seen.append(progress)

    monkeypatch.setattr(planning._Diary, "enter", looked_at)
    db.session.rollback()
    read_only()
    finish = planning.plan_job().work(plan_id)
    assert finish is not None
    phases = [each.phase for each in seen]
    assert phases[0] is PlanPhase.FACTS
    assert phases[-1] is PlanPhase.WRITING
    assert set(phases[1:-1]) == {PlanPhase.MATCHING}
    assert [each.round for each in seen if each.phase is PlanPhase.MATCHING] == list(range(1, len(seen) - 1))
    db.session.rollback()
    for progress, words in (
        (seen[0], "it is read who may read what"),
        (PlanProgress(PlanPhase.MATCHING, 3, 57_000, 10, 7), "Round 3, 57,000 steps so far."),
        (PlanProgress(PlanPhase.MATCHING, 3, 57_000, 10, 7), "7 of 10 reviews have a reader so far."),
        (seen[-1], "is being written down"),
    ):
        enter(planning._Diary(plan_id), progress)
        db.session.expire_all()
        page = client.get(url).text
        assert words in page
        assert "Look again" in page
        assert "http-equiv" not in page


def test_a_line_about_progress_keeps_the_work_from_being_taken_over(app: FundApp, clock: TimeMachineFixture) -> None:
    call = make_call(reviews_per_entry=1)
    plan = planning.request_plan(actor=actor_of(make_staff(Role.MANAGER)), call=call, now=NOW)
    plan_id, other_id = plan.id, call.id
    for subject_id in (plan_id, other_id):
        outbox.enqueue(kind=PLAN_KIND, subject_id=subject_id, now=NOW)
    db.session.commit()
    for item_id in db.session.scalars(select(OutboxItem.id)).all():
        assert outbox._claim(item_id, app_clock.now()) == 1
    clock.shift(outbox.LEASE - timedelta(seconds=1))
    planning._Diary(plan_id).enter(PlanProgress(PlanPhase.FACTS))
    clock.shift(timedelta(seconds=2))
    due = outbox.due(app_clock.now())
    assert db.session.scalars(select(OutboxItem.subject_id).where(OutboxItem.id.in_(due))).all() == [other_id]
