"""Stages and phases under several hands at the same moment, on whichever database the run is on."""

from datetime import timedelta

from sqlalchemy import select

from fundapp.accounts.permissions import Role, system_actor
from fundapp.applications.models import Call, Entry, ReviewPhase, Stage
from fundapp.core.audit import record
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, AssignmentStatus, MovedEntry, Review, StageMove
from fundapp.review.queries.reading import my_assignment
from fundapp.review.services.calls import lock_call
from fundapp.review.services.reading import declare_no_conflict, submit_review
from fundapp.review.services.stages import move_on, undo_move
from tests.conftest import actor_of
from tests.factories import NOW, make_assignment, make_reviewer, make_staff, parts_of
from tests.integration.test_discussion import DAY, Panel
from tests.integration.test_selection_races import all_at_once
from tests.integration.test_stages import screened_call, screened_entries


def test_two_managers_take_the_same_entry_on_at_once_and_one_step_is_made(app: FundApp):
    call = screened_call()
    entry = screened_entries(call)[0]
    actors = [actor_of(make_staff(Role.MANAGER)) for _each in range(2)]
    call_id, entry_id = call.id, entry.id
    db.session.commit()

    def go(number: int) -> None:
        found = db.session.get_one(Call, call_id)
        move_on(
            actor=actors[number],
            call=found,
            stage=found.stages[0],
            chosen=[entry_id],
            places={},
            reason="",
            now=NOW,
        )

    assert sorted(all_at_once(app, [lambda: go(0), lambda: go(1)])) == ["RuleViolations", "done"]
    assert len(db.session.scalars(select(MovedEntry.id)).all()) == 1
    assert db.session.scalars(select(Stage.code).join(Entry).where(Entry.id == entry_id)).all() == ["review"]


def test_a_step_taken_back_while_somebody_begins_never_loses_what_was_begun(app: FundApp):
    call = screened_call()
    entry = screened_entries(call)[0]
    manager, reviewer = actor_of(make_staff(Role.MANAGER)), make_reviewer(call)
    move_on(actor=manager, call=call, stage=call.stages[0], chosen=[entry.id], places={}, reason="", now=NOW)
    db.session.refresh(entry)
    given = make_assignment(entry, reviewer, AssignmentStatus.ASSIGNED)
    reader, call_id, assignment_id, entry_id = actor_of(reviewer.person), call.id, given.id, entry.id
    db.session.commit()

    def undo() -> None:
        undo_move(actor=manager, call=db.session.get_one(Call, call_id), now=NOW)

    def begin() -> None:
        assignment = my_assignment(actor=reader, assignment_id=assignment_id)
        declare_no_conflict(actor=reader, assignment=assignment, now=NOW)

    results = all_at_once(app, [undo, begin])
    db.session.rollback()
    stage = db.session.scalars(select(Stage.code).join(Entry).where(Entry.id == entry_id)).one()
    status = db.session.scalar(select(Assignment.status).where(Assignment.id == assignment_id))
    undone = db.session.scalars(select(StageMove.undone_at)).one() is not None
    if results[0] == "done":
        assert (stage, status, undone) == ("screening", None, True)
        assert results[1] != "done"
    else:
        assert (stage, status, undone) == ("review", AssignmentStatus.READING, False)


def test_row_92_a_score_before_the_phase_was_closed_counts_and_one_after_is_refused(app: FundApp):
    panel = Panel()
    assignment = panel.assignment(panel.cleo)
    reader, call_id, assignment_id = actor_of(panel.people[2]), panel.call.id, assignment.id
    db.session.commit()
    now = NOW + DAY / 2

    def close() -> None:
        call = db.session.get_one(Call, call_id)
        lock_call(call)
        for phase in db.session.scalars(select(ReviewPhase).order_by(ReviewPhase.starts_at)).all():
            if phase.starts_at <= now < phase.ends_at:
                phase.ends_at = now - timedelta(minutes=1)
        record(actor=system_actor(), action="call:write", subject=call, now=now, call_id=call.id)

    def submit() -> None:
        found = db.session.get_one(Assignment, assignment_id)
        submit_review(actor=reader, assignment=found, parts=parts_of({"need": 3, "plan": 3}), now=now)

    closed, submitted = all_at_once(app, [close, submit])
    db.session.rollback()
    review = db.session.scalar(select(Review).where(Review.assignment_id == assignment_id))
    assert closed == "done"
    assert (review is not None and review.submitted_at is not None) == (submitted == "done")
    assert submitted in ("done", "Conflict")
