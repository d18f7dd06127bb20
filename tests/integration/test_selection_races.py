"""Several people decide at the same moment: threads with a barrier, on whichever database the run is on."""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role, system_actor
from fundapp.accounts.services.roles import revoke_role
from fundapp.applications.models import Call, Entry, ProgrammeKind
from fundapp.core.audit import AuditEntry
from fundapp.core.db import db
from fundapp.core.errors import Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.models import (
    Assignment,
    Decision,
    Outcome,
    Ratification,
    Review,
    ReviewStatus,
    SendBack,
    Slate,
    SlateStatus,
)
from fundapp.review.scoring_rules import Unjudged
from fundapp.review.services import deciding, ratifying, reading, sending
from fundapp.review.terms_rules import WantedTerms
from tests.conftest import actor_of
from tests.factories import (
    CLOSES,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    make_terms,
    parts_of,
)
from tests.frozen_tallies import frozen_document

REFUSED = (Conflict, InvalidTransition, NotAllowed, NotFound, RuleViolations, StaleDataError)


def all_at_once(app: FundApp, tasks: list[Callable[[], object]]) -> list[str]:
    """Run each task in a thread and transaction of its own, from one starting line; say "done" or what refused it."""
    barrier = threading.Barrier(len(tasks), timeout=30)
    results = ["never ran"] * len(tasks)

    def run(number: int, task: Callable[[], object]) -> None:
        with app.app_context():
            try:
                barrier.wait()
                task()
                db.session.commit()
                results[number] = "done"
            except REFUSED as refusal:
                db.session.rollback()
                results[number] = type(refusal).__name__
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n, task)) for n, task in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def awarding(manager_id: UUID, entry_id: UUID, amount_minor: int) -> Callable[[], object]:
    """Return the task of awarding an entry."""
    return lambda: deciding.decide_entry(
        actor=actor_of(db.session.get_one(Person, manager_id)),
        entry=db.session.get_one(Entry, entry_id),
        outcome=Outcome.AWARD,
        amount_minor=amount_minor,
        reason="Needed there.",
        version=0,
        now=CLOSES,
    )


def committed(call_id: UUID) -> int:
    return db.session.scalars(select(Call.committed_minor).where(Call.id == call_id)).one()


@pytest.mark.parametrize("attempt", range(3))
def test_last_money_is_given_once(app: FundApp, attempt: int) -> None:
    """Eight managers award 30 of 100 each at the same moment: three awards fit."""
    call = make_call(budget_minor=100)
    entries = [make_application(call, requested_minor=30).entries[0].id for _ in range(8)]
    managers = [make_staff(Role.MANAGER).id for _ in entries]
    call_id = call.id
    db.session.commit()
    results = all_at_once(app, [awarding(m, e, 30) for m, e in zip(managers, entries, strict=True)])
    assert sorted(results) == ["Conflict"] * 5 + ["done"] * 3
    assert committed(call_id) == 90
    assert db.session.scalar(select(func.sum(Decision.amount_minor))) == 90
    assert db.session.scalar(select(func.count()).select_from(Slate)) == 1


def test_one_entry_is_decided_by_one_of_two(app: FundApp) -> None:
    call = make_call(budget_minor=100)
    entry_id = make_application(call, requested_minor=30).entries[0].id
    managers = [make_staff(Role.MANAGER).id for _ in range(2)]
    call_id = call.id
    db.session.commit()
    results = all_at_once(app, [awarding(manager, entry_id, 30) for manager in managers])
    assert sorted(results) == ["Conflict", "done"]
    assert committed(call_id) == 30


def test_one_prize_is_given_once(app: FundApp) -> None:
    call = make_call(kind=ProgrammeKind.PRIZE, categories=1, budget_minor=10_000_000)
    entries = [make_application(call).entries[0].id for _ in range(4)]
    managers = [make_staff(Role.MANAGER).id for _ in entries]
    call_id = call.id
    db.session.commit()
    results = all_at_once(app, [awarding(m, e, 1_000_000) for m, e in zip(managers, entries, strict=True)])
    assert sorted(results) == ["RuleViolations"] * 3 + ["done"]
    assert committed(call_id) == 1_000_000


def test_review_that_arrives_while_the_list_is_frozen_is_in_its_tally_or_refused(app: FundApp) -> None:
    call = make_call(budget_minor=10_000_000)
    entry = make_application(call).entries[0]
    make_review(entry, make_reviewer(call), [5, 5])
    assignment = make_assignment(entry, make_reviewer(call))
    make_decision(make_slate(call), entry)
    manager_id = make_staff(Role.MANAGER).id
    call_id, assignment_id, reviewer_id = call.id, assignment.id, assignment.reviewer.person_id
    db.session.commit()

    def submit() -> object:
        return reading.submit_review(
            actor=actor_of(db.session.get_one(Person, reviewer_id)),
            assignment=db.session.get_one(Assignment, assignment_id),
            parts=parts_of({"need": 1, "plan": Unjudged.CANNOT_JUDGE}),
            now=CLOSES,
        )

    def propose() -> object:
        return sending.propose_slate(
            actor=actor_of(db.session.get_one(Person, manager_id)),
            call=db.session.get_one(Call, call_id),
            now=CLOSES,
        )

    results = all_at_once(app, [submit, propose])
    assert results[1] == "done"
    slate = db.session.scalars(select(Slate)).one()
    submitted = db.session.scalar(
        select(func.count()).select_from(Review).where(Review.status == ReviewStatus.SUBMITTED)
    )
    assert slate.status is SlateStatus.PROPOSED
    assert frozen_document(slate)["entries"][0]["reviews"] == submitted == (2 if results[0] == "done" else 1)


