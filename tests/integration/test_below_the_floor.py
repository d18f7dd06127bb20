"""The floor of the terms where people decide: by rank, by hand, by a list, by lot, and when the list is sent."""

from decimal import Decimal
from fractions import Fraction

import pytest

from fundapp.accounts.permissions import Role
from fundapp.core.db import db
from fundapp.core.errors import RuleViolations
from fundapp.core.web import FundApp
from fundapp.review.list_rules import MarkKind
from fundapp.review.models import Outcome, SlateStatus
from fundapp.review.queries.selection import whole_selection
from fundapp.review.queries.tally import pool_tallies
from fundapp.review.services import deciding, sending
from fundapp.review.services.line_draw import bands_of
from fundapp.review.slate import Measure, Rule
from fundapp.review.terms_rules import PotTerms, Ranking, WantedTerms
from tests.conftest import SignedIn
from tests.factories import make_review, make_reviewer, make_staff, make_terms
from tests.integration.test_selection import AFTER, Round
from tests.integration.test_trial_lists import ASKED, Tries

FLOOR = WantedTerms(floor=Decimal("2.5"))
BELOW = "Its score is below the floor that was set in the terms."


def four(**values: object) -> Round:
    """Make a round of four, best first, with money for all; a floor of 2.5 cuts off the last two."""
    return Round([[5], [3], [2], [1]], budget_minor=4 * ASKED, **values)


def test_by_rank_what_is_below_the_floor_is_declined_though_money_is_left(app: FundApp) -> None:
    made = four()
    make_terms(made.call, FLOOR, by=made.person)
    decisions = deciding.decide_by_rank(actor=made.manager, call=made.call, now=AFTER)
    assert [each.outcome for each in decisions] == [Outcome.AWARD] * 2 + [Outcome.DECLINE] * 2
    assert made.committed() == 2 * ASKED
    rows = whole_selection(call=made.call).ranked
    assert [row.is_below_floor for row in rows] == [False, False, True, True]
    assert not any(row.is_against_rank for row in rows)


def test_an_entry_at_the_floor_is_not_below_it_and_one_without_a_review_neither(app: FundApp) -> None:
    made = Round([[3], [2, 3], [2], []])
    make_terms(made.call, FLOOR, by=made.person)
    rows = whole_selection(call=made.call).ranked
    assert [(row.score, row.is_below_floor) for row in rows] == [
        (3.0, False), (2.5, False), (2.0, True), (None, False)
    ]  # fmt: skip


def test_the_floor_is_held_against_the_score_that_leads(app: FundApp) -> None:
    """A strict and a mild reader: the mean of what the strict one read alone is below the floor, adjusted it is not."""
    made = Round([])
    strict, mild = make_reviewer(made.call), make_reviewer(made.call)
    for marks in ((2, 4), (1, 3), (3, 5), (2, 4), (2, None), (None, 4)):
        entry = made.add([])
        for reviewer, mark in zip((strict, mild), marks, strict=True):
            if mark is not None:
                make_review(entry, reviewer, [mark, mark])
    make_terms(made.call, WantedTerms(floor=Decimal("2.5"), ranking=Ranking.ADJUSTED), by=made.person)
    row = next(row for row in whole_selection(call=made.call).ranked if row.entry.id == made.entries[4].id)
    assert (row.figures.mean, row.is_below_floor) == (Fraction(2), False)
    assert row.adjusted is not None
    assert row.score == row.adjusted.score > 2.5


def test_an_award_below_the_floor_asks_for_a_reason_and_a_decline_or_a_reserve_does_not(app: FundApp) -> None:
    made = four()
    make_terms(made.call, FLOOR, by=made.person)
    made.award(0)
    made.award(1)
    with pytest.raises(RuleViolations) as refused:
        made.award(2)
    (problem,) = refused.value.problems
    assert problem.field == "reason"
    assert "below the floor" in str(problem.message)
    made.award(2, reason="Nobody else works there.")
    made.decide(3, Outcome.RESERVE, amount=None)
    rows = whole_selection(call=made.call).ranked
    assert [row.is_against_rank for row in rows] == [False, False, True, False]
    assert [row.is_award_below_floor for row in rows] == [False, False, True, False]


def test_a_floor_that_came_after_the_award_is_named_when_the_list_is_sent(app: FundApp) -> None:
    made = four()
    for number in range(3):
        made.award(number)
    made.decline(3)
    make_terms(made.call, FLOOR, by=made.person)
    with pytest.raises(RuleViolations) as refused:
        sending.propose_slate(actor=made.manager, call=made.call, now=AFTER)
    (problem,) = refused.value.problems
    assert problem.place == made.entries[2].application.reference
    assert "below the floor" in str(problem.message)
    made.award(2, reason="Nobody else works there.", version=1)
    slate = sending.propose_slate(actor=made.manager, call=made.call, now=AFTER)
    assert slate.status is SlateStatus.PROPOSED


