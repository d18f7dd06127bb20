"""Proposals: rank order where no rule binds, the best list where one does, and a true reason for every row."""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fundapp.review.slate import Ask, Measure, Pot, Proposal, Rule, Terms, Why, contradiction, effects_of_rules, propose
from fundapp.review.slate.programme import SHORTFALL_COST
from fundapp.review.slate.proposing import _line, _weights

NORTH = Rule("north", "region:north", Measure.MONEY, least=30)


def asks(*rows: tuple[str, float | None, int] | tuple[str, float | None, int, str]) -> list[Ask]:
    """Name, merit, amount, and groups with a blank between."""
    return [Ask(row[0], row[1], row[2], frozenset((row[3] if len(row) > 3 else "").split())) for row in rows]


def proposed(some: Sequence[Ask], terms: Terms, held: Mapping[str, bool] | None = None) -> Proposal:
    found = propose(some, terms, held)
    assert found is not None
    return found


def why(proposal: Proposal) -> dict[str, str]:
    return {entry: reason.why.value for entry, reason in sorted(proposal.reasons.items())}


def some_asks(seed: int, number: int = 12) -> list[Ask]:
    chance = random.Random(seed)
    return [
        Ask(
            f"e{n:02}",
            round(chance.gauss(3, 1), 1),
            chance.randrange(5, 40),
            frozenset({f"region:{chance.choice('ns')}", *(f"theme:{t}" for t in "lmw" if chance.random() < 0.4)}),
        )
        for n in range(number)
    ]


SEEDS = st.integers(0, 100_000)
solving = settings(max_examples=30, deadline=None)  # a search through all lists takes a while


# -- Without rules ----------------------------------------------------------------------------------------------------


def by_rank(some: Sequence[Ask], budget: int, places: int | None = None) -> set[str]:
    """Rank order, written down a second time: down to the first group of equals that does not fit."""
    chosen: set[str] = set()
    left = budget
    for _, group in itertools.groupby(sorted(some, key=lambda a: -(a.merit or 0)), key=lambda a: a.merit):
        equals = list(group)
        left -= sum(ask.amount_minor for ask in equals)
        if left < 0 or (places is not None and len(chosen) + len(equals) > places):
            break
        chosen |= {ask.entry_id for ask in equals}
    return chosen


@solving
@given(SEEDS, st.integers(0, 300), st.one_of(st.none(), st.integers(0, 12)))
def test_where_no_rule_binds_the_proposal_is_rank_order(seed: int, budget: int, places: int | None) -> None:
    some = some_asks(seed)
    assert proposed(some, Terms(budget, places)).awarded == by_rank(some, budget, places)


@solving
@given(SEEDS, st.integers(20, 300))
def test_the_programme_itself_gives_rank_order_where_a_rule_asks_for_what_rank_order_gives(
    seed: int, budget: int
) -> None:
    """A pot that may pay for all, and a minimum of nothing much: the solver runs, and changes nothing."""
    some = some_asks(seed)
    plain = by_rank(some, budget)
    terms = Terms(budget, rules=(Rule("all", "everybody", Measure.MONEY, least=1),), pots=(Pot("one", budget),))
    found = proposed(some, terms)
    assert found.short == {"all": 1}
    assert plain <= found.awarded
    assert {why(found)[entry] for entry in plain} <= {"above_line"}
    assert {why(found)[entry] for entry in found.awarded - plain} <= {"room_left"}


@solving
@given(SEEDS, st.sampled_from([(2.0, 0.0), (0.001, 0.0), (1.0, 50.0), (30.0, -4.0)]))
def test_the_scale_of_merit_changes_nothing(seed: int, scale: tuple[float, float]) -> None:
    some = some_asks(seed)
    terms = Terms(
        110, rules=(Rule("n", "region:n", Measure.MONEY, least=60), Rule("l", "theme:l", Measure.AWARDS, most=2))
    )
    other = [replace(ask, merit=(ask.merit or 0) * scale[0] + scale[1]) for ask in some]
    assert proposed(other, terms).awarded == proposed(some, terms).awarded


