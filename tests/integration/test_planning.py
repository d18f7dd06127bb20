"""Plans of who reads what through services, job and pages: made, shown, applied as one step, undone; pairs by hand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import ApplicationStatus, Call, Entry
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotFound, RuleViolations
from fundapp.core.outbox import OutboxItem
from fundapp.core.web import FundApp
from fundapp.review.models import (
    Anchor,
    Assignment,
    AssignmentStatus,
    PairRule,
    PairRuleKind,
    Plan,
    PlanStatus,
    Reviewer,
)
from fundapp.review.plan_result import PlanResult
from fundapp.review.queries import panel as panel_queries
from fundapp.review.services import pairs as by_hand
from fundapp.review.services import planning
from fundapp.review.services.reading import declare_conflict, declare_no_conflict
from tests.conftest import actor_of
from tests.factories import (
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_member,
    make_person,
    make_reviewer,
    make_staff,
)

SignedIn = Callable[[Person | None], FlaskClient]


def pairs_of(call: Call) -> set[tuple[Entry, Reviewer]]:
    rows = db.session.scalars(
        select(Assignment)
        .join(Assignment.entry)
        .where(Entry.call_id == call.id, Assignment.status != AssignmentStatus.RECUSED)
        .order_by(Assignment.id)
    )
    return {(assignment.entry, assignment.reviewer) for assignment in rows}


def a_manager() -> Actor:
    return actor_of(make_staff(Role.MANAGER))


def applied(call: Call, manager: Actor, **asked: Any) -> Plan:
    plan = planning.request_plan(actor=manager, call=call, now=NOW, **asked)
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    return plan


def result_of(plan: Plan) -> PlanResult:
    return PlanResult.from_json(plan.result)


# -- Making, applying, undoing ----------------------------------------------------------------------------------------


def test_a_plan_changes_nothing_before_it_is_applied_and_is_one_step_in_the_record(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    entry = make_application(call).entries[0]
    reviewer = make_reviewer(call)
    manager = a_manager()
    plan = planning.request_plan(actor=manager, call=call, now=NOW)
    assert (plan.status, pairs_of(call)) == (PlanStatus.READY, set())
    planning.apply_plan(actor=manager, plan=plan, now=NOW)
    assert pairs_of(call) == {(entry, reviewer)}
    with pytest.raises(Conflict):
        planning.apply_plan(actor=manager, plan=plan, now=NOW)
    db.session.commit()
    (step,) = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "plan:apply"))
    assert step.data["added"] == [[str(entry.id), str(reviewer.id)]]


def test_undoing_a_plan_puts_back_what_it_took_and_takes_back_what_it_gave(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    for _ in range(4):
        make_application(call)
    first = make_reviewer(call)
    manager = a_manager()
    applied(call, manager)
    before = pairs_of(call)
    make_reviewer(call)
    plan = applied(call, manager, without=[first.id])
    assert not pairs_of(call) & before
    planning.undo_plan(actor=manager, plan=plan, now=NOW)
    assert (plan.status, pairs_of(call)) == (PlanStatus.UNDONE, before)
    with pytest.raises(Conflict):
        planning.undo_plan(actor=manager, plan=plan, now=NOW)


def test_a_plan_of_which_something_was_begun_is_not_undone(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    for _ in range(2):
        make_application(call)
    make_reviewer(call)
    manager = a_manager()
    plan = applied(call, manager)
    begun = db.session.scalars(select(Assignment).order_by(Assignment.id).limit(1)).one()
    declare_no_conflict(actor=actor_of(begun.reviewer.person), assignment=begun, now=NOW)
    before = pairs_of(call)
    with pytest.raises(Conflict, match="have begun"):
        planning.undo_plan(actor=manager, plan=plan, now=NOW)
    assert pairs_of(call) == before


def test_only_the_last_plan_is_undone_and_what_became_a_conflict_does_not_come_back(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    application = make_application(call)
    silent = make_reviewer(call)
    manager = a_manager()
    first = applied(call, manager)
    other = make_reviewer(call)
    second = applied(call, manager, without=[silent.id])
    with pytest.raises(Conflict, match="applied last"):
        planning.undo_plan(actor=manager, plan=first, now=NOW)
    assert application.organisation is not None
    make_member(silent.person, application.organisation)
    planning.undo_plan(actor=manager, plan=second, now=NOW)
    assert pairs_of(call) == set()
    assert {other, silent} == set(db.session.scalars(select(Reviewer).order_by(Reviewer.id)))


def test_a_plan_of_somebody_else_is_not_applied(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    plan = planning.request_plan(actor=a_manager(), call=call, now=NOW)
    with pytest.raises(NotFound):
        planning.apply_plan(actor=a_manager(), plan=plan, now=NOW)
    assert pairs_of(call) == set()


def test_a_new_plan_replaces_one_that_was_not_applied(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    manager = a_manager()
    applied(call, manager)
    for _ in range(2):
        planning.request_plan(actor=manager, call=call, now=NOW)
    statuses = db.session.scalars(select(Plan.status).where(Plan.call_id == call.id).order_by(Plan.number)).all()
    assert statuses == [PlanStatus.APPLIED, PlanStatus.READY]


# -- In the background ------------------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call counts as a large one."""
    monkeypatch.setattr(planning, "AT_ONCE_PAIRS", -1)


