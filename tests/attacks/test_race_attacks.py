"""Two who act at the same moment, and a database that goes away in the middle. Rows: rows.csv."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, select, text

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Application, ApplicationStatus, Call, Entry, Submission
from fundapp.applications.services import managing
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.models import Assignment, Decision, Outcome, Plan, Slate, SlateStatus
from fundapp.review.queries.selection import whole_selection
from fundapp.review.services import deciding, planning, reading, sending

from ..conftest import actor_of
from ..factories import (
    CLOSES,
    NOW,
    make_application,
    make_assignment,
    make_call,
    make_decision,
    make_review,
    make_reviewer,
    make_slate,
    make_staff,
    parts_of,
)
from ..frozen_tallies import frozen_document
from ..integration.test_selection_races import all_at_once, committed
from .crawl import fetch
from .world import all_rows, changed_tables

AFTER = CLOSES + timedelta(days=1)


def by(person_id: UUID) -> Any:
    return actor_of(db.session.get_one(Person, person_id))


def award(person_id: UUID, entry_id: UUID, amount_minor: int = 30) -> object:
    return deciding.decide_entry(
        actor=by(person_id),
        entry=db.session.get_one(Entry, entry_id),
        outcome=Outcome.AWARD,
        amount_minor=amount_minor,
        reason="Needed there.",
        version=0,
        now=AFTER,
    )


def ids_of(*rows: Any) -> list[UUID]:
    ids = [row.id for row in rows]
    db.session.commit()
    return ids


def test_row_91_an_award_and_the_end_of_its_eligibility_at_once_leave_no_award_to_release(app: FundApp) -> None:
    call = make_call(budget_minor=100)
    application = make_application(call, requested_minor=30)
    managers = [make_staff(Role.MANAGER) for _ in range(2)]
    call_id, application_id, entry_id, first, second = ids_of(call, application, application.entries[0], *managers)

    def stop() -> None:
        managing.mark_ineligible(
            actor=by(second), application=db.session.get_one(Application, application_id), reason="Late.", now=AFTER
        )

    results = all_at_once(app, [lambda: award(first, entry_id), stop])
    assert results[1] == "done"
    decided = db.session.scalar(select(func.count()).select_from(Decision))
    assert committed(call_id) == (30 if decided else 0)
    with pytest.raises(RuleViolations):
        sending.propose_slate(actor=by(first), call=db.session.get_one(Call, call_id), now=AFTER)


def test_row_91_an_award_and_its_withdrawal_at_once_keep_the_money_right(app: FundApp) -> None:
    call = make_call(budget_minor=100)
    applications = [make_application(call, requested_minor=40) for _ in range(3)]
    slate = make_slate(call)
    for application in applications[:2]:
        make_decision(slate, application.entries[0], amount_minor=40)
    managers = [make_staff(Role.MANAGER) for _ in range(2)]
    call_id, first, third, one, two = ids_of(call, applications[0].entries[0], applications[2].entries[0], *managers)

    def withdraw() -> None:
        deciding.withdraw_decision(actor=by(one), entry=db.session.get_one(Entry, first), now=AFTER)

    results = all_at_once(app, [withdraw, lambda: award(two, third, 40)])
    assert results[0] == "done"
    assert committed(call_id) == (80 if results[1] == "done" else 40)
    assert committed(call_id) == db.session.scalar(select(func.sum(Decision.amount_minor)))


def test_row_91_two_who_release_at_once_release_once(app: FundApp) -> None:
    call = make_call()
    make_decision(make_slate(call, SlateStatus.RATIFIED), make_application(call).entries[0])
    call_id, *managers = ids_of(call, *(make_staff(Role.MANAGER) for _ in range(4)))
    tasks: list[Callable[[], object]] = [
        lambda who=who: release_decisions(actor=by(who), call=db.session.get_one(Call, call_id), now=AFTER)  # type: ignore[misc]  # a default is not inferred
        for who in managers
    ]
    assert all_at_once(app, tasks) == ["done"] * 4
    assert db.session.scalar(select(func.count()).select_from(Letter)) == 1


def test_row_92_a_reviewer_who_steps_back_while_the_list_is_sent_is_in_the_tally_or_not_but_never_half(
    app: FundApp,
) -> None:
    call = make_call()
    entry = make_application(call).entries[0]
    assignment = make_assignment(entry, make_reviewer(call))
    make_decision(make_slate(call), entry)
    manager = make_staff(Role.MANAGER)
    call_id, assignment_id, reviewer_id, manager_id = ids_of(call, assignment, assignment.reviewer.person, manager)

    def give() -> object:
        return reading.submit_review(
            actor=by(reviewer_id),
            assignment=db.session.get_one(Assignment, assignment_id),
            parts=parts_of({"need": 5, "plan": 5}),
            now=AFTER,
        )

    def step_back() -> None:
        reading.declare_conflict(
            actor=by(reviewer_id), assignment=db.session.get_one(Assignment, assignment_id), reason="", now=AFTER
        )

    def propose() -> object:
        return sending.propose_slate(actor=by(manager_id), call=db.session.get_one(Call, call_id), now=AFTER)

    results = all_at_once(app, [give, step_back, propose])
    assert "never ran" not in results
    tally = whole_selection(call=db.session.get_one(Call, call_id))
    assert tally.ranked[0].figures.reviews == 0, "whoever stepped back counts no more"
    assert results[1] == "done"
    if results[2] == "done":
        assert tally.slate is not None
        document = frozen_document(tally.slate)
        assert document["entries"][0]["reviews"] == sum(each["counts"] for each in document["reviews"])


def test_row_92_two_scores_that_arrive_while_the_panel_closes_count_in_full_or_are_refused(app: FundApp) -> None:
    call = make_call()
    entry = make_application(call).entries[0]
    make_review(entry, make_reviewer(call), [3, 3])
    assignments = [make_assignment(entry, make_reviewer(call)) for _ in range(2)]
    make_decision(make_slate(call), entry)
    manager = make_staff(Role.MANAGER)
    call_id, manager_id, *ids = ids_of(
        call, manager, *assignments, *(assignment.reviewer.person for assignment in assignments)
    )

    def give(number: int) -> Callable[[], object]:
        return lambda: reading.submit_review(
            actor=by(ids[2 + number]),
            assignment=db.session.get_one(Assignment, ids[number]),
            parts=parts_of({"need": 5, "plan": 5}),
            now=AFTER,
        )

    def close() -> object:
        return sending.propose_slate(actor=by(manager_id), call=db.session.get_one(Call, call_id), now=AFTER)

    results = all_at_once(app, [give(0), give(1), close])
    assert results[2] == "done"
    assert set(results[:2]) <= {"done", "Conflict"}
    document = frozen_document(db.session.scalars(select(Slate).where(Slate.call_id == call_id)).one())
    given = sum(each["counts"] for each in document["reviews"])
    assert document["entries"][0]["reviews"] == given == 1 + results[:2].count("done")


def test_row_92_a_plan_that_was_overtaken_while_it_was_applied_is_applied_once(app: FundApp) -> None:
    call = make_call(reviews_per_entry=1)
    make_application(call)
    make_reviewer(call)
    call_id, one, two = ids_of(call, *(make_staff(Role.MANAGER) for _ in range(2)))
    plans = {
        who: planning.request_plan(actor=by(who), call=db.session.get_one(Call, call_id), now=AFTER).id
        for who in (one, two)
    }
    db.session.commit()
    tasks: list[Callable[[], object]] = [
        lambda who=who: planning.apply_plan(  # type: ignore[misc]  # a default is not inferred
            actor=by(who), plan=db.session.get_one(Plan, plans[who]), now=AFTER
        )
        for who in (one, two)
    ]
    assert sorted(all_at_once(app, tasks)) == ["Conflict", "done"]
    assert db.session.scalar(select(func.count()).select_from(Assignment)) == 1


# Row 107: the connection to the database ends in the middle


def cut_the_connection(connection: Any) -> None:
    """End a connection as a failing database does."""
    if connection.dialect.name == "postgresql":
        with db.engine.connect() as other:
            pid = connection.connection.dbapi_connection.info.backend_pid
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            other.commit()
    else:
        connection.connection.dbapi_connection.close()


@pytest.mark.filterwarnings("ignore:.*unclosed database:ResourceWarning")
@pytest.mark.parametrize("table", ["submission", "entry", "mail_message", "audit_entry"])
def test_row_107_a_database_that_goes_away_while_something_is_sent_leaves_nothing_half(
    app: FundApp, clock, signed_in, monkeypatch, table
) -> None:
    clock.move_to(NOW)
    call = make_call()
    draft = make_application(call, status=ApplicationStatus.DRAFT)
    client = signed_in(draft.person)
    path = f"/applications/{draft.id}/check"
    seen = fetch(client, path).text.split('name="seen" value="')[1].split('"')[0]
    before = all_rows()
    cut = threading.Event()

    def goes_away(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith(f"INSERT INTO {table} ") and not cut.is_set():
            cut.set()
            cut_the_connection(connection)

    monkeypatch.setattr(app, "testing", False)
    event.listen(db.engine, "before_cursor_execute", goes_away)
    try:
        answer = fetch(client, path, "POST", data={"seen": seen})
    finally:
        event.remove(db.engine, "before_cursor_execute", goes_away)
    assert cut.is_set(), "nothing was written into this table"
    assert answer.status_code == 500
    for secret in ("sqlalchemy", "Traceback", "INSERT", "terminat", "closed database"):
        assert secret not in answer.text
    db.session.remove()
    assert not list(changed_tables(before))
    assert fetch(client, path, "POST", data={"seen": seen}).status_code == 302, "and the next try succeeds"
    assert db.session.scalar(select(func.count()).select_from(Submission)) == 1
