"""Lists that people try: what they come to, what they change, and how they become decisions."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import ApplicationStatus, Call, ProgrammeKind
from fundapp.core.db import db
from fundapp.core.errors import Conflict, NotAllowed, NotFound, RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.list_rules import MarkKind, Wish
from fundapp.review.models import (
    Decision,
    Outcome,
    Pot,
    SelectionRule,
    SelectionTerms,
    SlateStatus,
    TrialList,
    TrialMark,
)
from fundapp.review.presentation.lists import names_of
from fundapp.review.queries import lists as queries
from fundapp.review.queries.lists import Board
from fundapp.review.services import adopting, lists
from fundapp.review.services.erasing import blank_reviews
from fundapp.review.services.line_draw import draw_lots, fix_lots
from fundapp.review.slate import Measure, Why
from fundapp.review.terms_rules import GroupKind, Ranking, WantedTerms
from tests.attacks.conflicting import pin
from tests.conftest import actor_of
from tests.factories import CLOSES, NOW, make_call, make_decision, make_slate, make_staff, make_terms

from .test_selection import Round

AFTER = CLOSES + timedelta(days=1)
LATER = AFTER + timedelta(days=1)
ASKED = 1_200_000
"""What each application asks for."""


def terms(call: Call, manager: Person, *rules: SelectionRule, pots: list[Pot] | None = None, **values: object) -> None:
    """Fix the terms of a call."""
    made = SelectionTerms(
        call_id=call.id, set_by_id=manager.id, set_at=NOW, **{"ranking": Ranking.MEAN, **values}
    )  # fmt: skip
    made.rules, made.pots = list(rules), pots or []
    db.session.add(made)
    db.session.flush()


def region(value: str, *, least: int = 0, most: int | None = None, measure: Measure = Measure.AWARDS) -> SelectionRule:
    return SelectionRule(
        code=f"r-{value}", kind=GroupKind.REGION, value=value, measure=measure, least=least, most=most, position=1
    )


class Tries(Round):
    """A round in which lists are tried; entries are named by their number."""

    def __init__(self, marks: list[list[int]], **values: object) -> None:
        super().__init__(marks, **values)
        self.trial = lists.make_list(actor=self.manager, call=self.call, name="First", now=AFTER)

    def board(self, actor: Actor | None = None, trial: TrialList | None = None) -> Board:
        actor = actor or self.manager
        return queries.board_of(
            actor=actor, trial=trial or self.trial, ground=queries.ground_of(actor=actor, call=self.call)
        )

    def mark(
        self,
        number: int,
        kind: MarkKind | None,
        amount: int | None = None,
        *,
        actor: Actor | None = None,
        reason: str = "So.",
    ) -> None:
        lists.mark_entry(
            actor=actor or self.manager,
            trial=self.trial,
            entry=self.entries[number],
            wish=Wish(kind, amount) if kind else None,
            reason=reason,
            seen=self.board(actor).seen,
            now=AFTER,
        )

    def awarded(self, actor: Actor | None = None) -> list[int]:
        board = self.board(actor)
        return [number for number, entry in enumerate(self.entries) if str(entry.id) in board.made.awarded]

    def why(self, number: int) -> Why:
        return self.board().made.reason(str(self.entries[number].id)).why

    def adopt(self, actor: Actor | None = None) -> int:
        board = self.board(actor)
        return adopting.adopt_list(
            actor=actor or self.manager, trial=self.trial, seen=board.seen, names=names_of(board.ground), now=AFTER
        )

    def decisions(self) -> dict[int, tuple[Outcome, int, str]]:
        found = {
            each.entry_id: (each.outcome, each.amount_minor, each.reason)
            for each in db.session.scalars(select(Decision))
        }
        return {number: found[entry.id] for number, entry in enumerate(self.entries) if entry.id in found}


def three(**values: object) -> Tries:
    """Make a round of four, best first, of which the money reaches two."""
    return Tries([[5], [4], [3], [2]], budget_minor=2 * ASKED + 100, **values)


def test_a_list_begins_as_rank_order_within_the_budget(app: FundApp) -> None:
    made = three()
    assert made.awarded() == [0, 1]
    assert [made.why(number) for number in range(4)] == [
        Why.ABOVE_LINE, Why.ABOVE_LINE, Why.TOO_LARGE, Why.BELOW_LINE
    ]  # fmt: skip


def test_what_people_want_is_in_the_list_and_moves_the_others(app: FundApp) -> None:
    made = three()
    made.mark(3, MarkKind.PUT_IN)
    assert made.awarded() == [0, 3]
    made.mark(0, MarkKind.TAKE_OUT)
    assert made.awarded() == [1, 3]
    made.mark(3, MarkKind.RESERVE)
    assert made.awarded() == [1, 2]
    made.mark(1, MarkKind.AMOUNT, 600_000)
    assert (made.awarded(), made.board().made.left_minor) == ([1, 2], 2 * ASKED + 100 - 600_000 - ASKED)
    made.mark(0, None)
    assert made.awarded() == [0, 1]


def test_a_wish_needs_a_reason_and_an_amount_that_can_be(app: FundApp) -> None:
    made = three()
    for kind, amount, reason, field in (
        (MarkKind.PUT_IN, None, " ", "reason"),
        (MarkKind.PUT_IN, ASKED + 1, "So.", "amount"),
        (MarkKind.AMOUNT, None, "So.", "amount"),
        (MarkKind.AMOUNT, 0, "So.", "amount"),
    ):
        with pytest.raises(RuleViolations) as caught:
            made.mark(0, kind, amount, reason=reason)
        assert [problem.field for problem in caught.value.problems] == [field]
    with pytest.raises(NotFound):
        made.mark(0, None)
    assert db.session.scalars(select(TrialMark)).all() == []


def test_what_is_kept_is_what_was_shown(app: FundApp) -> None:
    made = three()
    seen = made.board().seen
    made.mark(3, MarkKind.PUT_IN)
    with pytest.raises(Conflict, match="meanwhile"):
        lists.mark_entry(
            actor=made.manager, trial=made.trial, entry=made.entries[2], wish=Wish(MarkKind.TAKE_OUT), reason="So.",
            seen=seen, now=AFTER,
        )  # fmt: skip
    seen = made.board().seen
    made.call.budget_minor -= ASKED
    db.session.flush()
    with pytest.raises(Conflict, match="meanwhile"):
        adopting.adopt_list(
            actor=made.manager, trial=made.trial, seen=seen, names=names_of(made.board().ground), now=AFTER
        )
    assert made.decisions() == {}


def test_lists_are_named_copied_renamed_and_deleted(app: FundApp) -> None:
    made = three()
    made.mark(3, MarkKind.PUT_IN)
    copy = lists.copy_list(actor=made.manager, trial=made.trial, name=" Second ", now=AFTER)
    made.mark(3, None)
    assert str(made.entries[3].id) in made.board(trial=copy).made.awarded
    for name, refused in (("", True), ("Second", True), ("x" * 201, True), ("Third", False)):
        if refused:
            with pytest.raises(RuleViolations):
                lists.rename_list(actor=made.manager, trial=made.trial, name=name, now=AFTER)
        else:
            lists.rename_list(actor=made.manager, trial=made.trial, name=name, now=AFTER)
    assert [each.name for each in queries.lists_of(made.call)] == ["Second", "Third"]
    lists.delete_list(actor=made.manager, trial=copy, now=AFTER)
    assert [each.name for each in queries.lists_of(made.call)] == ["Third"]
    assert db.session.scalars(select(TrialMark)).all() == []


def test_only_those_who_decide_change_lists_and_only_while_the_list_of_decisions_is_open(app: FundApp) -> None:
    made = three()
    ratifier = actor_of(make_staff(Role.RATIFIER, made.call))
    with pytest.raises(NotAllowed):
        made.mark(0, MarkKind.TAKE_OUT, actor=ratifier)
    with pytest.raises(NotAllowed):
        made.adopt(ratifier)
    make_slate(made.call, SlateStatus.PROPOSED)
    for refused in (
        lambda: made.mark(0, MarkKind.TAKE_OUT),
        made.adopt,
        lambda: lists.make_list(actor=made.manager, call=made.call, name="Late", now=AFTER),
        lambda: lists.delete_list(actor=made.manager, trial=made.trial, now=AFTER),
    ):
        with pytest.raises(Conflict, match="ratifiers"):
            refused()


def test_lists_are_not_for_calls_in_which_applicants_review_each_other(app: FundApp) -> None:
    call = make_call(is_impartial=True, applicants_review=True)
    with pytest.raises(Conflict, match="each pool"):
        lists.make_list(actor=actor_of(make_staff(Role.MANAGER)), call=call, name="First", now=AFTER)


# Adopting


def test_adopting_decides_as_the_list_has_it(app: FundApp) -> None:
    made = three()
    made.mark(2, MarkKind.RESERVE, reason="Should money come free.")
    made.mark(1, MarkKind.AMOUNT, 700_000, reason="A part is enough.")
    assert made.adopt() == 4
    assert made.decisions() == {
        0: (Outcome.AWARD, ASKED, ""),
        1: (Outcome.AWARD, 700_000, "A part is enough."),
        2: (Outcome.RESERVE, 0, "Should money come free."),
        3: (Outcome.DECLINE, 0, ""),
    }
    assert made.committed() == ASKED + 700_000
    assert made.adopt() == 0


def test_a_rule_that_goes_against_rank_is_kept_as_the_reason_and_names_nobody(app: FundApp) -> None:
    made = three()
    for number, place in enumerate(("south", "south", "south", "north")):
        made.entries[number].application.region = place
    terms(made.call, made.person, region("north", least=1))
    assert (made.awarded(), made.why(3), made.why(1)) == ([0, 3], Why.FOR_MINIMUM, Why.MADE_WAY)
    made.adopt()
    decisions = made.decisions()
    assert "at least 1 award for North" in decisions[3][2]
    assert "needed for a minimum" in decisions[1][2]
    assert decisions[0][2] == decisions[2][2] == ""
    references = [entry.application.reference or "" for entry in made.entries]
    assert not any(reference in words for _, _, words in decisions.values() for reference in references)
    assert not any(row.needs_reason for row in made.board().ground.selection.ranked)


def test_what_is_left_to_people_stays_as_it_is(app: FundApp) -> None:
    made = Tries([[5], [4], [4], []], budget_minor=2 * ASKED)
    assert made.awarded() == [0]
    board = made.board()
    assert {row.entry.id for row in adopting.left_to_people(board)} == {made.entries[n].id for n in (1, 2, 3)}
    made.award(2, amount=ASKED)
    made.adopt()
    assert {number: each[0] for number, each in made.decisions().items()} == {0: Outcome.AWARD, 2: Outcome.AWARD}


def test_equals_of_which_rules_let_only_some_in_are_left_to_people(app: FundApp) -> None:
    made = Tries([[5], [5], [4], [3]], kind=ProgrammeKind.PRIZE, categories=1)
    made_now = made.board().made
    assert made_now.split_equals == {str(made.entries[n].id) for n in (0, 1)}
    made.adopt()
    assert {number: each[0] for number, each in made.decisions().items()} == {2: Outcome.DECLINE, 3: Outcome.DECLINE}
    made.mark(1, MarkKind.PUT_IN)
    made.adopt()
    assert {number: each[0] for number, each in made.decisions().items()} == {
        0: Outcome.DECLINE, 1: Outcome.AWARD, 2: Outcome.DECLINE, 3: Outcome.DECLINE
    }  # fmt: skip


def test_equals_that_a_minimum_parts_are_left_to_people(app: FundApp) -> None:
    made = Tries([[5], [4], [4], [2]], budget_minor=3 * ASKED)
    for number, place in enumerate(("south", "south", "south", "north")):
        made.entries[number].application.region = place
    terms(made.call, made.person, region("north", least=1))
    assert made.board().made.split_equals == {str(made.entries[n].id) for n in (1, 2)}
    made.adopt()
    assert {number: each[0] for number, each in made.decisions().items()} == {0: Outcome.AWARD, 3: Outcome.AWARD}


def test_second_thoughts_move_the_money(app: FundApp) -> None:
    made = three()
    made.award(2, amount=ASKED, reason="At first.")
    made.award(1, amount=ASKED)
    assert made.committed() == 2 * ASKED
    made.adopt()
    assert {number: each[:2] for number, each in made.decisions().items()} == {
        0: (Outcome.AWARD, ASKED), 1: (Outcome.AWARD, ASKED), 2: (Outcome.DECLINE, 0), 3: (Outcome.DECLINE, 0)
    }  # fmt: skip
    assert made.committed() == 2 * ASKED


def test_what_breaks_the_terms_cannot_be_adopted_and_is_named(app: FundApp) -> None:
    made = three()
    for number in range(3):
        made.mark(number, MarkKind.PUT_IN)
    tried = made.board().made
    assert (tried.proposal, tried.left_minor < 0, tried.broken) == (None, True, ("budget",))
    with pytest.raises(RuleViolations):
        made.adopt()
    assert made.decisions() == {}


def test_pots_and_the_floor_hold(app: FundApp) -> None:
    made = three()
    for number, place in enumerate(("south", "south", "north", "north")):
        made.entries[number].application.region = place
    pot = Pot(code="p1", titles={"en": "North"}, money_minor=ASKED, groups=["region:north"], position=1)
    terms(made.call, made.person, pots=[pot], floor=Decimal(3))
    assert (made.awarded(), made.why(1), made.why(3)) == ([0, 2], Why.NO_POT, Why.BELOW_FLOOR)
    assert made.board().made.pots_left == {"p1": 0, "rest": 100}


# Conflicts of interest


def test_what_a_manager_in_conflict_may_not_see_is_neither_counted_nor_touched(app: FundApp) -> None:
    made = three()
    other = make_staff(Role.MANAGER)
    made.mark(0, MarkKind.TAKE_OUT)
    assert made.awarded() == [1, 2]
    pin(made.entries[0].application, other)
    actor = actor_of(other)
    assert made.awarded(actor) == [1, 2]
    assert str(made.entries[0].id) not in made.board(actor).marks
    with pytest.raises(NotFound):
        made.mark(0, MarkKind.PUT_IN, actor=actor)
    made.adopt(actor)
    assert set(made.decisions()) == {1, 2, 3}
    copy = lists.copy_list(actor=actor, trial=made.trial, name="Second", now=AFTER)
    assert made.board(trial=copy).marks == {}


def test_the_true_budget_holds_for_somebody_in_conflict(app: FundApp) -> None:
    made = three()
    other = make_staff(Role.MANAGER)
    made.award(0, amount=ASKED)
    pin(made.entries[0].application, other)
    actor = actor_of(other)
    assert made.awarded(actor) == [1, 2]
    with pytest.raises(Conflict):
        made.adopt(actor)
    assert (set(made.decisions()), made.committed()) == ({0}, ASKED)


def test_an_erased_application_leaves_no_reason_in_lists(app: FundApp) -> None:
    made = three()
    made.mark(0, MarkKind.TAKE_OUT, reason="Their director told us.")
    blank_reviews(actor=made.manager, application=made.entries[0].application, now=AFTER)
    assert db.session.scalars(select(TrialMark.reason)).all() == [""]


def test_an_entry_that_left_the_round_is_in_no_list(app: FundApp) -> None:
    made = three()
    made.mark(0, MarkKind.PUT_IN)
    made.entries[0].application.status = ApplicationStatus.WITHDRAWN
    made.entries[0].application.withdrawn_at = NOW
    made.entries[0].application.eligibility_by_id = made.entries[0].application.eligibility_at = None
    db.session.flush()
    assert (made.awarded(), made.board().marks) == ([1, 2], {})


def test_the_last_round_is_the_last_decided_call_of_the_programme(app: FundApp) -> None:
    earlier = Round([[4], [3]])
    make_decision(make_slate(earlier.call, SlateStatus.RELEASED), earlier.entries[0], amount_minor=500)
    db.session.execute(update(Call).where(Call.id == earlier.call.id).values(status="decided", decided_at=NOW))
    made = three(programme=earlier.call.programme)
    last = queries.last_round(actor=made.manager, call=made.call)
    assert last is not None
    assert (last.call.id, last.given_minor) == (earlier.call.id, 500)
    assert last.shares["language:en"].number == 1
    pin(earlier.entries[0].application, made.person)
    hidden = queries.last_round(actor=actor_of(made.person), call=made.call)
    assert hidden is not None
    assert (hidden.given_minor, hidden.shares) == (0, {})


@pytest.mark.parametrize("fixed", [False, True])
def test_who_awaits_a_lot_is_left_undecided_until_the_lots_are_drawn(app: FundApp, fixed: bool) -> None:
    made = Tries([[5], [4], [3], [2]], budget_minor=2 * ASKED)
    make_terms(made.call, WantedTerms(draw_band=1), by=made.person)
    made.mark(2, MarkKind.PUT_IN)
    before = made.board().seen
    if fixed:
        fix_lots(actor=made.manager, call=made.call, value_source="Numbers of that day", value_at=LATER, now=AFTER)
    board = made.board()
    assert {row.entry.id for row in adopting.left_to_lots(board)} == {made.entries[n].id for n in (1, 2)}
    assert adopting.left_to_people(board) == []
    if fixed:
        draw_lots(actor=made.manager, call=made.call, public_value="3 14 15", now=LATER)
        assert made.board().seen != before, "a page from before the draw is shown again"
        assert adopting.left_to_lots(made.board()) == []
    made.adopt()
    assert sorted(made.decisions()) == ([0, 1, 2, 3] if fixed else [0, 3])