def test_equals_that_do_not_all_fit_are_left_to_people() -> None:
    found = proposed(asks(("a", 5, 10), ("b", 4, 10), ("c", 4, 10), ("d", 3, 5)), Terms(25))
    assert why(found) == {"a": "above_line", "b": "equal_at_line", "c": "equal_at_line", "d": "below_line"}


def test_an_award_at_the_line_is_worth_less_than_nothing_to_the_programme() -> None:
    """Else it could choose among equals as it likes, without a reason."""
    some = asks(("a", 5, 10), ("b", 4, 10), ("c", 4, 10), ("d", 3, 5))
    above, *equals, below = _weights(some, Terms(25), _line(some, Terms(25), {}))
    assert above > 0 > max(equals) > below


def test_the_first_that_does_not_fit_is_not_passed_over_for_a_smaller_one() -> None:
    found = proposed(asks(("a", 5, 10), ("b", 4, 20), ("c", 3, 5)), Terms(25))
    assert why(found) == {"a": "above_line", "b": "too_large", "c": "below_line"}
    assert (found.line, found.spent_minor) == (1, 10)


def test_what_was_not_tallied_is_never_proposed() -> None:
    found = proposed(asks(("a", None, 10), ("b", 4, 20)), Terms(100))
    assert why(found) == {"a": "not_tallied", "b": "above_line"}


# -- Rules ------------------------------------------------------------------------------------------------------------


def test_a_minimum_brings_in_the_best_of_its_group_and_says_who_made_way() -> None:
    some = asks(("a", 5, 30), ("b", 4, 30), ("c", 3, 30), ("n1", 2, 30, "region:north"), ("n2", 1, 30, "region:north"))
    found = proposed(some, Terms(90, rules=(NORTH,)))
    assert found.awarded == {"a", "b", "n1"}
    assert found.reasons["n1"].rules == ("north",)
    assert found.reasons["c"].rules == ("north",)
    assert why(found) == {
        "a": "above_line",
        "b": "above_line",
        "c": "made_way",
        "n1": "for_minimum",
        "n2": "below_line",
    }
    assert effects_of_rules(some, Terms(90, rules=(NORTH,)), found) == {"north": (frozenset({"n1"}), frozenset({"c"}))}


def test_nothing_below_the_floor_comes_in_even_for_a_minimum() -> None:
    some = asks(("a", 5, 30), ("n1", 1, 30, "region:north"))
    found = proposed(some, Terms(60, rules=(NORTH,), floor=2))
    assert why(found) == {"a": "above_line", "n1": "below_floor"}
    assert found.short == {"north": 30}


def test_a_minimum_that_cannot_be_met_is_missed_by_as_little_as_can_be() -> None:
    some = asks(("a", 5, 30), ("n1", 1, 20, "region:north"))
    found = proposed(some, Terms(60, rules=(NORTH,)))
    assert found.awarded == {"a", "n1"}
    assert found.short == {"north": 10}


def test_a_maximum_keeps_out_and_the_next_by_rank_has_the_room() -> None:
    some = asks(("a", 5, 30, "region:n"), ("b", 4, 30, "region:n"), ("c", 3, 30), ("d", 2, 30))
    found = proposed(some, Terms(60, rules=(Rule("n", "region:n", Measure.AWARDS, most=1),)))
    assert why(found) == {"a": "above_line", "b": "maximum", "c": "room_left", "d": "below_line"}
    assert found.reasons["b"].rules == ("n",)


def test_restricted_money_pays_only_for_what_it_may() -> None:
    some = [
        Ask("a", 5, 40, pots=frozenset({"open"})),
        Ask("b", 4, 30, pots=frozenset({"open", "women"})),
        Ask("c", 3, 30, pots=frozenset({"open"})),
    ]
    found = proposed(some, Terms(100, pots=(Pot("open", 60), Pot("women", 40))))
    assert found.awarded == {"a", "b"}
    assert why(found)["c"] == "no_pot"
    assert found.paid_from == {"a": {"open": 40}, "b": {"women": 30}}


