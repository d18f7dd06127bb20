"""Where applicants review each other: nobody knows a score before they are opened, and none changes after."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from time_machine import TimeMachineFixture

from fundapp.accounts.permissions import Role
from fundapp.applications.models import ReviewPhase
from fundapp.applications.phase_rules import SeenOthers, ShownAs
from fundapp.core.db import db
from fundapp.core.errors import Conflict
from fundapp.core.web import FundApp
from fundapp.review.models import Assignment, AssignmentStatus, Reviewer, ReviewerStatus
from fundapp.review.queries import selection as queries
from fundapp.review.queries.news import has_work_to_come
from fundapp.review.services import answering, discussing, pairs, planning, reading
from tests.conftest import SignedIn, actor_of
from tests.factories import NOW, make_assignment, make_review, make_reviewer, make_staff, parts_of
from tests.integration.pool_round import LATER, Round, entry_of

AFTERWARDS = LATER + timedelta(hours=1)
CANARY = "CANARY-what-nobody-knows-before-it-is-opened"


@pytest.fixture
def there(app: FundApp, time_machine: TimeMachineFixture) -> Round:
    """Return a drawn round in a phase that lasts, in which reviewers score and discuss."""
    time_machine.move_to(LATER, tick=False)
    found = Round(6)
    found.draw()
    db.session.add(
        ReviewPhase(
            call_id=found.call.id,
            stage_id=found.call.deciding_stage.id,
            position=1,
            code="all",
            titles={"en": "Scoring (sample)"},
            starts_at=NOW,
            ends_at=LATER + timedelta(days=30),
            may_score=True,
            others=SeenOthers.AFTER_OWN,
            shown_as=ShownAs.ALIASES,
            may_discuss=True,
        )
    )
    db.session.flush()
    return found


def given(reviewer: Reviewer, status: AssignmentStatus) -> Assignment:
    return db.session.scalars(
        select(Assignment).where(Assignment.reviewer_id == reviewer.id, Assignment.status == status)
    ).one()


def means(there: Round) -> dict[str, object]:
    return {str(row.entry.id): row.figures.mean for row in queries.whole_selection(call=there.call).ranked}


def test_no_review_changes_once_the_scores_are_open(there: Round, signed_in: SignedIn) -> None:
    reviewer = make_reviewer(there.call)
    done, begun = (entry_of(each) for each in there.applications[:2])
    make_review(done, reviewer, [4, 4])
    make_assignment(begun, reviewer)
    actor = actor_of(reviewer.person)
    first, second = given(reviewer, AssignmentStatus.REVIEWED), given(reviewer, AssignmentStatus.READING)
    reading.change_review(actor=actor, assignment=first, now=LATER)
    assert has_work_to_come(reviewer)
    there.open()
    before = means(there)
    whole = parts_of({criterion.code: 1 for criterion in first.criteria}, "Weak.")
    for assignment in (first, second):
        with pytest.raises(Conflict, match="closed"):
            reading.submit_review(actor=actor, assignment=assignment, parts=whole, now=AFTERWARDS)
    with pytest.raises(Conflict, match="closed"):
        reading.change_review(actor=actor, assignment=first, now=AFTERWARDS)
    assert means(there) == before
    assert before[str(done.id)] == 4
    assert not has_work_to_come(reviewer)
    db.session.commit()
    page = signed_in(reviewer.person).get(f"/reviews/{second.id}").text
    assert "Reviews of this call are closed" in page
    assert 'name="action" value="submit"' not in page


def test_nobody_chooses_which_reviews_count_once_the_scores_are_open(there: Round) -> None:
    reader, spare, late = (
        make_reviewer(there.call),
        make_reviewer(there.call),
        make_reviewer(there.call, status=ReviewerStatus.INVITED, answered_at=None),
    )
    first, second = (entry_of(each) for each in there.applications[:2])
    make_review(first, reader, [4, 4])
    make_assignment(second, reader, AssignmentStatus.ASSIGNED)
    plan = planning.request_plan(actor=there.actor, call=there.call, now=LATER)
    there.open()
    before = means(there)
    with pytest.raises(Conflict, match="scores are open"):
        pairs.assign_by_hand(actor=there.actor, call=there.call, pairs=[(first, spare)], now=AFTERWARDS)
    with pytest.raises(Conflict, match="scores are open"):
        pairs.take_by_hand(actor=there.actor, entry=second, reviewer=reader, now=AFTERWARDS)
    with pytest.raises(Conflict, match="scores are open"):
        planning.apply_plan(actor=there.actor, plan=plan, now=AFTERWARDS)
    with pytest.raises(Conflict, match="scores are open"):
        answering.take_off_panel(actor=there.actor, reviewer=reader, with_begun=True, now=AFTERWARDS)
    with pytest.raises(Conflict, match="scores are open"):
        answering.accept_invitation(actor=actor_of(late.person), reviewer=late, now=AFTERWARDS)
    assert means(there) == before


@pytest.mark.parametrize("role", [Role.MANAGER, Role.CHAIR, Role.AUDITOR])
def test_no_page_tells_what_was_said_before_the_scores_are_open(there: Round, signed_in: SignedIn, role: Role) -> None:
    entry, reviewer = entry_of(there.applications[0]), make_reviewer(there.call)
    make_review(entry, reviewer, [4, 3], CANARY)
    discussing.post_as_reader(
        actor=actor_of(reviewer.person),
        assignment=given(reviewer, AssignmentStatus.REVIEWED),
        text=f"{CANARY} in the discussion",
        mentions=(),
        now=LATER,
    )
    client = signed_in(make_staff(role, None if role is Role.AUDITOR else there.call))
    manage = f"/manage/{there.call.slug}"
    paths = [f"{manage}/discussions/{entry.id}", f"{manage}/tally", f"{manage}/stages/{entry.stage.code}"]
    paths += [] if role is Role.CHAIR else [f"{manage}/selection", f"{manage}/selection/{entry.id}"]
    for path in paths:
        shown = client.get(path)
        assert shown.status_code == 200, path
        assert CANARY not in shown.text, path
        assert "3.33" not in shown.text, path  # the mean
        assert "Nobody has submitted" not in shown.text, path
    with pytest.raises(Conflict):
        discussing.post_for_the_call(
            actor=there.actor, call=there.call, entry=entry, text="How so?", mentions=(), now=LATER
        )
    there.open()
    db.session.commit()
    assert client.get(paths[0]).text.count(CANARY) == 2
    assert "3.33" in client.get(paths[1]).text
