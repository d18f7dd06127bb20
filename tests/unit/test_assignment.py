"""Assignment is checked by its objective and constraints: many plans may be equally good."""

import itertools
import random
from collections import Counter
from collections.abc import Collection, Mapping

import networkx as nx  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fundapp.review.assignment import (
    AssignmentPlan,
    EntryNeed,
    Pair,
    ReviewerOffer,
    ShortfallCause,
    plan_assignment,
)

LANGUAGES = ("ar", "en", "es", "fr")


def one_each(count: int, prefix: str) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def square(costs: Mapping[tuple[str, str], int]) -> AssignmentPlan:
    """Assign one reviewer to each of three entries; pairs without a cost are not possible."""
    pairs = {Pair(entry, reviewer): -cost for (reviewer, entry), cost in costs.items()}
    everyone = [Pair(e, r) for e in one_each(3, "p") for r in one_each(3, "u")]
    return plan_assignment(
        [EntryNeed(entry, 1) for entry in one_each(3, "p")],
        [ReviewerOffer(reviewer, 1) for reviewer in one_each(3, "u")],
        conflicts=[pair for pair in everyone if pair not in pairs],
        affinity=pairs,
    )


def level_sums(
    plan: AssignmentPlan,
    entries: Collection[EntryNeed],
    current: Collection[Pair] = (),
    affinity: Mapping[Pair, int] | None = None,
) -> tuple[int, int, int, int, int]:
    """Return the objective level by level, every one to be as small as possible."""
    got = Counter(pair.entry_id for pair in plan.pairs)
    empty = [max(0, entry.seats - got[entry.id]) for entry in entries]
    return (
        sum(empty),
        sum(n * (n - 1) // 2 for n in empty),
        -len(plan.pairs & set(current)),
        sum(load * (load - 1) // 2 for load in plan.loads.values()),
        -sum((affinity or {}).get(pair, 0) for pair in plan.pairs),
    )


def by_network_simplex(
    entries: list[EntryNeed],
    reviewers: list[ReviewerOffer],
    conflicts: Collection[Pair],
    current: Collection[Pair],
    affinity: Mapping[Pair, int],
) -> tuple[int, int, int, int, int]:
    """Solve the same question as one min-cost flow in whole numbers of any size, by an independent solver."""
    step = 10**6
    weights = [step**4, step**3, step**2, step, 1]
    graph = nx.DiGraph()
    for entry in entries:
        graph.add_node(entry.id, demand=-entry.seats)
        for j in range(entry.seats):
            graph.add_edge(entry.id, f"empty {entry.id} {j}", capacity=1, weight=weights[0] + j * weights[1])
            graph.add_edge(f"empty {entry.id} {j}", "sink", capacity=1, weight=0)
    graph.add_node("sink", demand=sum(entry.seats for entry in entries))
    for reviewer in reviewers:
        for j in range(reviewer.max_load):
            graph.add_edge(reviewer.id, f"place {reviewer.id} {j}", capacity=1, weight=j * weights[3])
            graph.add_edge(f"place {reviewer.id} {j}", "sink", capacity=1, weight=0)
        for entry in entries:
            pair = Pair(entry.id, reviewer.id)
            if pair not in conflicts and reviewer.reads(entry.language):
                weight = -affinity.get(pair, 0) - weights[2] * (pair in current)
                graph.add_edge(entry.id, reviewer.id, capacity=1, weight=weight)
    _, flow = nx.network_simplex(graph)
    pairs = frozenset(
        Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers if flow[entry.id].get(reviewer.id)
    )
    loads = {r.id: sum(pair.reviewer_id == r.id for pair in pairs) for r in reviewers}
    return level_sums(AssignmentPlan(pairs, loads, ()), entries, current, affinity)


@st.composite
def instances(draw: st.DrawFn) -> tuple[list[EntryNeed], list[ReviewerOffer], set[Pair]]:
    entries = [
        EntryNeed(f"e{n}", draw(st.integers(0, 4)), draw(st.sampled_from([None, *LANGUAGES])))
        for n in range(draw(st.integers(0, 8)))
    ]
    reviewers = [
        ReviewerOffer(f"r{n}", draw(st.integers(0, 5)), draw(st.frozensets(st.sampled_from(LANGUAGES))))
        for n in range(draw(st.integers(0, 6)))
    ]
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    conflicts = draw(st.sets(st.sampled_from(every))) if every else set()
    return entries, reviewers, conflicts


def test_published_three_by_three_has_the_known_best_sum() -> None:
    """Source: the example matrix of the PeerReview4All read-me, whose largest sum is 1.5."""
    similarity = [[100, 80, 100], [0, 0, 24], [25, 25, 50]]
    costs = {(f"u{u}", f"p{p}"): -similarity[u][p] for u in range(3) for p in range(3)}
    plan = square(costs)
    assert sum(similarity[int(r[1])][int(e[1])] for e, r in plan.pairs) == 150
    assert not plan.shortfalls


def test_published_flow_graph_with_one_best_plan() -> None:
    """Source: the first graph of HotCRP's min-cost flow tests."""
    costs = {
        ("u0", "p0"): 0,
        ("u0", "p1"): -1,
        ("u1", "p0"): 0,
        ("u1", "p1"): 0,
        ("u1", "p2"): 0,
        ("u2", "p0"): 0,
        ("u2", "p2"): 1,
    }
    assert square(costs).pairs == {Pair("p1", "u0"), Pair("p2", "u1"), Pair("p0", "u2")}


def test_published_flow_graph_where_all_plans_are_best() -> None:
    """Source: the second graph of HotCRP's tests: any permutation is right, and the salt chooses among them."""
    costs = {(r, e): 1 for r in one_each(3, "u") for e in one_each(3, "p")}
    everyone = [Pair(e, r) for e in one_each(3, "p") for r in one_each(3, "u")]
    assert square(costs).pairs in {
        frozenset(Pair(f"p{i}", f"u{u}") for i, u in enumerate(order)) for order in itertools.permutations(range(3))
    }
    plans = {
        plan_assignment(
            [EntryNeed(entry, 1) for entry in one_each(3, "p")],
            [ReviewerOffer(reviewer, 1) for reviewer in one_each(3, "u")],
            conflicts=(),
            affinity=dict.fromkeys(everyone, 1),
            salt=str(salt),
        ).pairs
        for salt in range(60)
    }
    assert len(plans) == 6


def test_published_flow_graph_with_two_best_plans() -> None:
    """Source: the third graph of HotCRP's tests: the cheap square is used, either way round."""
    cheap = {"u0", "u1"}
    costs = {(r, e): int(not (r in cheap and e in {"p0", "p1"})) for r in one_each(3, "u") for e in one_each(3, "p")}
    pairs = square(costs).pairs
    assert Pair("p2", "u2") in pairs
    assert {pair.reviewer_id for pair in pairs if pair.entry_id != "p2"} == cheap


def test_published_convex_load_graph_has_the_known_cost() -> None:
    """Source: the graph with convex load in HotCRP's tests: two entries of two seats, cost 66 with even loads first.

    Even loads (2, 1, 1) cost 1 in any case, so the affinity part of the known optimum is 65.
    """
    costs = dict(zip(((u, p) for u in ("u0", "u1", "u2") for p in ("p0", "p1")), (7, 23, 41, 5, 60, 12), strict=True))
    plan = plan_assignment(
        [EntryNeed("p0", 2), EntryNeed("p1", 2)],
        [ReviewerOffer(u, 3) for u in ("u0", "u1", "u2")],
        conflicts=(),
        affinity={Pair(p, u): -cost for (u, p), cost in costs.items()},
    )
    assert sorted(plan.loads.values()) == [1, 1, 2]
    assert sum(costs[pair.reviewer_id, pair.entry_id] for pair in plan.pairs) == 65


@settings(max_examples=150, deadline=None)
@given(instances(), st.randoms(use_true_random=False))
def test_plan_is_as_good_as_an_independent_solver_on_every_level(
    instance: tuple[list[EntryNeed], list[ReviewerOffer], set[Pair]], rng: random.Random
) -> None:
    entries, reviewers, conflicts = instance
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    affinity = {pair: rng.randrange(100) for pair in every}
    current = {pair for pair in every if rng.random() < 0.3}
    plan = plan_assignment(entries, reviewers, conflicts=conflicts, current=current, affinity=affinity)
    expected = by_network_simplex(entries, reviewers, conflicts, current, affinity)
    assert level_sums(plan, entries, current, affinity) == expected


@pytest.mark.parametrize("seed", range(3))
def test_larger_plan_is_as_good_as_an_independent_solver(seed: int) -> None:
    rng = random.Random(seed)
    entries = [EntryNeed(f"e{n}", 3, rng.choice(LANGUAGES)) for n in range(60)]
    reviewers = [ReviewerOffer(f"r{n}", rng.randint(6, 14), frozenset(rng.sample(LANGUAGES, 2))) for n in range(20)]
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    conflicts = {pair for pair in every if rng.random() < 0.05}
    affinity = {pair: rng.randrange(1000) for pair in every}
    plan = plan_assignment(entries, reviewers, conflicts=conflicts, affinity=affinity)
    expected = by_network_simplex(entries, reviewers, conflicts, (), affinity)
    assert level_sums(plan, entries, (), affinity) == expected


@settings(max_examples=150, deadline=None)
@given(instances(), st.randoms(use_true_random=False))
def test_plan_keeps_every_constraint_and_names_every_empty_seat(
    instance: tuple[list[EntryNeed], list[ReviewerOffer], set[Pair]], rng: random.Random
) -> None:
    entries, reviewers, conflicts = instance
    every = [Pair(entry.id, reviewer.id) for entry in entries for reviewer in reviewers]
    started = {pair for pair in every if pair not in conflicts and rng.random() < 0.1}
    plan = plan_assignment(entries, reviewers, conflicts=conflicts, started=started)

    assert started <= plan.pairs
    assert not plan.pairs & conflicts
    reads = {reviewer.id: reviewer for reviewer in reviewers}
    language = {entry.id: entry.language for entry in entries}
    assert all(reads[p.reviewer_id].reads(language[p.entry_id]) for p in plan.pairs - started)
    for reviewer in reviewers:
        of_theirs = sum(pair.reviewer_id == reviewer.id for pair in started)
        assert plan.loads[reviewer.id] == sum(pair.reviewer_id == reviewer.id for pair in plan.pairs)
        assert plan.loads[reviewer.id] <= max(reviewer.max_load, of_theirs)
    empty = {shortfall.entry_id: shortfall.seats for shortfall in plan.shortfalls}
    for entry in entries:
        got = sum(pair.entry_id == entry.id for pair in plan.pairs)
        of_theirs = sum(pair.entry_id == entry.id for pair in started)
        assert got + empty.get(entry.id, 0) == max(entry.seats, of_theirs)


@settings(max_examples=60, deadline=None)
@given(instances(), st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_change_the_plan(
    instance: tuple[list[EntryNeed], list[ReviewerOffer], set[Pair]], rng: random.Random
) -> None:
    entries, reviewers, conflicts = instance
    first = plan_assignment(entries, reviewers, conflicts=conflicts, salt="call")
    rng.shuffle(entries)
    rng.shuffle(reviewers)
    assert plan_assignment(entries, reviewers, conflicts=sorted(conflicts), salt="call") == first


def test_recusal_moves_nothing_else_when_somebody_has_room() -> None:
    entries = [EntryNeed(f"e{n}", 3) for n in range(12)]
    reviewers = [ReviewerOffer(f"r{n}", 8) for n in range(6)]
    before = plan_assignment(entries, reviewers, conflicts=(), salt="call")
    recused = min(before.pairs)
    after = plan_assignment(entries, reviewers, conflicts=[recused], current=before.pairs, salt="call")
    assert before.pairs - after.pairs == {recused}
    assert len(after.pairs - before.pairs) == 1
    assert not after.shortfalls


def test_recusal_moves_one_other_pair_when_only_a_chain_fills_the_seat() -> None:
    """Only r1 can take over e0 from r0, and r1 is full: r1 hands e1 to r2."""
    entries = [EntryNeed("e0", 1), EntryNeed("e1", 1)]
    reviewers = [ReviewerOffer("r0", 0), ReviewerOffer("r1", 1), ReviewerOffer("r2", 1)]
    current = {Pair("e0", "r0"), Pair("e1", "r1")}
    conflicts = {Pair("e0", "r0"), Pair("e0", "r2")}
    plan = plan_assignment(entries, reviewers, conflicts=conflicts, current=current)
    assert plan.pairs == {Pair("e0", "r1"), Pair("e1", "r2")}
    frozen = plan_assignment(entries, reviewers, conflicts=conflicts, started={Pair("e1", "r1")}, current=current)
    assert frozen.pairs == {Pair("e1", "r1")}
    assert [(s.entry_id, s.seats) for s in frozen.shortfalls] == [("e0", 1)]


def test_loads_are_even_counting_reviews_already_started() -> None:
    entries = [EntryNeed(f"e{n}", 1) for n in range(6)]
    reviewers = [ReviewerOffer("r0", 6), ReviewerOffer("r1", 6), ReviewerOffer("r2", 6)]
    started = {Pair("e0", "r0"), Pair("e1", "r0")}
    plan = plan_assignment(entries, reviewers, conflicts=(), started=started)
    assert plan.loads == {"r0": 2, "r1": 2, "r2": 2}


def test_empty_seats_are_shared_before_anybody_is_left_unread() -> None:
    entries = [EntryNeed(f"e{n}", 3) for n in range(3)]
    plan = plan_assignment(entries, [ReviewerOffer(f"r{n}", 2) for n in range(3)], conflicts=())
    assert [shortfall.seats for shortfall in plan.shortfalls] == [1, 1, 1]


def test_shortfall_says_that_too_few_people_may_read() -> None:
    reviewers = [
        ReviewerOffer("r0", 5, frozenset({"ar"})),
        ReviewerOffer("r1", 5, frozenset({"ar", "fr"})),
        ReviewerOffer("r2", 5, frozenset({"fr"})),
        ReviewerOffer("r3", 5),
    ]
    plan = plan_assignment([EntryNeed("e0", 3, "ar")], reviewers, conflicts=[Pair("e0", "r0")])
    (shortfall,) = plan.shortfalls
    assert shortfall.seats == 1
    assert shortfall.cause is ShortfallCause.TOO_FEW_REVIEWERS
    assert (shortfall.may_read, shortfall.in_conflict, shortfall.without_language) == (2, 1, 1)


def test_shortfall_says_whose_places_are_all_taken() -> None:
    """The Arabic readers can take 4 in all, 6 seats need them; the reader of French has room that does not help."""
    entries = [EntryNeed(f"a{n}", 2, "ar") for n in range(3)] + [EntryNeed("f0", 1, "fr")]
    reviewers = [
        ReviewerOffer("r0", 2, frozenset({"ar"})),
        ReviewerOffer("r1", 2, frozenset({"ar"})),
        ReviewerOffer("r2", 9, frozenset({"fr"})),
    ]
    plan = plan_assignment(entries, reviewers, conflicts=())
    assert sum(shortfall.seats for shortfall in plan.shortfalls) == 2
    for shortfall in plan.shortfalls:
        assert shortfall.cause is ShortfallCause.REVIEWERS_FULL
        assert (shortfall.leaning_on, shortfall.room, shortfall.without_language) == (2, 4, 1)


@pytest.mark.parametrize("conflicts", [[Pair("e0", "r0")], []])
def test_started_pair_that_cannot_be_is_refused(conflicts: list[Pair]) -> None:
    reviewer = "r0" if conflicts else "unknown"
    with pytest.raises(ValueError, match="started pair"):
        plan_assignment(
            [EntryNeed("e0", 1)],
            [ReviewerOffer("r0", 1)],
            conflicts=conflicts,
            started=[Pair("e0", reviewer)],
        )