def test_an_award_may_come_from_two_pots() -> None:
    found = proposed(asks(("a", 5, 50)), Terms(60, pots=(Pot("one", 30), Pot("two", 30))))
    assert found.paid_from is not None
    assert sum(found.paid_from["a"].values()) == 50
    assert max(found.paid_from["a"].values()) <= 30


# -- People -----------------------------------------------------------------------------------------------------------


def test_what_people_put_in_is_paid_first_and_what_they_take_out_leaves_room() -> None:
    some = asks(("a", 5, 30), ("b", 4, 30), ("c", 3, 30), ("d", 2, 30))
    found = proposed(some, Terms(60), {"d": True, "a": False})
    assert why(found) == {"a": "taken_out", "b": "above_line", "c": "gave_way", "d": "put_in"}


def test_what_people_put_in_beyond_the_budget_is_no_proposal() -> None:
    some = asks(("a", 5, 30), ("b", 4, 40))
    assert propose(some, Terms(60), {"a": True, "b": True}) is None
    assert contradiction(some, Terms(60), {"a": True, "b": True}) == ("budget",)


# -- Contradictions ---------------------------------------------------------------------------------------------------


def test_rules_that_contradict_each_other_are_named_and_no_others() -> None:
    some = asks(*((f"e{n}", n, 10, f"region:{'nsew'[n % 4]}") for n in range(12)))
    rules = tuple(Rule(f"at least {r}", f"region:{r}", Measure.MONEY, least=30) for r in "nsew")
    terms = Terms(100, rules=(*rules, Rule("at most two in the north", "region:n", Measure.AWARDS, most=2)))
    assert contradiction(some, terms) == ("at least n", "at most two in the north")
    assert contradiction(some, Terms(100, rules=rules)) == (
        "at least n",
        "at least s",
        "at least e",
        "at least w",
        "budget",
    )
    assert contradiction(some, Terms(120, rules=rules)) == ()


# -- The best list, found in other ways -------------------------------------------------------------------------------


def worth_of(chosen: Sequence[Ask], some: Sequence[Ask], terms: Terms, zero: float) -> float | None:
    """The objective of a list, or None where it breaks a hard rule."""
    spent = sum(ask.amount_minor for ask in chosen)
    counted = {rule.code: sum(rule.counts(ask) for ask in chosen) for rule in terms.rules}
    if spent > terms.budget_minor or (terms.places is not None and len(chosen) > terms.places):
        return None
    if any(rule.most is not None and counted[rule.code] > rule.most for rule in terms.rules):
        return None
    if terms.floor is not None and any((ask.merit or 0) < terms.floor for ask in chosen):
        return None
    merits = [ask.merit or 0 for ask in some]
    width = (max(merits) - min(merits)) or 1
    largest = max(ask.amount_minor for ask in some)
    worth = sum(ask.amount_minor * ((ask.merit or 0) - zero) / width for ask in chosen)
    for rule in terms.rules:
        missing = max(0, rule.least - counted[rule.code])
        worth -= SHORTFALL_COST * missing * (1 if rule.measure is Measure.MONEY else largest)
    return worth / terms.budget_minor


def random_terms(seed: int) -> Terms:
    chance = random.Random(seed)
    rules = [
        Rule("n least", "region:n", Measure.MONEY, least=chance.randrange(0, 90)),
        Rule("s most", "region:s", Measure.MONEY, most=chance.randrange(20, 90)),
        Rule("l least", "theme:l", Measure.AWARDS, least=chance.randrange(0, 4)),
        Rule("w most", "theme:w", Measure.AWARDS, most=chance.randrange(0, 4)),
    ]
    kept = tuple(rule for rule in rules if chance.random() < 0.7)
    return Terms(chance.randrange(60, 200), chance.choice([None, None, 5]), kept, floor=chance.choice([None, 2.0]))