def test_a_list_with_an_entry_put_in_below_the_floor_keeps_why(app: FundApp) -> None:
    made = Tries([[5], [3], [2], [1]], budget_minor=4 * ASKED)
    make_terms(made.call, FLOOR, by=made.person)
    assert made.awarded() == [0, 1]
    made.mark(2, MarkKind.PUT_IN, reason="Nobody else works there.")
    made.adopt()
    assert {number: (each[0], each[2]) for number, each in made.decisions().items()} == {
        0: (Outcome.AWARD, ""),
        1: (Outcome.AWARD, ""),
        2: (Outcome.AWARD, "Nobody else works there."),
        3: (Outcome.DECLINE, ""),
    }
    rows = whole_selection(call=made.call).ranked
    assert [row.is_against_rank for row in rows] == [False, False, True, False]
    assert not any(row.needs_reason for row in rows)


def test_the_line_of_the_tally_and_of_lots_does_not_reach_below_the_floor(app: FundApp) -> None:
    made = four()
    make_terms(made.call, WantedTerms(floor=Decimal("2.5"), draw_band=2), by=made.person)
    assert [pool.whole.places for pool in pool_tallies(whole_selection(call=made.call))] == [2]
    assert bands_of(whole_selection(call=made.call)) == []
    made.call.budget_minor = ASKED
    assert bands_of(whole_selection(call=made.call)) == [[str(entry.id) for entry in made.entries[:2]]]


def test_the_pages_say_which_entries_are_below_the_floor_and_ask_for_the_reason(
    app: FundApp, signed_in: SignedIn
) -> None:
    made = four()
    make_terms(made.call, FLOOR, by=made.person)
    made.award(0)
    db.session.commit()
    client, address = signed_in(made.person), f"/manage/{made.call.slug}/selection"
    assert client.get(address).text.count(">below the floor<") == 2
    low, high = (client.get(f"{address}/{made.entries[number].id}").text for number in (2, 0))
    assert (BELOW in low, ">below the floor<" in low) == (True, True)
    assert (BELOW in high, ">below the floor<" in high) == (False, False)
    wanted = {"outcome": "award", "amount": "10.00", "reason": "", "version": "0"}
    refused = client.post(f"{address}/{made.entries[2].id}", data=wanted)
    assert refused.status_code == 422
    assert "Its score is below the floor of the terms. Say why it gets an award all the same." in refused.text
    kept = client.post(f"{address}/{made.entries[2].id}", data=wanted | {"reason": "Nobody else works there."})
    assert kept.status_code == 302
    client.post(f"{address}/by-rank")
    assert [row.decision and row.decision.outcome for row in whole_selection(call=made.call).ranked] == [
        Outcome.AWARD, Outcome.AWARD, Outcome.AWARD, Outcome.DECLINE
    ]  # fmt: skip
    client.post(f"{address}/send")
    ratifier = signed_in(make_staff(Role.RATIFIER))
    page = ratifier.get(f"/manage/{made.call.slug}/ratification").text
    assert "1 choice against rank" in page
    assert page.count(">below the floor<") == 3, "beside the choice, and twice in the list"


@pytest.mark.parametrize(
    "wanted",
    [
        WantedTerms(floor=Decimal(1)),
        WantedTerms(rules=(Rule("r1", "region:north", Measure.AWARDS, 1),)),
        WantedTerms(pots=(PotTerms("p1", (("en", "North"),), 100),)),
    ],
)
def test_where_the_terms_bind_lists_come_before_deciding_by_rank_which_says_what_it_leaves_out(
    app: FundApp, signed_in: SignedIn, wanted: WantedTerms
) -> None:
    bound, free = four(), four()
    make_terms(bound.call, wanted, by=bound.person)
    make_terms(free.call, WantedTerms(places=2), by=free.person)
    db.session.commit()
    page = signed_in(bound.person).get(f"/manage/{bound.call.slug}/selection").text
    assert 0 < page.index("Try lists:") < page.index("by rank, without the rules and pots of the terms")
    assert page.count("Try lists:") == 1
    assert "within the budget</button>" not in page
    page = signed_in(free.person).get(f"/manage/{free.call.slug}/selection").text
    assert 0 < page.index("by rank, within the budget") < page.index("Try lists:")
    assert "without the rules" not in page


def test_who_only_reads_the_selection_has_one_way_to_the_lists(app: FundApp, signed_in: SignedIn) -> None:
    made = four()
    make_terms(made.call, FLOOR, by=made.person)
    db.session.commit()
    page = signed_in(make_staff(Role.AUDITOR)).get(f"/manage/{made.call.slug}/selection").text
    assert page.count("Try lists:") == 1
    assert "without the rules" not in page
