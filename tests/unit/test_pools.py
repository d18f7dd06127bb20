"""Pools in which applicants review each other: the draw, what each gives, and that nobody moves their own outcome."""

import functools
import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.review.pools import (
    FixedAwards,
    Lot,
    PoolName,
    Share,
    coin,
    deal,
    divided,
    fingerprint,
    put_last,
    seed_of,
    shares,
    tied_groups,
)
from fundapp.review.rules import Candidate, Choice, by_rank_order
from fundapp.review.tally import ScoreRow, WeightedCriterion, tally

SCALE: Final = [WeightedCriterion("merit", 1, 1, 5)]
INSTANCES: Final = 60
SWEEPS: Final = 8
LOTS = st.lists(st.builds(Lot, st.integers(1, 4), st.text("abcdef0123456789", min_size=6)), min_size=2, unique=True)
LABELLED = LOTS.filter(lambda lots: len({lot.label for lot in lots}) == len(lots))


def test_whoever_is_tied_to_two_ties_them_along_the_chain() -> None:
    ties = [("a", 1), ("c", 1), ("c", 2), ("e", 2), ("b", 3), ("not here", 3), ("d", 4)]
    assert tied_groups(["a", "b", "c", "d", "e"], ties) == [["a", "c", "e"], ["b"], ["d"]]
    assert tied_groups(["a", "b"], []) == [["a"], ["b"]]


def test_the_draw_is_what_anybody_reckons_from_what_is_published() -> None:
    lots = [Lot(2, "0c"), Lot(1, "0a"), Lot(1, "0b"), Lot(2, "0d"), Lot(2, "0e")]
    published = b"1 0a\n1 0b\n2 0c\n2 0d\n2 0e"
    assert fingerprint(lots) == hashlib.sha256(published).hexdigest()
    seed = hashlib.sha256(f"{fingerprint(lots)}\n7 11 19 23 40 44".encode()).hexdigest()
    assert seed_of(fingerprint(lots), "  7 11 19  23 40 44\n") == seed

    def of(label: str) -> str:
        return hashlib.sha256(f"{seed}\n{label}".encode()).hexdigest()

    order = [*sorted(["0a", "0b"], key=of), *sorted(["0c", "0d", "0e"], key=of)]
    turns = "AB" if int(of("first"), 16) % 2 == 0 else "BA"
    assert deal(lots, seed) == {label: turns[place % 2] for place, label in enumerate(order)}


@given(LABELLED, st.text("0123456789abcdef", min_size=8))
def test_the_draw_halves_each_stratum_and_the_whole(lots: list[Lot], seed: str) -> None:
    dealt = deal(lots, seed)
    assert dealt == deal(list(reversed(lots)), seed)
    for stratum in {lot.stratum for lot in lots}:
        counts = Counter(dealt[lot.label] for lot in lots if lot.stratum == stratum)
        assert abs(counts[PoolName.A] - counts[PoolName.B]) <= 1
    assert abs(sum(1 if pool is PoolName.A else -1 for pool in dealt.values())) <= 1


def test_seeds_differ_in_where_a_lot_goes() -> None:
    lots = [Lot(1, f"{number:02x}") for number in range(8)]
    with_a = Counter(label for n in range(400) for label, pool in deal(lots, str(n)).items() if pool is PoolName.A)
    assert all(150 < with_a[lot.label] < 250 for lot in lots)


@given(st.integers(0, 10**12), st.integers(0, 10**10), st.integers(0, 10**10), st.sampled_from(PoolName))
def test_what_is_divided_is_whole_and_in_proportion(total: int, one: int, other: int, odd_to: PoolName) -> None:
    given = divided(total, {PoolName.A: one, PoolName.B: other}, odd_to=odd_to)
    assert sum(given.values()) == total
    asked = one + other or 2
    for pool, part in ((PoolName.A, one if one + other else 1), (PoolName.B, other if one + other else 1)):
        assert abs(given[pool] * asked - total * part) <= asked / 2


def test_the_odd_one_goes_where_the_seed_throws_it() -> None:
    even = {PoolName.A: 7, PoolName.B: 7}
    assert divided(3, even, odd_to=PoolName.B) == {PoolName.A: 1, PoolName.B: 2}
    assert divided(3, even, odd_to=PoolName.A) == {PoolName.A: 2, PoolName.B: 1}
    assert divided(3, {PoolName.A: 2, PoolName.B: 1}, odd_to=PoolName.B) == {PoolName.A: 2, PoolName.B: 1}


