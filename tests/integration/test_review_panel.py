"""Entries are given to reviewers: services on a real database."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from fundapp.accounts.permissions import Actor, Role, system_actor
from fundapp.applications.models import ApplicationStatus, Call, ConflictOfInterest, ConflictSource, Entry
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.mail import MailMessage
from fundapp.core.web import FundApp
from fundapp.review.assignment import Bar, ShortfallCause
from fundapp.review.models import Assignment, AssignmentStatus, Plan, Reviewer, SlateStatus
from fundapp.review.plan_result import PlanResult
from fundapp.review.queries import panel as panel_queries
from fundapp.review.queries.planning import planning_facts
from fundapp.review.services import pairs as by_hand
from fundapp.review.services import planning
from fundapp.review.services.reading import declare_conflict
from tests.conftest import actor_of, counted_statements
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_organisation,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
)


def entries_of(call: Call) -> list[Entry]:
    return list(db.session.scalars(select(Entry).where(Entry.call_id == call.id).order_by(Entry.id)))


def assigned(call: Call) -> set[tuple[Entry, Reviewer]]:
    rows = db.session.scalars(
        select(Assignment)
        .join(Assignment.entry)
        .where(Entry.call_id == call.id, Assignment.status != AssignmentStatus.RECUSED)
    )
    return {(assignment.entry, assignment.reviewer) for assignment in rows}


def plan_of(call: Call, manager: Actor, **asked: Any) -> Plan:
    return planning.request_plan(actor=manager, call=call, now=NOW, **asked)


def said(plan: Plan) -> PlanResult:
    return PlanResult.from_json(plan.result)


def test_manager_of_another_call_cannot_plan(app: FundApp) -> None:
    call, other = make_call(), make_call()
    stranger = actor_of(make_staff(Role.MANAGER, other))
    with pytest.raises(NotAllowed):
        plan_of(call, stranger)
    plan = plan_of(call, actor_of(make_staff(Role.MANAGER)))
    for step in (planning.apply_plan, planning.undo_plan):
        with pytest.raises(NotAllowed):
            step(actor=stranger, plan=plan, now=NOW)


def test_plan_gives_each_eligible_entry_its_reviews_with_even_loads(
    app: FundApp, mail_dir: Path, run_jobs: Callable[[], int]
) -> None:
    call = make_call(reviews_per_entry=2)
    for _ in range(6):
        make_application(call)
    make_application(call, status=ApplicationStatus.SUBMITTED)
    make_application(call, status=ApplicationStatus.INELIGIBLE)
    for _ in range(4):
        make_reviewer(call)
    manager = actor_of(make_staff(Role.MANAGER))
    plan = plan_of(call, manager)
    assert assigned(call) == set()
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    pairs = assigned(call)
    assert len(pairs) == 12
    assert sorted(said(plan).after.values()) == [3, 3, 3, 3]
    assert {entry.application.status for entry, _ in pairs} == {ApplicationStatus.ELIGIBLE}
    assert db.session.scalars(select(MailMessage.template)).all() == []
    run_jobs()
    row = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "plan:apply")).one()
    assert len(row.data["added"]) == 12
    mails = db.session.scalars(select(MailMessage.template)).all()
    assert mails == ["reviews_waiting"] * 4


def test_nobody_gets_an_application_of_their_own_organisation_or_their_own(app: FundApp) -> None:
    call = make_call(reviews_per_entry=3)
    organisation = make_organisation()
    colleague, author, stranger = (make_reviewer(call) for _ in range(3))
    make_member(colleague.person, organisation)
    of_colleague = make_application(call, organisation=organisation)
    of_author = make_application(call, person=author.person)
    recorded = make_application(call)
    db.session.add(
        ConflictOfInterest(
            application_id=recorded.id, person_id=stranger.person_id, source=ConflictSource.DECLARED, recorded_at=NOW
        )
    )
    db.session.flush()
    manager = actor_of(make_staff(Role.MANAGER))
    plan = plan_of(call, manager)
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    who = {
        application: {reviewer for entry, reviewer in assigned(call) if entry.application is application}
        for application in (of_colleague, of_author, recorded)
    }
    assert who == {
        of_colleague: {author, stranger},
        of_author: {colleague, stranger},
        recorded: {colleague, author},
    }
    assert {s.cause for s in said(plan).shortfalls} == {ShortfallCause.TOO_FEW_REVIEWERS}
    assert [dict(s.barred) for s in said(plan).shortfalls] == [{Bar.CONFLICT: 1}] * 3


def test_plan_after_a_recusal_changes_nothing_else(app: FundApp) -> None:
    call = make_call(reviews_per_entry=2)
    for _ in range(8):
        make_application(call)
    for _ in range(5):
        make_reviewer(call)
    manager = actor_of(make_staff(Role.MANAGER))
    first = plan_of(call, manager)
    planning.apply_plan(actor=manager, plan=first, now=NOW)
    before = assigned(call)
    recused = db.session.scalars(select(Assignment).order_by(Assignment.id).limit(1)).one()
    pair = (recused.entry, recused.reviewer)
    declare_conflict(actor=actor_of(recused.reviewer.person), assignment=recused, reason="A friend.", now=NOW)
    second = plan_of(call, manager)
    assert (len(said(second).added), len(said(second).removed)) == (1, 0)
    planning.apply_plan(actor=manager, plan=second, now=NOW)
    after = assigned(call)
    assert before - after == {pair}
    assert len(after - before) == 1
    assert said(plan_of(call, manager)).added == frozenset()


def test_started_review_stays_when_the_reviewers_limit_is_lowered(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    busy, free = make_reviewer(call), make_reviewer(call)
    entries = [make_application(call).entries[0] for _ in range(3)]
    make_assignment(entries[0], busy, AssignmentStatus.READING)
    make_review(entries[1], busy, [3, 4])
    make_assignment(entries[2], busy, AssignmentStatus.ASSIGNED)
    busy.max_entries = 1
    db.session.flush()
    manager = actor_of(make_staff(Role.MANAGER))
    plan = plan_of(call, manager)
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    assert assigned(call) == {(entries[0], busy), (entries[1], busy), (entries[2], free)}


def test_conflict_found_later_takes_away_what_was_not_started(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    reviewer, other = make_reviewer(call), make_reviewer(call, max_entries=1)
    application = make_application(call)
    make_assignment(application.entries[0], reviewer, AssignmentStatus.ASSIGNED)
    assert application.organisation is not None
    make_member(reviewer.person, application.organisation)
    manager = actor_of(make_staff(Role.MANAGER))
    (row,) = panel_queries.coverage(actor=manager, call=call)
    assert row.assigned == 0
    plan = plan_of(call, manager)
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    assert assigned(call) == {(application.entries[0], other)}


def test_language_that_nobody_reads_leaves_named_seats(app: FundApp) -> None:
    call = make_call(reviews_per_entry=2)
    make_application(call, language="fr")
    make_reviewer(call, languages=["en", "fr"])
    make_reviewer(call, languages=["en"])
    (shortfall,) = said(plan_of(call, actor_of(make_staff(Role.MANAGER)))).shortfalls
    assert (shortfall.seats, shortfall.language, shortfall.without_language) == (1, "fr", 1)


def test_plan_that_was_overtaken_is_refused(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    manager = actor_of(make_staff(Role.MANAGER))
    plan = plan_of(call, manager)
    make_application(call)
    with pytest.raises(Conflict):
        planning.apply_plan(actor=manager, plan=plan, now=NOW)
    assert assigned(call) == set()


def test_plan_is_refused_while_decisions_are_being_ratified(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    make_slate(call, SlateStatus.PROPOSED)
    manager = actor_of(make_staff(Role.MANAGER))
    plan = plan_of(call, manager)
    with pytest.raises(Conflict):
        planning.apply_plan(actor=manager, plan=plan, now=NOW)


def test_manager_in_conflict_plans_around_what_they_may_not_see(app: FundApp) -> None:
    call = make_call(reviews_per_entry=2)
    hidden, seen = make_application(call), make_application(call)
    first, second = make_reviewer(call, max_entries=1), make_reviewer(call, max_entries=1)
    make_assignment(hidden.entries[0], first, AssignmentStatus.ASSIGNED)
    person = make_staff(Role.MANAGER)
    assert hidden.organisation is not None
    make_member(person, hidden.organisation)
    manager = actor_of(person)
    plan = plan_of(call, manager)
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    assert assigned(call) == {(hidden.entries[0], first), (seen.entries[0], second)}
    assert [row.face.reference for row in panel_queries.coverage(actor=manager, call=call)] == [seen.reference]
    assert {row.load for row in panel_queries.reviewers(actor=manager, call=call)} == {0, 1}
    assert sum(row.load for row in panel_queries.reviewers(actor=manager, call=call)) == 1
    assert said(plan).after == {str(first.id): 0, str(second.id): 1}
    everything = panel_queries.coverage(actor=system_actor(), call=call)
    assert {row.face.reference for row in everything} == {hidden.reference, seen.reference}


def test_recusals_are_listed_with_their_reason(app: FundApp) -> None:
    call = make_call()
    reviewer = make_reviewer(call)
    assignment = make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
    declare_conflict(actor=actor_of(reviewer.person), assignment=assignment, reason=" My sister works there. ", now=NOW)
    manager = actor_of(make_staff(Role.MANAGER))
    ((row,), in_all) = panel_queries.recusals(actor=manager, call=call, limit=9)
    assert in_all == 1
    assert (row.reviewer_name, row.face.reference, row.reason) == (
        reviewer.person.name,
        assignment.entry.application.reference,
        "My sister works there.",
    )
    (covered,) = panel_queries.coverage(actor=manager, call=call)
    assert (covered.assigned, covered.recused) == (0, 1)


def test_number_of_statements_does_not_grow(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    manager = actor_of(make_staff(Role.MANAGER))

    def recusals(**whose: Any) -> None:
        panel_queries.recusals(**whose, limit=50)

    looks: list[Any] = [
        panel_queries.reviewers,
        panel_queries.coverage,
        recusals,
        planning_facts,
    ]
    counts: dict[str, list[int]] = {look.__name__: [] for look in looks}
    for size in (1, 30):
        for _ in range(size):
            reviewer = make_reviewer(call)
            assignment = make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
            make_review(make_application(call).entries[0], reviewer, [2, 4])
            declare_conflict(actor=actor_of(reviewer.person), assignment=assignment, reason="", now=NOW)
        db.session.commit()
        for look in looks:
            db.session.expire_all()
            db.session.refresh(call)
            with counted_statements() as statements:
                look(actor=manager, call=call)
            counts[look.__name__].append(len(statements))
    for name, (for_one, for_thirty) in counts.items():
        assert for_one == for_thirty > 0, name


def test_time_is_recorded_as_given(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    manager = actor_of(make_staff(Role.MANAGER))
    plan = plan_of(call, manager)
    later = NOW + timedelta(days=3)
    planning.apply_plan(actor=manager, plan=plan, now=later)
    assert db.session.scalars(select(Assignment.assigned_at)).one() == later


def test_entries_are_given_by_hand_and_twice_is_once(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    reviewers = [make_reviewer(call, max_entries=1) for _ in range(2)]
    entries = [make_application(call).entries[0] for _ in range(2)]
    make_assignment(entries[0], reviewers[0], AssignmentStatus.READING)
    manager = actor_of(make_staff(Role.MANAGER))
    pairs = [(entry, reviewer) for entry in entries for reviewer in reviewers]
    made = by_hand.assign_by_hand(actor=manager, call=call, pairs=pairs, now=NOW)
    assert len(made) == 3
    assert assigned(call) == set(pairs)
    assert by_hand.assign_by_hand(actor=manager, call=call, pairs=pairs, now=NOW) == []
    db.session.commit()
    rows = db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == "assignment:by_hand")).all()
    assert [len(data["added"]) for data in rows] == [3, 0]
    assert db.session.scalar(select(func.count()).select_from(MailMessage)) == 2


def test_pairs_that_cannot_be_are_all_named_and_nothing_is_given(app: FundApp) -> None:
    call, other = make_call(), make_call()
    reviewer, stranger = make_reviewer(call), make_reviewer(other)
    good, own = make_application(call), make_application(call, person=reviewer.person)
    foreign, unchecked = make_application(other), make_application(call, status=ApplicationStatus.SUBMITTED)
    pairs = [
        (good.entries[0], reviewer),
        (own.entries[0], reviewer),
        (foreign.entries[0], reviewer),
        (unchecked.entries[0], reviewer),
        (good.entries[0], stranger),
    ]
    manager = actor_of(make_staff(Role.MANAGER))
    with pytest.raises(RuleViolations) as caught:
        by_hand.assign_by_hand(actor=manager, call=call, pairs=pairs, now=NOW)
    assert [problem.place.split(",")[0] for problem in caught.value.problems] == [
        own.reference,
        foreign.reference,
        unchecked.reference,
        good.reference,
    ]
    assert assigned(call) == set()


def test_giving_by_hand_has_the_same_guards_as_a_plan(app: FundApp) -> None:
    call = make_call()
    application, reviewer = make_application(call), make_reviewer(call)
    pairs = [(application.entries[0], reviewer)]
    with pytest.raises(NotAllowed):
        by_hand.assign_by_hand(actor=actor_of(reviewer.person), call=call, pairs=pairs, now=NOW)
    person = make_staff(Role.MANAGER)
    assert application.organisation is not None
    make_member(person, application.organisation)
    with pytest.raises(NotFound):
        by_hand.assign_by_hand(actor=actor_of(person), call=call, pairs=pairs, now=NOW)
    make_slate(call, SlateStatus.PROPOSED)
    with pytest.raises(Conflict):
        by_hand.assign_by_hand(actor=actor_of(make_staff(Role.MANAGER)), call=call, pairs=pairs, now=NOW)
    assert assigned(call) == set()
