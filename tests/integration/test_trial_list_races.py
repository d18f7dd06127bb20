"""Lists that are adopted and changed at the same moment: threads with a barrier, on the database of the run."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Role
from fundapp.applications.models import Call, Entry
from fundapp.core.db import db
from fundapp.core.web import FundApp
from fundapp.review.list_rules import MarkKind, Wish
from fundapp.review.models import Decision, Outcome, TrialList, TrialMark
from fundapp.review.presentation.lists import names_of
from fundapp.review.queries import lists as queries
from fundapp.review.services import adopting, deciding, lists
from fundapp.review.services.calls import lock_call
from tests.conftest import actor_of
from tests.factories import CLOSES, make_staff

from .test_selection_races import all_at_once, committed
from .test_trial_lists import ASKED, Tries, three


def adoption(made: Tries, manager_id: UUID) -> Callable[[], object]:
    """Return the task of adopting the list as it is now."""
    trial_id, seen = made.trial.id, made.board().seen

    def adopt() -> object:
        actor = actor_of(db.session.get_one(Person, manager_id))
        trial = db.session.get_one(TrialList, trial_id)
        board = queries.board_of(
            actor=actor, trial=trial, ground=queries.ground_of(actor=actor, call=trial.call)
        )  # fmt: skip
        return adopting.adopt_list(actor=actor, trial=trial, seen=seen, names=names_of(board.ground), now=CLOSES)

    return adopt


def given() -> int:
    return db.session.scalar(select(func.coalesce(func.sum(Decision.amount_minor), 0))) or 0


@pytest.mark.parametrize("attempt", range(2))
def test_two_managers_adopt_at_once_and_one_is_told(app: FundApp, attempt: int) -> None:
    made = three()
    managers = [make_staff(Role.MANAGER).id for _ in range(2)]
    call_id = made.call.id
    tasks = [adoption(made, manager) for manager in managers]
    db.session.commit()
    assert sorted(all_at_once(app, tasks)) == ["Conflict", "done"]
    assert (committed(call_id), given()) == (2 * ASKED, 2 * ASKED)
    assert db.session.scalar(select(func.count()).select_from(Decision)) == 4


def test_deciding_while_a_list_is_adopted_is_seen_by_it_or_sees_it(app: FundApp) -> None:
    made = three()
    managers = [make_staff(Role.MANAGER).id for _ in range(2)]
    call_id, entry_id = made.call.id, made.entries[2].id
    adopt = adoption(made, managers[0])
    db.session.commit()

    def award() -> object:
        return deciding.decide_entry(
            actor=actor_of(db.session.get_one(Person, managers[1])),
            entry=db.session.get_one(Entry, entry_id),
            outcome=Outcome.AWARD,
            amount_minor=ASKED,
            reason="Needed there.",
            version=0,
            now=CLOSES,
        )

    results = all_at_once(app, [adopt, award])
    assert sorted(results) == ["Conflict", "done"]
    assert committed(call_id) == given() == (2 * ASKED if results[0] == "done" else ASKED)


def test_a_budget_that_is_cut_while_a_list_is_adopted_is_kept(app: FundApp) -> None:
    made = three()
    call_id = made.call.id
    adopt = adoption(made, made.person.id)
    db.session.commit()

    def cut() -> object:
        call = db.session.get_one(Call, call_id)
        lock_call(call)
        spent = db.session.scalar(select(Call.committed_minor).where(Call.id == call_id))
        return db.session.execute(update(Call).where(Call.id == call_id).values(budget_minor=max(ASKED, spent or 0)))

    results = all_at_once(app, [adopt, cut])
    assert results[1] == "done"
    budget = db.session.scalar(select(Call.budget_minor).where(Call.id == call_id)) or 0
    assert committed(call_id) == given() <= budget
    assert given() == (2 * ASKED if results[0] == "done" else 0)


def test_two_who_mark_at_once_do_not_overwrite_each_other(app: FundApp) -> None:
    made = three()
    managers = [make_staff(Role.MANAGER).id for _ in range(2)]
    trial_id, entry_ids, seen = made.trial.id, [made.entries[0].id, made.entries[1].id], made.board().seen
    db.session.commit()

    def marking(number: int) -> Callable[[], object]:
        def mark() -> None:
            lists.mark_entry(
                actor=actor_of(db.session.get_one(Person, managers[number])),
                trial=db.session.get_one(TrialList, trial_id),
                entry=db.session.get_one(Entry, entry_ids[number]),
                wish=Wish(MarkKind.TAKE_OUT),
                reason="So.",
                seen=seen,
                now=CLOSES,
            )

        return mark

    assert sorted(all_at_once(app, [marking(0), marking(1)])) == ["Conflict", "done"]
    assert db.session.scalar(select(func.count()).select_from(TrialMark)) == 1