@pytest.mark.usefixtures("large")
def test_a_large_plan_waits_for_a_worker_and_is_the_same_then(app: FundApp, run_jobs: Callable[[], int]) -> None:
    call = make_call(reviews_per_entry=2)
    for _ in range(5):
        make_application(call)
    for _ in range(3):
        make_reviewer(call)
    person = make_staff(Role.MANAGER)
    plan = planning.request_plan(actor=actor_of(person), call=call, now=NOW)
    assert (plan.status, plan.result) == (PlanStatus.WAITING, {})
    with pytest.raises((InvalidTransition, Conflict)):
        planning.apply_plan(actor=actor_of(person), plan=plan, now=NOW)
    plan_id, expected, state = plan.id, *planning._compute(actor_of(person), plan)
    db.session.commit()
    run_jobs()
    done = db.session.get_one(Plan, plan_id)
    assert (done.status, result_of(done), done.state_sha256) == (PlanStatus.READY, expected, state)


@pytest.mark.usefixtures("large")
def test_the_work_is_done_with_the_eyes_of_whoever_asked(app: FundApp, run_jobs: Callable[[], int]) -> None:
    call = make_call(reviews_per_entry=1)
    hidden, seen = make_application(call), make_application(call)
    make_reviewer(call)
    person = make_staff(Role.MANAGER)
    assert hidden.organisation is not None
    make_member(person, hidden.organisation)
    entry_id = str(seen.entries[0].id)
    plan_id = planning.request_plan(actor=actor_of(person), call=call, now=NOW).id
    db.session.commit()
    run_jobs()
    result = result_of(db.session.get_one(Plan, plan_id))
    assert {pair.entry_id for pair in result.added} == {entry_id}
    unseen = str(hidden.entries[0].id)
    assert result.hidden == {unseen}
    assert unseen not in repr(replace(result, hidden=frozenset())), "nothing else holds it"