def without_what_was_left(found: Proposal, some: Sequence[Ask]) -> list[Ask]:
    """The list as the programme made it: before the room that rules left was filled."""
    return [a for a in some if a.entry_id in found.awarded and found.reasons[a.entry_id].why is not Why.ROOM_LEFT]


@solving
@given(SEEDS)
def test_no_other_list_of_all_is_better(seed: int) -> None:
    """Ten entries: all 1,024 lists."""
    some, terms = some_asks(seed, 10), random_terms(seed)
    found = proposed(some, terms)
    line = by_rank(
        [a for a in some if terms.floor is None or (a.merit or 0) >= terms.floor], terms.budget_minor, terms.places
    )
    below = [
        a.merit or 0 for a in some if a.entry_id not in line and (terms.floor is None or (a.merit or 0) >= terms.floor)
    ]
    merits = [a.merit or 0 for a in some]
    zero = max(below) if below else min(merits) - ((max(merits) - min(merits)) or 1)
    lists = (
        worth_of([a for a, yes in zip(some, bits, strict=True) if yes], some, terms, zero)
        for bits in itertools.product((False, True), repeat=len(some))
    )
    best = max(worth for worth in lists if worth is not None)
    mine = worth_of(without_what_was_left(found, some), some, terms, zero)
    assert mine is not None
    assert mine == pytest.approx(best, abs=1e-5)
    assert worth_of([a for a in some if a.entry_id in found.awarded], some, terms, zero) is not None, "a rule is broken"


@pytest.mark.parametrize("seed", range(12))
def test_no_other_list_of_sixteen_is_better(seed: int) -> None:
    """Sixteen entries: all 65,536 lists at once, by a matrix of bits, as `worth_of` reckons one of them."""
    some, terms = some_asks(seed, 16), random_terms(seed)
    found = proposed(some, terms)
    lists = (np.arange(1 << 16)[:, None] >> np.arange(16)) & 1
    amounts = np.array([ask.amount_minor for ask in some], dtype=float)
    merits = np.array([ask.merit for ask in some], dtype=float)
    is_open = merits >= (terms.floor if terms.floor is not None else -np.inf)
    line = by_rank([ask for ask, yes in zip(some, is_open, strict=True) if yes], terms.budget_minor, terms.places)
    below = [ask.merit or 0 for ask, yes in zip(some, is_open, strict=True) if yes and ask.entry_id not in line]
    width = np.ptp(merits) or 1.0
    zero = max(below) if below else merits.min() - width
    holds = (lists @ amounts <= terms.budget_minor) & ~(lists @ ~is_open).astype(bool)
    if terms.places is not None:
        holds &= lists.sum(axis=1) <= terms.places
    worth = lists @ (amounts * (merits - zero)) / width
    for rule in terms.rules:
        counted = lists @ np.array([rule.counts(ask) for ask in some])
        if rule.most is not None:
            holds &= counted <= rule.most
        unit = 1 if rule.measure is Measure.MONEY else amounts.max()
        worth -= SHORTFALL_COST * unit * np.maximum(0, rule.least - counted)
    assert 1 < holds.sum() < len(lists)
    mine = worth_of(without_what_was_left(found, some), some, terms, zero)
    assert mine == pytest.approx(worth[holds].max() / terms.budget_minor, abs=1e-5)


@solving
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_in_which_entries_and_rules_are_named_changes_nothing(seed: int, chance: random.Random) -> None:
    some, terms = some_asks(seed), random_terms(seed)
    first = proposed(some, terms)
    other, rules = list(some), list(terms.rules)
    chance.shuffle(other)
    chance.shuffle(rules)
    again = proposed(other, replace(terms, rules=tuple(rules)))
    assert (again.awarded, again.line, again.short) == (first.awarded, first.line, first.short)
    assert why(again) == why(first)