def test_prizes_are_set_apart_and_the_rest_is_divided_by_what_is_asked() -> None:
    requested = {("art", PoolName.A): 6, ("art", PoolName.B): 2, ("", PoolName.A): 100, ("", PoolName.B): 300}
    given = shares(budget_minor=1000, categories=[FixedAwards("art", 4, 50)], requested=requested, seed="s")
    assert given == {
        ("art", PoolName.A): Share(3, 150),
        ("art", PoolName.B): Share(1, 50),
        ("", PoolName.A): Share(None, 200),
        ("", PoolName.B): Share(None, 600),
    }
    assert ("", PoolName.A) not in shares(
        budget_minor=200, categories=[FixedAwards("art", 4, 50)], requested={("art", PoolName.A): 1}, seed="s"
    )
    with pytest.raises(ValueError, match="more than the budget"):
        shares(budget_minor=199, categories=[FixedAwards("art", 4, 50)], requested={}, seed="s")


def test_put_last_keeps_the_order_of_both_and_their_ties() -> None:
    marks = {"a": 5, "b": 4, "c": 4, "d": 3, "e": 3, "f": 2}
    figures = tally([*marks, "g"], SCALE, [ScoreRow(entry, "r", "merit", mark) for entry, mark in marks.items()])
    again = put_last(figures, {"a", "b", "g"})
    assert [(each.entry_id, each.rank_label) for each in again] == [
        ("c", "1"),
        ("d", "=2"),
        ("e", "=2"),
        ("f", "4"),
        ("a", "5"),
        ("b", "6"),
        ("g", ""),
    ]
    assert put_last(figures, set()) == figures


# What nobody can do for themselves. Applicants read each other, and two who do not apply read anything; each applicant
# in turn says something else, and nothing may change for them. The same is tried on four ways that are known to fail.

Reports = Mapping[str, Mapping[str, int]]
"""Reader -> entry -> mark."""
Outcome = Mapping[str, tuple[int | None, bool]]
"""Entry -> rank, and whether it is selected."""
Mechanism = Callable[["Instance", Reports], Outcome]


@dataclass(frozen=True)
class Instance:
    """Invented applicants in their pools, with what everybody read and said; each is called as their entry."""

    pools: Mapping[str, PoolName]
    reports: Reports
    asks: Mapping[str, int]
    north: frozenset[str]
    given: Mapping[PoolName, Share]