def test_ratifying_and_sending_back_at_once_leaves_one_of_them(app: FundApp) -> None:
    call = make_call()
    slate_id = make_slate(call, SlateStatus.PROPOSED).id
    ratifiers = [make_staff(Role.RATIFIER).id for _ in range(2)]
    db.session.commit()

    def ratify() -> None:
        ratifying.ratify_slate(
            actor=actor_of(db.session.get_one(Person, ratifiers[0])),
            slate=db.session.get_one(Slate, slate_id),
            now=CLOSES,
        )

    def send_back() -> None:
        ratifying.send_back_slate(
            actor=actor_of(db.session.get_one(Person, ratifiers[1])),
            slate=db.session.get_one(Slate, slate_id),
            reason="Look again.",
            now=CLOSES,
        )

    results = all_at_once(app, [ratify, send_back])
    assert sorted(results) == ["InvalidTransition", "done"]
    status = db.session.scalars(select(Slate.status)).one()
    assert status is (SlateStatus.RATIFIED if results[0] == "done" else SlateStatus.OPEN)
    assert len(db.session.scalars(select(Ratification)).all()) == (results[0] == "done")
    assert len(db.session.scalars(select(SendBack)).all()) == (results[1] == "done")


def ratifying_by(person_id: UUID, slate_id: UUID) -> Callable[[], object]:
    """Return the task of ratifying a list."""
    return lambda: ratifying.ratify_slate(
        actor=actor_of(db.session.get_one(Person, person_id)), slate=db.session.get_one(Slate, slate_id), now=CLOSES
    )


def list_for_two(app: FundApp) -> tuple[UUID, list[UUID]]:
    """Make a list that two must ratify, and three who may; return its id and theirs."""
    call = make_call()
    slate = make_slate(call, SlateStatus.PROPOSED)
    make_decision(slate, make_application(call).entries[0])
    make_terms(call, WantedTerms(two_ratifiers_from_minor=1))
    ids = slate.id, [make_staff(Role.RATIFIER).id for _ in range(3)]
    db.session.commit()
    return ids


@pytest.mark.parametrize("attempt", range(2))
def test_two_who_ratify_at_once_are_the_two_that_are_needed(app: FundApp, attempt: int) -> None:
    slate_id, people = list_for_two(app)
    results = all_at_once(app, [ratifying_by(person, slate_id) for person in people])
    assert sorted(results) == ["InvalidTransition", "done", "done"]
    assert db.session.scalars(select(Slate.status)).one() is SlateStatus.RATIFIED
    given = set(db.session.scalars(select(Ratification.person_id)))
    assert given == {person for person, result in zip(people, results, strict=True) if result == "done"}


def test_one_person_who_presses_twice_is_one_of_the_two(app: FundApp) -> None:
    slate_id, people = list_for_two(app)
    results = all_at_once(app, [ratifying_by(people[0], slate_id) for _ in range(3)])
    assert sorted(results) == ["Conflict", "Conflict", "done"]
    assert db.session.scalars(select(Slate.status)).one() is SlateStatus.PROPOSED
    assert len(db.session.scalars(select(Ratification)).all()) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_a_role_that_is_taken_at_this_moment_has_ratified_before_or_does_not_at_all(app: FundApp, attempt: int) -> None:
    """The actor is made before the role is taken, as a request does; the record tells which of the two came first."""
    call = make_call()
    slate_id, person = make_slate(call, SlateStatus.PROPOSED).id, make_staff(Role.RATIFIER)
    person_id = person.id
    actor = actor_of(person)
    db.session.commit()

    def ratify() -> None:
        ratifying.ratify_slate(actor=actor, slate=db.session.get_one(Slate, slate_id), now=CLOSES)

    def take() -> None:
        held = db.session.get_one(Person, person_id)
        assert revoke_role(actor=system_actor(), person=held, role=Role.RATIFIER, call_id=None, now=CLOSES)

    results = all_at_once(app, [ratify, take])
    assert results[1] == "done"
    status = db.session.scalars(select(Slate.status)).one()
    assert status is (SlateStatus.RATIFIED if results[0] == "done" else SlateStatus.PROPOSED)
    order = dict(
        db.session.execute(
            select(AuditEntry.action, AuditEntry.seq).where(AuditEntry.action.in_({"slate:ratify", "role:revoke"}))
        ).all()
    )
    assert results[0] in ("done", "NotAllowed")
    assert ("slate:ratify" in order) == (results[0] == "done")
    assert order.get("slate:ratify", 0) < order["role:revoke"]