@solving
@example(1672)  # two equals at the line, of whom a minimum needs one
@given(SEEDS)
def test_a_second_solver_finds_the_same_value(seed: int) -> None:
    """Sixty entries, rules and pots, by the mixed integer solver of SciPy, from the terms and not from our rows."""
    chance = random.Random(seed)
    codes = frozenset({"open", "land"})
    some = [replace(a, pots=chance.choice([None, frozenset({"open"}), codes])) for a in some_asks(seed, 60)]
    terms = replace(
        random_terms(seed), budget_minor=500, places=None, floor=None, pots=(Pot("open", 300), Pot("land", 200))
    )
    found = proposed(some, terms)
    line = by_rank(some, 500)
    merits = np.array([a.merit for a in some])
    width, zero = np.ptp(merits), max(a.merit or 0 for a in some if a.entry_id not in line)
    amounts = np.array([a.amount_minor for a in some], dtype=float)
    n, minima = len(some), [rule for rule in terms.rules if rule.least]
    size = n + 2 * n + len(minima)
    cost = np.zeros(size)
    cost[:n] = -amounts / 500 * (merits - zero) / width
    rows, low, high = [], [], []

    def row(cells: Mapping[int, float], lower: float, upper: float) -> None:
        line = np.zeros(size)
        for column, value in cells.items():
            line[column] = value
        rows.append(line)
        low.append(lower)
        high.append(upper)

    row(dict(enumerate(amounts)), -np.inf, 500)
    for i, ask in enumerate(some):
        row({i: -amounts[i], n + 2 * i: 1, n + 2 * i + 1: 1}, 0, 0)
        allowed = ask.pots if ask.pots is not None else codes
        for p, code in enumerate(("open", "land")):
            row({n + 2 * i + p: 1}, 0, np.inf if code in allowed else 0)
    for p, money in enumerate((300, 200)):
        row({n + 2 * i + p: 1 for i in range(n)}, -np.inf, money)
    for rule in terms.rules:
        cells = {i: float(rule.counts(ask)) for i, ask in enumerate(some) if rule.counts(ask)}
        if rule.most is not None:
            row(cells, -np.inf, rule.most)
        if rule.least:
            slack = 3 * n + minima.index(rule)
            cost[slack] = SHORTFALL_COST / 500 * (1 if rule.measure is Measure.MONEY else amounts.max())
            row({**cells, slack: 1}, rule.least, np.inf)
    upper = np.concatenate([np.ones(n), np.full(size - n, np.inf)])
    other = scipy.optimize.milp(
        cost,
        integrality=np.concatenate([np.ones(n), np.zeros(size - n)]),
        bounds=scipy.optimize.Bounds(0, upper),
        constraints=scipy.optimize.LinearConstraint(np.array(rows), low, high),
        options={"mip_rel_gap": 1e-9},
    )
    mine = worth_of(without_what_was_left(found, some), some, terms, zero)
    assert other.status == 0
    assert mine == pytest.approx(-other.fun, abs=1e-4)


def test_a_minimum_is_named_though_what_fills_the_room_counts_for_it_too() -> None:
    some = asks(
        ("s1", 5.0, 10, "region:south"),
        ("s2", 4.0, 10, "region:south"),
        ("s3", 3.0, 10, "region:south"),
        ("n1", 2.0, 10, "region:north"),
        ("n2", 1.0, 10, "region:north"),
    )
    least = Rule("n", "region:north", Measure.AWARDS, least=1)
    most = Rule("s", "region:south", Measure.AWARDS, most=1)
    found = proposed(some, Terms(budget_minor=30, rules=(least, most)))
    assert why(found) == {
        "n1": "for_minimum",
        "n2": "room_left",
        "s1": "above_line",
        "s2": "maximum",
        "s3": "maximum",
    }
    assert found.reasons["n1"].rules == ("n",)


@given(seed=st.integers(0, 10_000))
def test_whoever_is_in_for_a_minimum_has_it_named(seed: int) -> None:
    rules = (
        Rule("n", "region:north", Measure.AWARDS, least=2),
        Rule("s", "region:south", Measure.AWARDS, most=1),
    )
    found = propose(some_asks(seed), Terms(budget_minor=100, rules=rules))
    assert found is not None
    assert all(reason.rules for reason in found.reasons.values() if reason.why is Why.FOR_MINIMUM)
