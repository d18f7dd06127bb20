"""What hurt people in other tools about scores and about who is given what; the numbers are those of our list."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter
from fundapp.review.models import Assignment, AssignmentStatus, Decision, Reviewer
from fundapp.review.services.answering import take_off_panel
from fundapp.review.services.planning import apply_plan, request_plan
from fundapp.review.services.reading import declare_conflict
from tests.conftest import actor_of
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_review,
    make_reviewer,
    make_staff,
)

from ..exporting import exported_rows

SignedIn = Callable[[Person | None], FlaskClient]
APOSTROPHE = "People's plan, \"in\" l'année; 100 % {0}"


@pytest.fixture(autouse=True)
def now(clock: Any) -> None:
    clock.move_to(NOW)


@pytest.fixture
def manager(app: FundApp) -> Person:
    return make_staff(Role.MANAGER)


def text(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.get_data(as_text=True)


def marked(call: Call, *marks: Sequence[int | None]) -> Entry:
    """Make an entry with a review for each row of marks, each of another reviewer."""
    (entry,) = make_application(call).entries
    for each in marks:
        make_review(entry, make_reviewer(call), list(each))
    return entry


def exported(client: FlaskClient, call: Call) -> list[dict[str, str]]:
    """Return the rows of the file of decisions, by reference."""
    return exported_rows(client, call.slug)


def plan(call: Call, manager: Person) -> None:
    """Plan who reads what, and apply it."""
    made = request_plan(actor=actor_of(manager), call=call, now=NOW)
    apply_plan(actor=actor_of(manager), plan=made, now=NOW)


def assignments(call: Call) -> list[Assignment]:
    found = select(Assignment).join(Assignment.entry).where(Entry.call_id == call.id).order_by(Assignment.id)
    return list(db.session.scalars(found))


def test_peers_25_mean_median_and_disagreement_stand_side_by_side(
    app: FundApp, signed_in: SignedIn, manager: Person
) -> None:
    call = make_call(reviews_per_entry=3)
    marked(call, [5, 5], [5, 5], [1, 1])
    page = text(signed_in(manager), f"/manage/{call.slug}/tally")
    for figure in ("3.67", "5.00", "2.31"):  # mean, median, standard deviation of 5, 5 and 1
        assert f"<bdi>{figure}</bdi>" in page


def test_peers_25_cannot_judge_is_neither_zero_nor_a_missing_review(
    app: FundApp, signed_in: SignedIn, manager: Person
) -> None:
    call = make_call(reviews_per_entry=2)
    marked(call, [4, None], [4, 4])
    client = signed_in(manager)
    (row,) = exported(client, call)
    assert (row["score_mean"], row["reviews"]) == ("4.00", "2")
    page = text(client, f"/manage/{call.slug}/selection/{assignments(call)[0].entry_id}")
    assert "Cannot judge" in page
    assert "fewer reviews than" not in text(client, f"/manage/{call.slug}/tally")


def test_peers_25_how_sure_somebody_is_is_asked_where_the_call_wants_it(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    assignment = make_assignment(make_application(call).entries[0], reviewer)
    client, url = signed_in(reviewer.person), f"/reviews/{assignment.id}"
    assert 'name="confidence"' not in text(client, url)
    assignment.stage.asks_confidence = True
    db.session.commit()
    assert 'name="confidence"' in text(client, url)


def test_peers_25_what_is_called_a_total_is_a_mark_and_no_count(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    entry = marked(call, [5, 5], [5, 5], [5, 5])
    assignment = make_assignment(entry, reviewer)
    client, url = signed_in(reviewer.person), f"/reviews/{assignment.id}"
    client.post(url, data={"action": "save", "criterion_1": "4", "criterion_2": "1"})
    assert "Your total so far: 2, on a scale from 1 to 5. Scored: 2 of 2." in text(client, url)


def test_peers_26_an_apostrophe_in_the_label_of_a_criterion_changes_no_number_on_page_or_in_file(
    app: FundApp, signed_in: SignedIn, manager: Person
) -> None:
    call = make_call()
    marked(call, [5, 4], [3, 5])
    reviewer = make_reviewer(call)
    entry = marked(call)
    assignment = make_assignment(entry, reviewer)
    client = signed_in(manager)
    plain = text(client, f"/manage/{call.slug}/tally"), exported(client, call)
    assert (plain[1][0]["score_mean"], plain[1][0]["reviews"]) == ("4.33", "2")
    for criterion in call.criteria:
        criterion.labels = {"en": f"{APOSTROPHE} {criterion.code}"}
    db.session.commit()
    assert (text(client, f"/manage/{call.slug}/tally"), exported(client, call)) == plain
    reading = signed_in(reviewer.person)
    scored = {"action": "submit", "criterion_1": "5", "criterion_2": "5", "comment": "It's good."}
    assert reading.post(f"/reviews/{assignment.id}", data=scored).status_code == 302
    assert exported(signed_in(manager), call)[1]["score_mean"] == "5.00"


def test_peers_26_every_criterion_of_a_review_is_kept_or_named_as_missing(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    assignment = make_assignment(make_application(call).entries[0], reviewer)
    client, url = signed_in(reviewer.person), f"/reviews/{assignment.id}"
    missing = text(client, client.post(url, data={"action": "submit", "criterion_1": "4", "comment": "Good."}).location)
    assert 'href="#criterion_2-0"' in missing
    client.post(url, data={"action": "submit", "criterion_1": "4", "criterion_2": "2", "comment": "Good."})
    db.session.expire_all()
    review = assignments(call)[0].review
    assert review is not None
    assert {(score.criterion.code, score.value) for score in review.scores} == {
        ("need", Decimal(4)),
        ("plan", Decimal(2)),
    }


@pytest.mark.parametrize("how", ["taken off", "recused"])
def test_peers_26_a_reviewer_who_is_gone_counts_in_no_mean_once_what_they_said_is_taken_back(
    app: FundApp, signed_in: SignedIn, manager: Person, how: str
) -> None:
    call = make_call(reviews_per_entry=2)
    entry = marked(call, [2, 2])
    gone = make_reviewer(call)
    make_review(entry, gone, [5, 5])
    client = signed_in(manager)
    assert exported(client, call)[0]["score_mean"] == "3.50"
    given = db.session.scalars(select(Assignment).where(Assignment.reviewer_id == gone.id)).one()
    if how == "recused":
        declare_conflict(actor=actor_of(gone.person), assignment=given, reason="A friend.", now=NOW)
    else:
        take_off_panel(actor=actor_of(manager), reviewer=gone, with_begun=True, now=NOW)
    db.session.commit()
    (row,) = exported(client, call)
    assert (row["score_mean"], row["reviews"]) == ("2.00", "1")
    assert "<bdi>2.00</bdi>" in text(client, f"/manage/{call.slug}/tally")


def test_peers_26_a_mean_that_is_exported_is_that_of_all_reviews(
    app: FundApp, signed_in: SignedIn, manager: Person
) -> None:
    call = make_call(reviews_per_entry=12)
    marked(call, *([5, 5] if number % 4 else [1, 1] for number in range(12)))
    (row,) = exported(signed_in(manager), call)
    assert (row["score_mean"], row["reviews"]) == ("4.00", "12")


def test_peers_27_the_running_total_is_the_mark_that_counts(app: FundApp, signed_in: SignedIn, manager: Person) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    assignment = make_assignment(make_application(call).entries[0], reviewer)
    client, url = signed_in(reviewer.person), f"/reviews/{assignment.id}"
    scored = {"criterion_1": "5", "criterion_2": "4", "comment": "Good."}
    client.post(url, data={"action": "save", **scored})
    assert "Your total so far: 4.33, on a scale from 1 to 5." in text(client, url)
    client.post(url, data={"action": "submit", **scored})
    assert exported(signed_in(manager), call)[0]["score_mean"] == "4.33"


def test_peers_28_a_step_over_many_says_first_how_many_and_which_and_can_be_undone(
    app: FundApp, signed_in: SignedIn, manager: Person
) -> None:
    call = make_call(reviews_per_entry=1)
    entries = [make_application(call).entries[0] for _each in range(3)]
    make_reviewer(call)
    client, url = signed_in(manager), f"/manage/{call.slug}/assignment"
    client.post(f"{url}/plan", data={})
    page = text(client, url)
    assert "3 new assignments · 0 taken away" in page
    assert ", ".join(sorted(str(each.application.reference) for each in entries)) in page
    assert assignments(call) == [], "nothing is done before it was seen"
    made = request_plan(actor=actor_of(manager), call=call, now=NOW)
    db.session.commit()
    assert client.post(url, data={"plan": str(made.id)}).status_code == 302
    assert len(assignments(call)) == 3
    assert client.post(f"{url}/undo", data={"plan": str(made.id)}).status_code == 302
    assert assignments(call) == []


def test_peers_28_decisions_tell_nobody_anything_before_somebody_else_confirmed_and_released_them(
    app: FundApp, signed_in: SignedIn, manager: Person, clock: Any
) -> None:
    call = make_call(reviews_per_entry=1)
    entry = marked(call, [5, 5])
    clock.move_to(call.closes_at)
    client = signed_in(manager)
    assert client.post(f"/manage/{call.slug}/selection/by-rank").status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Decision)) == 1
    assert "Award" not in text(signed_in(entry.application.person), "/applications")
    assert db.session.scalars(select(Letter)).all() == []


def test_peers_29_a_plan_fits_categories_and_work_that_was_begun(app: FundApp, manager: Person) -> None:
    call = make_call(categories=2, max_categories=2, reviews_per_entry=2)
    applications = [make_application(call) for _each in range(3)]
    reviewers = [make_reviewer(call, max_entries=6) for _each in range(3)]
    begun = make_assignment(applications[0].entries[0], reviewers[0], AssignmentStatus.READING)
    make_review(applications[1].entries[1], reviewers[0], [3, 3])
    plan(call, manager)
    found = assignments(call)
    assert begun in found
    entries = [entry for each in applications for entry in each.entries]
    readers = {entry.id: [each.reviewer_id for each in found if each.entry_id == entry.id] for entry in entries}
    assert {len(set(each)) for each in readers.values()} == {2} == {len(each) for each in readers.values()}


def test_peers_29_nobody_is_given_more_than_they_take_when_plans_and_changes_follow_each_other(
    app: FundApp, manager: Person
) -> None:
    call = make_call(reviews_per_entry=2)
    reviewers = [make_reviewer(call, max_entries=limit) for limit in (1, 2, 3)]
    for _round in range(2):
        for _each in range(2):
            make_application(call)
        plan(call, manager)
        assert {each: loads(call)[each.id] <= each.max_entries for each in reviewers} == dict.fromkeys(reviewers, True)
    assert sum(loads(call).values()) == 6, "two seats stay empty"
    readers = [[each.entry_id for each in assignments(call)].count(entry) for entry in entries_of(call)]
    assert (max(readers), sum(readers)) == (2, 6)


def entries_of(call: Call) -> list[UUID]:
    return list(db.session.scalars(select(Entry.id).where(Entry.call_id == call.id).order_by(Entry.id)))


def loads(call: Call) -> dict[Any, int]:
    """Return how much each reviewer of a call was given."""
    found = select(Assignment.reviewer_id, func.count()).join(Assignment.reviewer).where(Reviewer.call_id == call.id)
    return dict(db.session.execute(found.group_by(Assignment.reviewer_id)).all())
