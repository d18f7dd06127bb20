"""What else changes at the moment in which people decide: the budget, the text for the declined, the release."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.call_package import document_of
from fundapp.applications.models import Call, Entry
from fundapp.applications.queries.packages import package_of
from fundapp.applications.rules import DeclinedGet
from fundapp.applications.services.writing_calls import change_call, seen_of
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.disbursement.models import Letter
from fundapp.disbursement.services.releasing import release_decisions
from fundapp.review.declined_rules import Wording
from fundapp.review.models import Decision, DeclinedComment, Outcome, SlateStatus
from fundapp.review.queries.declined import passed_on
from fundapp.review.services.declined import keep_comment

from ..conftest import actor_of
from ..factories import CLOSES, make_application, make_call, make_decision, make_slate, make_staff
from .test_selection_races import all_at_once, awarding


def setting_budget(manager_id: UUID, call_id: UUID, total: str) -> Callable[[], object]:
    """Return the task of changing a call's budget on its page, as it stood before anybody decided."""
    package = package_of(db.session.get_one(Call, call_id))
    seen = seen_of(document_of(package), package.form, ["budget.total"])
    db.session.rollback()  # on SQLite a transaction that is left open would lock the others out
    return lambda: change_call(
        actor=actor_of(db.session.get_one(Person, manager_id)),
        call=db.session.get_one(Call, call_id),
        changes={"budget.total": total},
        seen=seen,
        now=CLOSES,
    )


@pytest.mark.parametrize("attempt", range(3))
def test_a_budget_that_is_cut_while_people_decide_never_falls_below_what_is_promised(
    app: FundApp, attempt: int
) -> None:
    """Four managers award 30 of 120 each while a fifth cuts the budget to 60: it is cut and two are refused, or not."""
    call = make_call(budget_minor=12_000, ceiling_minor=None)
    entries = [make_application(call, requested_minor=3_000).entries[0].id for _ in range(4)]
    managers = [make_staff(Role.MANAGER).id for _ in range(5)]
    call_id = call.id
    db.session.commit()
    tasks = [awarding(m, e, 3_000) for m, e in zip(managers[:4], entries, strict=True)]
    results = all_at_once(app, [*tasks, setting_budget(managers[4], call_id, "60")])
    budget, committed = db.session.execute(
        select(Call.budget_minor, Call.committed_minor).where(Call.id == call_id)
    ).one()
    awarded = results[:4].count("done")
    assert committed == 3_000 * awarded == sum(db.session.scalars(select(Decision.amount_minor)))
    assert committed <= budget
    if results[4] == "done":
        assert (budget, awarded) == (6_000, 2)
        assert sorted(results[:4]) == ["Conflict", "Conflict", "done", "done"]
    else:
        assert (budget, awarded, results[4]) == (12_000, 4, "RuleViolations")


def test_a_text_that_is_changed_while_decisions_are_released_is_the_one_in_the_letter_or_refused(app: FundApp) -> None:
    call = make_call(declined_get=DeclinedGet.COMMENTS)
    slate = make_slate(call, SlateStatus.RATIFIED)
    entry = make_application(call).entries[0]
    make_decision(slate, entry, outcome=Outcome.DECLINE)
    people = [make_staff(Role.MANAGER) for _ in range(2)]

    def keeping(text: str, version: int, manager_id: UUID, entry_id: UUID) -> DeclinedComment:
        return keep_comment(
            actor=actor_of(db.session.get_one(Person, manager_id)),
            entry=db.session.get_one(Entry, entry_id),
            wording=Wording(True, text, "en", ()),
            version=version,
            now=CLOSES,
        )

    keeping("Before.", 0, people[0].id, entry.id)
    call_id, entry_id, ids = call.id, entry.id, [person.id for person in people]
    db.session.commit()

    def release() -> object:
        return release_decisions(
            actor=actor_of(db.session.get_one(Person, ids[1])), call=db.session.get_one(Call, call_id), now=CLOSES
        )

    results = all_at_once(app, [lambda: keeping("After.", 1, ids[0], entry_id), release])
    assert results[1] == "done"
    assert results[0] in ("done", "Conflict")
    assert passed_on(db.session.get_one(Entry, entry_id)).text == ("After." if results[0] == "done" else "Before.")
    assert len(db.session.scalars(select(Letter)).all()) == 1


def test_one_of_two_who_write_the_first_text_at_once_is_kept(app: FundApp) -> None:
    call = make_call(declined_get=DeclinedGet.COMMENTS)
    entry = make_application(call).entries[0]
    make_decision(make_slate(call), entry, outcome=Outcome.DECLINE)
    entry_id, ids = entry.id, [make_staff(Role.MANAGER).id for _ in range(2)]
    db.session.commit()

    def keeping(manager_id: UUID) -> Callable[[], object]:
        return lambda: keep_comment(
            actor=actor_of(db.session.get_one(Person, manager_id)),
            entry=db.session.get_one(Entry, entry_id),
            wording=Wording(True, "Good.", "en", ()),
            version=0,
            now=CLOSES,
        )

    assert sorted(all_at_once(app, [keeping(each) for each in ids])) == ["Conflict", "done"]
    assert db.session.scalars(select(DeclinedComment)).one().version == 1