def made(number: int, *, in_pools: bool = True) -> Instance:
    """Return an instance; without pools people read anybody but themselves."""
    chance = random.Random(number)
    names = [f"e{place:02}" for place in range(chance.randrange(8, 16))]
    ties = [(name, chance.choice(names)) for name in chance.sample(names, 3)] + [(name, name) for name in names]
    groups = tied_groups(names, ties)
    lots = [Lot(place % 2, f"{place:02x}") for place, _ in enumerate(groups)]
    dealt = deal(lots, seed_of(fingerprint(lots), str(number)))
    pools = {name: dealt[lot.label] for lot, group in zip(lots, groups, strict=True) for name in group}
    merit = {name: chance.gauss(3, 1) for name in names}
    reports: dict[str, dict[str, int]] = {}
    for reader in [*names, "x1", "x2"]:
        same = [name for name in names if in_pools and pools[name] == pools.get(reader)]
        others = [name for name in names if name != reader and name not in same]
        strict = chance.gauss(0, 0.8)
        reports[reader] = {
            name: min(5, max(1, round(merit[name] - strict + chance.gauss(0, 0.7))))
            for name in chance.sample(others, min(5, len(others)))
        }
    asks = {name: chance.randrange(5, 20) for name in names}
    sums = {("", pool): sum(asks[name] for name in names if pools[name] is pool) for pool in PoolName}
    given = shares(budget_minor=sum(asks.values()) // 3, categories=[], requested=sums, seed=str(number))
    return Instance(
        pools=pools,
        reports=reports,
        asks=asks,
        north=frozenset(chance.sample(names, len(names) // 3)),
        given={pool: share for (_code, pool), share in given.items()},
    )


def other_reports(instance: Instance, reader: str, number: int) -> list[Mapping[str, int]]:
    """Return eight other things that a reader could have said, silence among them."""
    own, chance = instance.reports[reader], random.Random(number)
    some = [{name: chance.randint(1, 5) for name in own} for _ in range(4)]
    return [dict.fromkeys(own, 1), dict.fromkeys(own, 5), {name: 6 - mark for name, mark in own.items()}, {}, *some]


def in_pools(instance: Instance, reports: Reports) -> Outcome:
    """Rank and select as this service does: each pool by itself, with its own money."""
    return _selected(instance, {pool: _plain(reports, _members(instance, pool)) for pool in PoolName})


def with_severity_in_pools(instance: Instance, reports: Reports) -> Outcome:
    """Correct the marks of each pool for strict and lenient readers, by what was said of that pool alone."""
    return _selected(
        instance,
        {pool: _corrected(reports, _members(instance, pool), _members(instance, pool)) for pool in PoolName},
    )


def with_severity_over_all(instance: Instance, reports: Reports) -> Outcome:
    """Correct them by what was said of both pools: this must fail."""
    everybody = sorted(instance.pools)
    return _selected(instance, {pool: _corrected(reports, _members(instance, pool), everybody) for pool in PoolName})


def plain_mean_over_all(instance: Instance, reports: Reports) -> Outcome:
    """Rank everybody in one list: this must fail, also where people read the other pool alone."""
    return _joint(instance, reports, minimum=0)


def best_lists_in_pools(instance: Instance, reports: Reports) -> Outcome:
    """Select the best list of each pool by itself, with its own line, money and half of the minimum for the North."""
    chosen: dict[str, tuple[int | None, bool]] = {}
    for pool in PoolName:
        chosen |= _best_list(instance, reports, _members(instance, pool), instance.given[pool].money_minor)
    return chosen


def one_best_list_with_a_minimum(instance: Instance, reports: Reports) -> Outcome:
    """Rank by pool, and select the best list out of both with a minimum for the North: this must fail."""
    ranks = in_pools(instance, reports)
    money = sum(share.money_minor for share in instance.given.values())
    joint = _best_list(instance, reports, sorted(instance.pools), money)
    return {name: (ranks[name][0], joint[name][1]) for name in ranks}


def one_slate_with_a_minimum(instance: Instance, reports: Reports) -> Outcome:
    """Rank by pool, and fill one list out of both by rank with a minimum for the North: this must fail."""
    ranks = in_pools(instance, reports)
    joint = _joint(instance, reports, minimum=len(instance.north) // 2)
    return {name: (ranks[name][0], joint[name][1]) for name in ranks}


def _members(instance: Instance, pool: PoolName) -> list[str]:
    return sorted(name for name, each in instance.pools.items() if each is pool)


def _plain(reports: Reports, members: Sequence[str]) -> dict[str, int | None]:
    rows = [
        ScoreRow(name, reader, "merit", mark)
        for reader, marks in reports.items()
        for name, mark in marks.items()
        if name in members
    ]
    return {each.entry_id: each.rank for each in tally(members, SCALE, rows)}


def _corrected(reports: Reports, members: Sequence[str], over: Sequence[str]) -> dict[str, int | None]:
    """Fit entry and reader effects by turns over some entries, and rank the members by theirs."""
    of_entry: dict[str, list[tuple[str, int]]] = {name: [] for name in over}
    of_reader: dict[str, list[tuple[str, int]]] = {}
    for reader, own in reports.items():
        for name, mark in own.items():
            if name in of_entry:
                of_entry[name].append((reader, mark))
                of_reader.setdefault(reader, []).append((name, mark))
    entry, strict = dict.fromkeys(over, 3.0), dict.fromkeys(of_reader, 0.0)
    for _sweep in range(SWEEPS):
        for reader, said in of_reader.items():
            strict[reader] = sum(mark - entry[name] for name, mark in said) / (len(said) + 1)
        for name, heard in of_entry.items():
            entry[name] = sum(mark - strict[reader] for reader, mark in heard) / (len(heard) or 1)
    rounded = {name: round(entry[name], 9) for name in members}
    return {name: 1 + sum(other > rounded[name] for other in rounded.values()) for name in members}


def _selected(instance: Instance, ranks: Mapping[PoolName, Mapping[str, int | None]]) -> Outcome:
    candidates = [
        Candidate(name, pool, rank, instance.asks[name], purse=pool)
        for pool, own in ranks.items()
        for name, rank in own.items()
    ]
    left: dict[str, int] = {pool: share.money_minor for pool, share in instance.given.items()}
    choices = by_rank_order(candidates, left_minor=left, awards_left={})
    return {each.entry_id: (each.rank, choices.get(each.entry_id) is Choice.AWARD) for each in candidates}


@functools.cache
def _subsets(count: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Return all lists that can be made of so many, a row each."""
    return np.array(list(itertools.product((0, 1), repeat=count)), dtype=np.int64)


def _best_list(instance: Instance, reports: Reports, members: Sequence[str], money: int) -> Outcome:
    """Solve the 0/1 programme over these entries exactly, by looking at every list there is.

    It takes the largest sum of money x (mark - line) within the money, with half of those of the North where that can
    be; the line is the mark of the first that does not fit by rank.
    """
    marks = {name: [own[name] for own in reports.values() if name in own] for name in members}
    merit = {name: sum(own) / len(own) if own else 1.0 for name, own in marks.items()}
    order, left, line = sorted(members, key=lambda name: (-merit[name], name)), money, 0.0
    for name in order:
        if instance.asks[name] > left:
            line = merit[name]
            break
        left -= instance.asks[name]
    lists = _subsets(len(members))
    asks = np.array([instance.asks[name] for name in members])
    north = np.array([name in instance.north for name in members])
    value = lists @ (asks * np.array([round(merit[name] - line, 9) for name in members]))
    fits = lists @ asks <= money
    enough = fits & (lists @ north >= north.sum() // 2)
    best = lists[np.where(enough if enough.any() else fits, value, -np.inf).argmax()]
    ranks = {name: 1 + sum(other > merit[name] for other in merit.values()) for name in members}
    return {name: (ranks[name], bool(taken)) for name, taken in zip(members, best, strict=True)}


def _joint(instance: Instance, reports: Reports, *, minimum: int) -> Outcome:
    ranks = _plain(reports, sorted(instance.pools))
    order = sorted(ranks, key=lambda name: (ranks[name] or len(ranks) + 1, name))
    first = [name for name in order if name in instance.north][:minimum]
    left, chosen = sum(share.money_minor for share in instance.given.values()), set()
    for name in [*first, *(name for name in order if name not in first)]:
        if instance.asks[name] <= left:
            chosen.add(name)
            left -= instance.asks[name]
    return {name: (ranks[name], name in chosen) for name in ranks}


@dataclass(frozen=True)
class Moved:
    """How many tries there were, and in how many something changed for whoever said something else, or for others."""

    tries: int
    own: int
    others: int


def moved(mechanism: Mechanism, *, pools: bool = True) -> Moved:
    """Let three applicants of each instance say eight other things each."""
    tries = own = others = 0
    for number in range(INSTANCES):
        instance = made(number, in_pools=pools)
        before = mechanism(instance, instance.reports)
        for reader in random.Random(number).sample(sorted(instance.pools), 3):
            for other in other_reports(instance, reader, number):
                after = mechanism(instance, {**instance.reports, reader: other})
                changed = {name for name in before if before[name] != after[name]}
                tries += 1
                own += reader in changed
                others += bool(changed - {reader})
    return Moved(tries, own, others)


@pytest.mark.parametrize(
    "mechanism", [in_pools, with_severity_in_pools, best_lists_in_pools], ids=lambda each: each.__name__
)
def test_nobody_changes_what_becomes_of_themselves_by_what_they_say(mechanism: Mechanism) -> None:
    found = moved(mechanism)
    assert found.tries == INSTANCES * 3 * 8
    assert found.own == 0
    assert found.others > found.tries / 2


@pytest.mark.parametrize(
    ("mechanism", "at_least"),
    [
        (plain_mean_over_all, 0.1),
        (with_severity_over_all, 0.005),
        (one_slate_with_a_minimum, 0.02),
        (one_best_list_with_a_minimum, 0.02),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_what_is_reckoned_over_both_pools_can_be_moved_for_oneself(mechanism: Mechanism, at_least: float) -> None:
    found = moved(mechanism)
    assert found.tries == INSTANCES * 3 * 8
    assert found.own > at_least * found.tries


def test_without_pools_a_plain_mean_is_moved_for_oneself() -> None:
    assert moved(plain_mean_over_all, pools=False).own > 0


def test_a_throw_depends_on_what_it_is_for() -> None:
    throws = Counter(coin("seed", str(number)) for number in range(400))
    assert 150 < throws[True] < 250