@pytest.mark.usefixtures("large")
def test_work_for_a_plan_that_is_gone_and_work_done_twice_change_nothing(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    person = make_staff(Role.MANAGER)
    first = planning.request_plan(actor=actor_of(person), call=call, now=NOW).id
    finish = planning.plan_job().work(first)
    assert finish is not None
    second = planning.request_plan(actor=actor_of(person), call=call, now=NOW)
    finish(NOW)
    assert db.session.get(Plan, first) is None
    assert second.status is PlanStatus.WAITING
    again = planning.plan_job().work(second.id)
    assert again is not None
    again(NOW)
    again(NOW)
    assert planning.plan_job().work(second.id) is None
    assert db.session.scalar(select(Plan.status).where(Plan.id == second.id)) is PlanStatus.READY


@pytest.mark.usefixtures("large")
def test_a_plan_that_no_worker_could_compute_says_so(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    person = make_staff(Role.MANAGER)
    plan = planning.request_plan(actor=actor_of(person), call=call, now=NOW)
    client = signed_in(person)
    url = f"/manage/{call.slug}/assignment"
    assert "The plan is being computed." in client.get(url).get_data(as_text=True)
    planning.plan_job().gave_up(plan.id, NOW, "it broke")
    assert plan.status is PlanStatus.FAILED
    page = client.get(url).get_data(as_text=True)
    assert "This plan could not be computed" in page
    assert "it broke" not in page
    assert db.session.scalars(select(OutboxItem.kind).where(OutboxItem.subject_id == plan.id)).all() == [
        "assignment_plan"
    ]


# -- What a plan follows ----------------------------------------------------------------------------------------------


def test_region_theme_and_experience_of_the_panel_count(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    north, south = (make_application(call, answers={"region": region}) for region in ("north", "south"))
    of_south = make_reviewer(call, max_entries=1, regions=["south"])
    of_north = make_reviewer(call, max_entries=1, regions=["north"])
    assert {north.region, south.region} == {"north", "south"}
    applied(call, a_manager())
    assert pairs_of(call) == {(north.entries[0], of_north), (south.entries[0], of_south)}


def test_the_same_call_in_another_order_of_rows_gives_the_same_plan(app: FundApp) -> None:
    """Ids are drawn anew in every database: neither they nor the order of rows may choose."""
    plans = []
    for order in (1, -1):
        call = make_call(reviews_per_entry=1, slug=f"order{order}")
        numbers = list(range(6))[::order]
        entries = {n: make_application(call, reference=f"S{order % 3}-{n}").entries[0] for n in numbers}
        people = {
            n: make_reviewer(call, person=make_person(f"Person {n}", email=f"p{n}@o{order}.org")) for n in numbers
        }
        call.slug = "the-same"
        for n, entry in entries.items():
            entry.application.reference = f"SAME-{n}"
        for n, reviewer in people.items():
            reviewer.person.email = f"p{n}@example.org"
        db.session.flush()
        applied(call, a_manager())
        found = pairs_of(call)
        plans.append(sorted((n, m) for n in entries for m in people if (entries[n], people[m]) in found))
        call.slug = f"order{order}"
        for n, entry in entries.items():
            entry.application.reference = f"done{order}-{n}"
        for n, reviewer in people.items():
            reviewer.person.email = f"done{order}-{n}@example.org"
        db.session.flush()
    assert plans[0] == plans[1]
    assert plans[0] != [(n, n) for n in range(6)]


def test_whoever_does_not_answer_loses_what_they_did_not_begin(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    begun, waiting = make_application(call).entries[0], make_application(call).entries[0]
    silent, other = make_reviewer(call), make_reviewer(call)
    make_assignment(begun, silent, AssignmentStatus.READING)
    make_assignment(waiting, silent, AssignmentStatus.ASSIGNED)
    applied(call, a_manager(), without=[silent.id])
    assert pairs_of(call) == {(begun, silent), (waiting, other)}


def test_a_late_application_gets_its_readers_and_nothing_else_moves(app: FundApp) -> None:
    call = make_call(reviews_per_entry=2)
    for _ in range(5):
        make_application(call)
    for _ in range(4):
        make_reviewer(call)
    manager = a_manager()
    applied(call, manager)
    before = pairs_of(call)
    late = make_application(call).entries[0]
    applied(call, manager)
    assert before < pairs_of(call)
    assert {entry for entry, _ in pairs_of(call) - before} == {late}


def test_languages_that_nothing_joins_get_pairs_and_anchors_proposed_and_accepted(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    for language in ("ar", "ar", "ar", "en", "en", "en"):
        make_application(call, language=language)
    for languages in (["ar"], ["en"]):
        make_reviewer(call, languages=languages, max_entries=3)
    both = [make_reviewer(call, languages=["ar", "en"], max_entries=6) for _ in range(2)]
    manager = a_manager()
    for reviewer in both:
        reviewer.max_entries = 6
    plan = planning.request_plan(actor=manager, call=call, now=NOW)
    result = result_of(plan)
    assert [block.language for block in result.blocks] == ["ar", "en"]
    count = planning.accept_anchors(actor=manager, plan=plan, now=NOW)
    assert count == 3
    assert set(db.session.scalars(select(Anchor.readers).order_by(Anchor.id))) == {2}
    plan = planning.request_plan(actor=manager, call=call, now=NOW)
    planning.accept_bridges(actor=manager, plan=plan, now=NOW)
    plan = applied(call, manager)
    assert all(block.is_joined for block in result_of(plan).blocks)
    assert result_of(plan).anchors == ()
    anchors = set(db.session.scalars(select(Anchor.entry_id).order_by(Anchor.id)))
    readers = [entry.id for entry, _ in pairs_of(call)]
    assert all(readers.count(entry_id) == 2 for entry_id in anchors)
    rows = panel_queries.coverage(actor=manager, call=call)
    assert {row.entry_id for row in rows if row.wanted == 2} == anchors
    assert {row.wanted for row in rows} == {1, 2}


# -- By hand ----------------------------------------------------------------------------------------------------------


def test_what_is_pinned_is_kept_and_what_is_forbidden_is_not_given(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    pinned, apart = make_application(call).entries[0], make_application(call).entries[0]
    first, second = make_reviewer(call), make_reviewer(call)
    manager = a_manager()
    by_hand.rule_pair(actor=manager, entry=pinned, reviewer=first, kind=PairRuleKind.PIN, now=NOW)
    by_hand.rule_pair(actor=manager, entry=apart, reviewer=second, kind=PairRuleKind.FORBID, now=NOW)
    assert pairs_of(call) == set()
    applied(call, manager)
    assert pairs_of(call) == {(pinned, first), (apart, first)}
    by_hand.rule_pair(actor=manager, entry=apart, reviewer=first, kind=PairRuleKind.FORBID, now=NOW)
    by_hand.rule_pair(actor=manager, entry=apart, reviewer=second, kind=None, now=NOW)
    applied(call, manager)
    assert pairs_of(call) == {(pinned, first), (apart, second)}
    db.session.commit()
    actions = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("pair:%")).order_by(AuditEntry.seq)
    ).all()
    assert actions == ["pair:pin", "pair:forbid", "pair:forbid", "pair:lift"]


def test_a_pin_of_two_in_conflict_is_refused_and_one_that_came_to_be_is_not_followed(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    application = make_application(call)
    reviewer, other = make_reviewer(call), make_reviewer(call)
    manager = a_manager()
    entry = application.entries[0]
    by_hand.rule_pair(actor=manager, entry=entry, reviewer=reviewer, kind=PairRuleKind.PIN, now=NOW)
    assert application.organisation is not None
    make_member(reviewer.person, application.organisation)
    applied(call, manager)
    assert pairs_of(call) == {(entry, other)}
    make_member(other.person, application.organisation)
    with pytest.raises(RuleViolations, match="conflict of interest"):
        by_hand.rule_pair(actor=manager, entry=entry, reviewer=other, kind=PairRuleKind.PIN, now=NOW)


def test_what_was_begun_is_not_taken_back_by_hand(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    reviewer = make_reviewer(call)
    begun, given = (make_application(call).entries[0] for _ in range(2))
    make_assignment(begun, reviewer, AssignmentStatus.READING)
    make_assignment(given, reviewer, AssignmentStatus.ASSIGNED)
    manager = a_manager()
    by_hand.take_by_hand(actor=manager, entry=given, reviewer=reviewer, now=NOW)
    assert pairs_of(call) == {(begun, reviewer)}
    for entry in (begun, given):
        with pytest.raises(Conflict):
            by_hand.take_by_hand(actor=manager, entry=entry, reviewer=reviewer, now=NOW)


def test_by_hand_nobody_reaches_what_they_have_a_conflict_with(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    application, reviewer = make_application(call), make_reviewer(call)
    person = make_staff(Role.MANAGER)
    assert application.organisation is not None
    make_member(person, application.organisation)
    entry, actor = application.entries[0], actor_of(person)
    make_assignment(entry, reviewer, AssignmentStatus.ASSIGNED)
    steps: list[Callable[[], object]] = [
        lambda: by_hand.take_by_hand(actor=actor, entry=entry, reviewer=reviewer, now=NOW),
        lambda: by_hand.rule_pair(actor=actor, entry=entry, reviewer=reviewer, kind=PairRuleKind.PIN, now=NOW),
        lambda: by_hand.set_readers(actor=actor, entry=entry, readers=3, now=NOW),
    ]
    for step in steps:
        with pytest.raises(NotFound):
            step()
    assert pairs_of(call) == {(entry, reviewer)}
    assert db.session.scalars(select(PairRule.id)).all() == []


@pytest.mark.parametrize("readers", [0, -1, 51])
def test_a_number_of_readers_that_no_plan_could_mean_is_refused(app: FundApp, readers: int) -> None:
    entry = make_application(make_call()).entries[0]
    with pytest.raises(RuleViolations) as caught:
        by_hand.set_readers(actor=a_manager(), entry=entry, readers=readers, now=NOW)
    assert [problem.field for problem in caught.value.problems] == ["readers"]


def test_more_readers_for_one_entry_and_back(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    more, other = (make_application(call).entries[0] for _ in range(2))
    for _ in range(3):
        make_reviewer(call)
    manager = a_manager()
    by_hand.set_readers(actor=manager, entry=more, readers=3, now=NOW)
    applied(call, manager)
    readers = [entry for entry, _ in pairs_of(call)]
    assert (readers.count(more), readers.count(other)) == (3, 1)
    by_hand.set_readers(actor=manager, entry=more, readers=None, now=NOW)
    applied(call, manager)
    assert [entry for entry, _ in pairs_of(call)].count(more) == 1


# -- Pages ------------------------------------------------------------------------------------------------------------


def page(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def plan_id(call: Call) -> str:
    return str(db.session.scalars(select(Plan.id).where(Plan.call_id == call.id).order_by(Plan.number.desc())).first())


def test_the_page_shows_what_a_plan_changes_applies_it_and_undoes_it(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    application, reviewer = make_application(call), make_reviewer(call)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment"
    assert "Apply this plan" not in page(client, url)
    assert client.post(f"{url}/plan", data={"is_fair": "y"}).status_code == 302
    shown = page(client, url)
    assert "1 new assignment" in shown
    assert "1 of at most 20" in shown
    assert "about 45 minutes" in shown
    assert (application.reference or "-") in shown
    assert reviewer.person.name in shown
    assert "<svg" in shown
    assert client.post(url, data={"plan": plan_id(call)}).status_code == 302
    assert len(pairs_of(call)) == 1
    assert "Undo this plan" in page(client, url)
    assert client.post(f"{url}/undo", data={"plan": plan_id(call)}).status_code == 302
    assert pairs_of(call) == set()
    assert "Undo this plan" not in page(client, url)


def test_no_button_undoes_a_plan_of_which_something_was_begun(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    manager = make_staff(Role.MANAGER)
    applied(call, actor_of(manager))
    client, url = signed_in(manager), f"/manage/{call.slug}/assignment"
    assert "Undo this plan" in page(client, url)
    begun = db.session.scalars(select(Assignment)).one()
    declare_no_conflict(actor=actor_of(begun.reviewer.person), assignment=begun, now=NOW)
    db.session.commit()
    shown = page(client, url)
    assert "Undo this plan" not in shown
    assert "Some reviews of this plan have begun, so it cannot be undone." in shown


@pytest.mark.parametrize("path", ["", "/undo", "/bridges", "/anchors"])
def test_a_button_about_a_plan_that_is_no_longer_shown_finds_nothing(
    app: FundApp, signed_in: SignedIn, path: str
) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment"
    client.post(f"{url}/plan")
    stale = plan_id(call)
    client.post(f"{url}/plan")
    for sent in (stale, "", "x'"):
        assert client.post(url + path, data={"plan": sent}).status_code == 404
    assert pairs_of(call) == set()


def test_asking_too_much_of_somebody_is_warned_of(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    for _ in range(11):
        make_application(call)
    make_reviewer(call)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment"
    client.post(f"{url}/plan")
    assert "This asks more than" not in page(client, url)
    call.stages[-1].review_minutes = 120
    db.session.flush()
    client.post(f"{url}/plan")
    assert "This asks more than 20 hours of 1 reviewer." in page(client, url)


def test_empty_seats_are_named_with_their_reason(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    for _ in range(4):
        make_application(call, language="ar")
    make_reviewer(call, languages=["ar"], max_entries=2)
    make_reviewer(call, languages=["en"], max_entries=9)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment"
    client.post(f"{url}/plan")
    shown = page(client, url)
    assert "2 reviews in Arabic cannot be given to anybody." in shown
    assert "can take 2 more in all, and 4 are needed." in shown


def test_by_hand_the_effect_is_shown_before_it_is_done(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=2)
    entry = make_application(call, language="ar").entries[0]
    reviewer = make_reviewer(call, languages=["en"], max_entries=1)
    make_assignment(make_application(call).entries[0], reviewer, AssignmentStatus.ASSIGNED)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment/{entry.id}"
    assert reviewer.person.name in page(client, url)
    chosen = f"{url}?reviewer={reviewer.id}&change=give"
    before = pairs_of(call)
    shown = page(client, chosen)
    assert "This is more than they said they can take: 1." in shown
    assert "They did not say that they read Arabic." in shown
    assert "about 2 hours" in shown
    assert pairs_of(call) == before
    assert client.post(url, data={"reviewer": str(reviewer.id), "change": "give"}).status_code == 302
    assert pairs_of(call) - before == {(entry, reviewer)}
    assert client.post(url, data={"reviewer": str(reviewer.id), "change": "take"}).status_code == 302
    assert pairs_of(call) == before


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a reviewer."),
        ({"reviewer": "nobody", "change": "give"}, "Not a valid choice"),
        ({"change": "give"}, "Choose a reviewer."),
    ],
)
def test_a_change_that_says_too_little_is_asked_again(
    app: FundApp, signed_in: SignedIn, sent: dict[str, str], said: str
) -> None:
    call = make_call()
    entry = make_application(call).entries[0]
    make_reviewer(call)
    client = signed_in(make_staff(Role.MANAGER))
    answer = client.post(f"/manage/{call.slug}/assignment/{entry.id}", data=sent)
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (422, True)


def test_a_pair_in_conflict_is_refused_beside_its_field(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    application, reviewer = make_application(call), make_reviewer(call)
    assert application.organisation is not None
    make_member(reviewer.person, application.organisation)
    client = signed_in(make_staff(Role.MANAGER))
    url = f"/manage/{call.slug}/assignment/{application.entries[0].id}"
    assert "Conflict of interest" in page(client, url)
    assert "This reviewer has a conflict of interest." in page(client, f"{url}?reviewer={reviewer.id}&change=give")
    answer = client.post(url, data={"reviewer": str(reviewer.id), "change": "give"})
    assert answer.status_code == 422
    assert "This reviewer has a conflict of interest." in answer.get_data(as_text=True)
    assert pairs_of(call) == set()


def test_the_page_of_an_entry_is_there_only_for_what_goes_to_reviewers_and_is_not_hidden(
    app: FundApp, signed_in: SignedIn
) -> None:
    call, other = make_call(), make_call()
    hidden, unchecked = make_application(call), make_application(call, status=ApplicationStatus.SUBMITTED)
    seen, foreign = make_application(call), make_application(other)
    person = make_staff(Role.MANAGER)
    assert hidden.organisation is not None
    make_member(person, hidden.organisation)
    client = signed_in(person)
    for application, status in ((hidden, 404), (unchecked, 404), (foreign, 404), (seen, 200)):
        page(client, f"/manage/{call.slug}/assignment/{application.entries[0].id}", status)


def test_who_only_looks_sees_coverage_and_can_change_nothing(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call()
    entry, reviewer = make_application(call).entries[0], make_reviewer(call)
    client = signed_in(make_staff(Role.AUDITOR))
    url = f"/manage/{call.slug}/assignment"
    assert "Make a plan" not in page(client, url)
    assert "Change something by hand" not in page(client, f"{url}/{entry.id}")
    for path in ("", "/plan", "/undo", "/bridges", "/anchors", f"/{entry.id}", f"/{entry.id}/readers"):
        data = {"reviewer": str(reviewer.id), "change": "give", "readers": "3"}
        assert client.post(url + path, data=data).status_code == 403
    assert pairs_of(call) == set()


def test_a_recusal_shows_in_the_next_plan_as_one_new_reader(app: FundApp, signed_in: SignedIn) -> None:
    call = make_call(reviews_per_entry=1)
    for _ in range(3):
        make_application(call)
    for _ in range(2):
        make_reviewer(call)
    person = make_staff(Role.MANAGER)
    applied(call, actor_of(person))
    recused = db.session.scalars(select(Assignment).order_by(Assignment.id).limit(1)).one()
    declare_conflict(actor=actor_of(recused.reviewer.person), assignment=recused, reason="A friend.", now=NOW)
    client = signed_in(person)
    client.post(f"/manage/{call.slug}/assignment/plan")
    assert "1 new assignment · 0 taken away" in page(client, f"/manage/{call.slug}/assignment")
    assert UUID(plan_id(call))
