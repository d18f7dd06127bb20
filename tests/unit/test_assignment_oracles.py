"""Assignment against answers that others published, and against two other solvers: same optimum, no duality gap.

Not run, because their data cannot be had without the projects' own programs: conference bids of PrefLib, the randomised
and the "fair flow" solvers of OpenReview, PeerReview4All beyond its published example.
"""

import itertools
import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from fundapp.review.assignment.programme import (
    INEXPERIENCE_POINTS,
    LOAD_POINTS,
    Instance,
    Solution,
    Weights,
    solve,
)


def instance(
    points: Sequence[Sequence[int]],
    *,
    seats: Sequence[int],
    room: Sequence[int],
    impossible: Collection[tuple[int, int]] = (),
    kept: Collection[tuple[int, int]] = (),
    experienced: Collection[int] = (),
    taken: Sequence[int] | None = None,
) -> Instance:
    """Return a question; `points` has a row per entry."""
    shape = (len(seats), len(room))
    possible, present = np.ones(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for pair in impossible:
        possible[pair] = False
    for pair in kept:
        present[pair] = True
    return Instance(
        seats=np.array(seats),
        room=np.array(room),
        taken=np.array(taken if taken is not None else [0] * len(room)),
        possible=possible,
        kept=present,
        needs_experience=np.ones(len(seats), dtype=np.bool_),
        is_experienced=np.isin(np.arange(len(room)), list(experienced)),
        points=np.array(points, dtype=np.int16).reshape(shape),
    )


def from_costs(costs: Mapping[tuple[str, str], int]) -> Instance:
    """Return the question of one reviewer for each of three entries; pairs without a cost are not possible."""
    known = {(int(entry[1]), int(reviewer[1])): cost for (reviewer, entry), cost in costs.items()}
    return instance(
        [[10 - known.get((e, r), 0) for r in range(3)] for e in range(3)],
        seats=[1] * 3,
        room=[1] * 3,
        impossible=[(e, r) for e in range(3) for r in range(3) if (e, r) not in known],
    )


def pairs(solution: Solution) -> set[tuple[int, int]]:
    return {(int(entry), int(reviewer)) for entry, reviewer in solution.pairs}


def total(question: Instance, solution: Solution) -> int:
    return int(question.points[solution.pairs[:, 0], solution.pairs[:, 1]].sum())


def cost_of(question: Instance, chosen: Collection[tuple[int, int]]) -> int:
    """Reckon what a plan costs, from its pairs alone."""
    weights = Weights.of(question)
    cost = 0
    most = int(question.points.max(initial=0))
    for entry, seats in enumerate(question.seats):
        readers = [reviewer for e, reviewer in chosen if e == entry]
        empty = int(seats) - len(readers)
        cost += weights.empty * empty * (empty + 1) // 2
        could = question.possible[entry] & question.is_experienced & (question.room > 0)
        if question.needs_experience[entry] and could.any() and seats > 0:
            cost += INEXPERIENCE_POINTS * (not any(question.is_experienced[each] for each in readers))
        for reviewer in readers:
            cost += most - int(question.points[entry, reviewer])
            cost -= weights.change * bool(question.kept[entry, reviewer])
    for reviewer, taken in enumerate(question.taken):
        load = sum(r == reviewer for _, r in chosen)
        cost += LOAD_POINTS * sum(int(taken) + place for place in range(load))
    return cost


def by_network_simplex(question: Instance) -> int:
    """Return the least cost by an independent solver, as a flow in whole numbers.

    An entry's readers with experience go over a node of their own: its first arc spares what their lack costs.
    """
    weights = Weights.of(question)
    most = int(question.points.max(initial=0))
    graph = nx.DiGraph()
    spared = 0
    graph.add_node("sink", demand=int(question.seats.sum()))
    for entry, seats in enumerate(question.seats.tolist()):
        graph.add_node(("entry", entry), demand=-seats)
        for place in range(seats):
            graph.add_edge(("entry", entry), ("empty", entry, place), capacity=1, weight=weights.empty * (place + 1))
            graph.add_edge(("empty", entry, place), "sink", capacity=1, weight=0)
        open_to = question.possible[entry] & (question.room > 0)
        wants = bool(question.needs_experience[entry]) and seats > 0 and bool((open_to & question.is_experienced).any())
        spared += INEXPERIENCE_POINTS * wants
        if wants:
            graph.add_edge(("entry", entry), ("first", entry), capacity=1, weight=-INEXPERIENCE_POINTS)
            graph.add_edge(("first", entry), ("known", entry), capacity=1, weight=0)
            graph.add_edge(("entry", entry), ("known", entry), capacity=seats, weight=0)
        for reviewer in np.flatnonzero(open_to).tolist():
            source = ("known", entry) if wants and question.is_experienced[reviewer] else ("entry", entry)
            weight = most - int(question.points[entry, reviewer])
            weight -= weights.change * bool(question.kept[entry, reviewer])
            graph.add_edge(source, ("pair", entry, reviewer), capacity=1, weight=weight)
            graph.add_edge(("pair", entry, reviewer), ("reviewer", reviewer), capacity=1, weight=0)
    for reviewer, room in enumerate(question.room.tolist()):
        for place in range(room):
            weight = LOAD_POINTS * (int(question.taken[reviewer]) + place)
            graph.add_edge(("reviewer", reviewer), ("place", reviewer, place), capacity=1, weight=weight)
            graph.add_edge(("place", reviewer, place), "sink", capacity=1, weight=0)
    return int(nx.network_simplex(graph)[0]) + spared


def by_linprog(question: Instance) -> tuple[float, float]:
    """Return value and dual value of the whole programme, all pairs in it, by SciPy's own copy of a solver."""
    weights = Weights.of(question)
    most = int(question.points.max(initial=0))
    entries, reviewers = question.possible.shape
    open_pairs = question.possible & (question.seats > 0)[:, None] & (question.room > 0)[None, :]
    columns: list[tuple[float, dict[int, float]]] = []
    wants = question.needs_experience & (open_pairs & question.is_experienced[None, :]).any(axis=1)
    row_of = {int(entry): entries + reviewers + number for number, entry in enumerate(np.flatnonzero(wants))}
    for entry, reviewer in np.argwhere(open_pairs).tolist():
        cost = most - int(question.points[entry, reviewer]) - weights.change * bool(question.kept[entry, reviewer])
        rows = {entry: 1.0, entries + reviewer: 1.0}
        if entry in row_of and question.is_experienced[reviewer]:
            rows[row_of[entry]] = 1.0
        columns.append((cost, rows))
    for entry, seats in enumerate(question.seats.tolist()):
        columns += [(weights.empty * (place + 1), {entry: 1.0}) for place in range(seats)]
    columns += [(INEXPERIENCE_POINTS, {row: 1.0}) for row in row_of.values()]
    for reviewer, room in enumerate(question.room.tolist()):
        columns += [
            (LOAD_POINTS * (int(question.taken[reviewer]) + place), {entries + reviewer: -1.0}) for place in range(room)
        ]
    if not columns:
        return 0.0, 0.0
    matrix = lil_matrix((entries + reviewers + len(row_of), len(columns)))
    for number, (_, rows) in enumerate(columns):
        for row, value in rows.items():
            matrix[row, number] = value
    matrix = matrix.tocsr()
    equal = entries + reviewers
    right = np.concatenate([question.seats, np.zeros(reviewers)])
    found: Any = linprog(
        [cost for cost, _ in columns],
        A_eq=matrix[:equal],
        b_eq=right,
        A_ub=-matrix[equal:] if row_of else None,
        b_ub=-np.ones(len(row_of)) if row_of else None,
        bounds=(0, 1),
        method="highs",
    )
    dual = float(found.eqlin.marginals @ right) + float(found.upper.marginals.sum())
    if row_of:
        dual -= float(found.ineqlin.marginals.sum())
    return float(found.fun), dual


@st.composite
def questions(draw: st.DrawFn) -> Instance:
    rng = random.Random(draw(st.integers(0, 10**9)))
    entries, reviewers = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    every = list(itertools.product(range(entries), range(reviewers)))
    return instance(
        [[rng.randrange(1000) for _ in range(reviewers)] for _ in range(entries)],
        seats=[rng.randrange(5) for _ in range(entries)],
        room=[rng.randrange(6) for _ in range(reviewers)],
        impossible=[pair for pair in every if rng.random() < 0.3],
        kept=[pair for pair in every if rng.random() < 0.3],
        experienced=[each for each in range(reviewers) if rng.random() < 0.4],
        taken=[rng.randrange(3) for _ in range(reviewers)],
    )


def large(seed: int, entries: int, reviewers: int) -> Instance:
    """Return a question like that of a call: languages, regions and themes make groups."""
    rng = np.random.default_rng(seed)
    written, read = rng.integers(0, 4, entries), rng.random((reviewers, 4)) < 0.45
    points = 450 * (rng.integers(0, 8, entries)[:, None] == rng.integers(0, 8, reviewers)[None, :])
    points = points + rng.integers(0, 4, (entries, reviewers)) * 150 + rng.integers(0, 20, (entries, reviewers))
    possible = read[:, written].T & (rng.random((entries, reviewers)) > 0.05)
    return Instance(
        seats=np.full(entries, 3),
        room=np.full(reviewers, 3 * entries // reviewers + 3),
        taken=np.zeros(reviewers, dtype=np.int64),
        possible=possible,
        kept=rng.random((entries, reviewers)) < 0.01,
        needs_experience=np.ones(entries, dtype=np.bool_),
        is_experienced=rng.random(reviewers) < 0.4,
        points=points.astype(np.int16),
    )


# -- Published answers ------------------------------------------------------------------------------------------------

SIMILARITY = ((100, 80, 100), (0, 0, 24), (25, 25, 50))
"""Hundredths, a row per reviewer. Source: the example of the PeerReview4All read-me."""


def test_published_three_by_three_has_the_known_sum_and_the_known_worst() -> None:
    """The largest sum is 1.5, with a worst pair of 0; the best worst pair is .24, with a sum of 1.49."""
    question = instance(list(zip(*SIMILARITY, strict=True)), seats=[1] * 3, room=[1] * 3)
    plain, fair = solve(question), solve(question, is_fair=True)
    assert total(question, plain) == 150
    assert min(question.points[pair] for pair in pairs(plain)) == 0
    assert total(question, fair) == 149
    assert min(question.points[pair] for pair in pairs(fair)) == 24


ONE_BEST: Mapping[tuple[str, str], int] = {
    ("u0", "p0"): 0,
    ("u0", "p1"): -1,
    ("u1", "p0"): 0,
    ("u1", "p1"): 0,
    ("u1", "p2"): 0,
    ("u2", "p0"): 0,
    ("u2", "p2"): 1,
}


def test_published_flow_graph_with_one_best_plan() -> None:
    """Source: the first graph of HotCRP's min-cost flow tests; its DIMACS test is the same graph."""
    assert pairs(solve(from_costs(ONE_BEST))) == {(1, 0), (2, 1), (0, 2)}


@pytest.mark.parametrize("cost", [0, 1])
def test_published_flow_graph_where_all_plans_are_best(cost: int) -> None:
    """Source: HotCRP's tests with equal costs and with none: any permutation is right."""
    costs = {(f"u{u}", f"p{p}"): cost for u in range(3) for p in range(3)}
    assert pairs(solve(from_costs(costs))) in [set(enumerate(order)) for order in itertools.permutations(range(3))]


def test_published_flow_graph_with_two_best_plans() -> None:
    """Source: HotCRP's tests: the cheap square is used, either way round."""
    costs = {(f"u{u}", f"p{p}"): int(u == 2 or p == 2) for u in range(3) for p in range(3)}
    assert pairs(solve(from_costs(costs))) in ({(0, 0), (1, 1), (2, 2)}, {(0, 1), (1, 0), (2, 2)})


def test_published_convex_load_graph_has_the_known_cost() -> None:
    """Source: HotCRP's graph with convex load: two entries of two seats cost 66 in all, 1 of it for uneven loads."""
    costs = [[7, 41, 60], [23, 5, 12]]
    question = instance([[100 - cost for cost in row] for row in costs], seats=[2, 2], room=[3, 3, 3])
    found = solve(question)
    assert sorted(np.bincount(found.pairs[:, 1], minlength=3)) == [1, 1, 2]
    assert 400 - total(question, found) == 65


def test_published_four_by_three_has_cost_nothing() -> None:
    """Source: OpenReview's matcher: four reviewers, entries of one, one and two seats; the best plan costs 0."""
    costs = [[0, 1, 1], [1, 0, 1], [1, 1, 0], [2, 2, 0]]
    question = instance(
        [[10 - costs[reviewer][entry] for reviewer in range(4)] for entry in range(3)], seats=[1, 1, 2], room=[2] * 4
    )
    assert pairs(solve(question)) == {(0, 0), (1, 1), (2, 2), (2, 3)}


def test_published_question_without_an_answer_leaves_every_seat_empty() -> None:
    """Source: OpenReview's matcher: every pair is forbidden. There it has no solution; here every seat is named."""
    every = list(itertools.product(range(20), range(5)))
    found = solve(instance([[0] * 5] * 20, seats=[3] * 20, room=[20] * 5, impossible=every))
    assert pairs(found) == set()
    assert found.cost == found.bound > 0


def test_published_question_with_forbidden_pairs_uses_none_of_them() -> None:
    """Source: OpenReview's matcher: dearer pairs are used where the cheaper ones are forbidden."""
    costs = [[-10, 1, 1, -10, -10], [-100, -10, -10, -100, 1], [1, -10, -10, -100, -100], [-10, -100, -100, -10, -10]]
    forbidden = [(0, 1), (3, 1), (3, 2), (4, 2), (1, 3), (2, 3)]
    question = instance(
        [[10 - costs[reviewer][entry] for reviewer in range(4)] for entry in range(5)],
        seats=[2] * 5,
        room=[3] * 4,
        impossible=forbidden,
    )
    found = pairs(solve(question))
    assert len(found) == 10
    assert not found & set(forbidden)
    assert all(costs[reviewer][entry] == -10 for entry, reviewer in found)


@pytest.mark.parametrize(
    ("costs", "seats", "least"),
    [
        ([[1] * 6] * 6, [2] * 6, 2),
        ([[0] * 3] * 3 + [[900] * 3], [3] * 3, 1),
    ],
)
def test_published_minima_of_reviewers_come_of_even_loads(costs: list[list[int]], seats: list[int], least: int) -> None:
    """Source: OpenReview's matcher, where each reviewer has a minimum, one of them a very dear reviewer.

    There is no minimum here: even loads give it, as far as a bad fit is not worse than uneven loads.
    """
    question = instance(
        [[(900 - costs[reviewer][entry]) // 10 for reviewer in range(len(costs))] for entry in range(len(seats))],
        seats=seats,
        room=[3] * len(costs),
    )
    loads = np.bincount(solve(question).pairs[:, 1], minlength=len(costs))
    assert loads.min() >= least
    assert loads.sum() == sum(seats)


# -- Other solvers ----------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(1, 3))
def test_plan_costs_what_two_other_solvers_say_and_what_its_own_pairs_say(question: Instance, first: int) -> None:
    """Even when the programme starts with one pair for each, so that pricing has to find the others."""
    found = solve(question, first_pairs=first)
    assert found.cost == found.bound == cost_of(question, pairs(found))
    assert found.cost == by_network_simplex(question)
    value, dual = by_linprog(question)
    assert value == pytest.approx(found.cost, abs=0.5)
    assert dual == pytest.approx(found.cost, abs=0.5)


@pytest.mark.parametrize(("seed", "entries", "reviewers"), [(0, 60, 20), (1, 150, 30), (2, 300, 60)])
def test_a_call_of_real_size_costs_what_the_other_solvers_say(seed: int, entries: int, reviewers: int) -> None:
    question = large(seed, entries, reviewers)
    found = solve(question, first_pairs=6)
    assert found.cost == found.bound == cost_of(question, pairs(found))
    assert found.cost == by_network_simplex(question)
    value, dual = by_linprog(question)
    assert value == pytest.approx(found.cost, rel=1e-9)
    assert dual == pytest.approx(found.cost, rel=1e-9)
    assert found.programme_pairs < question.possible.sum()
    assert found.rounds > 1
