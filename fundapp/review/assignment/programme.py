"""The exact programme: a network over a few good pairs, and the prices that prove that no other pair is missing.

What a plan costs, the greatest first:

1. a seat that stays empty; the second and third of one entry cost more, so that empty seats are spread,
2. a present pair that changes,
3. no experienced reader of an entry, uneven loads, and pairs that do not fit, weighed against each other in points.

One linear programme holds them all. A step from one plan to a better one goes round simple cycles of the network, which
bounds what it can change in points; an empty seat and a changed pair weigh more than that, so no number of points buys
them. The rows are two nested families (of an entry: its pairs, and among them those with experienced readers; of a
reviewer: their pairs), so a vertex is whole-numbered and no integer search is needed.

The programme starts with few pairs of each entry and reviewer. Its dual prices value every other pair; those that would
pay are added until none does. Then the prices bound every plan over all pairs, and the plan that was found reaches the
bound.

Source: Charlin and Zemel's Toronto Paper Matching System for the base model; HotCRP for convex loads and for keeping
present pairs; column generation (Dantzig and Wolfe) for pricing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
from numpy.typing import NDArray

INEXPERIENCE_POINTS: Final = 300
"""What it costs that no experienced reviewer reads an entry."""
LOAD_POINTS: Final = 100
"""What a reviewer's next entry costs more than the one before."""
FIRST_PAIRS: Final = 24
REVIEWERS_PER_PAIR: Final = 36
"""A programme starts with this many pairs of each entry, and of each reviewer; of large panels with one in 36."""
PRICED_IN: Final = 12
"""Most pairs of one entry that one round of pricing adds."""
NEARLY_PAYS: Final = 30
"""Points by which a pair may miss paying and still be added with those that do, so that fewer rounds are needed."""
CHUNK_CELLS: Final = 2_000_000
"""Cells of the matrix of pairs that are looked at at once, so that large calls need little memory."""

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Instance:
    """What is still open: entries are rows, reviewers are columns, both in an order that does not depend on the input.

    `seats` and `room` count what is open; `taken` is what each reviewer has for good. `needs_experience` marks entries
    that no experienced reviewer has for good. `points` say how well a pair fits, from 0 on.
    """

    seats: Counts
    room: Counts
    taken: Counts
    possible: Flags
    kept: Flags
    needs_experience: Flags
    is_experienced: Flags
    points: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Solution:
    """The pairs of the best plan as rows of (entry, reviewer), what it costs, and the proof that nothing costs less.

    `bound` is what every plan over all pairs costs at least. `programme_pairs` and `rounds` say what it took.
    """

    pairs: Counts
    cost: int
    bound: int
    programme_pairs: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Step:
    """How far the solver is: `round` counts from 1 over all programmes, `steps` those of the solver.

    `seats_done` of the `seats` that are open had a reader at the end of the last round.
    """

    round: int
    steps: int
    seats: int
    seats_done: int


Told = Callable[[Step], None]


def tell_nobody(_step: Step) -> None:
    """Let the solver work without a word."""


def solve(instance: Instance, *, is_fair: bool = False, first_pairs: int = 0, told: Told = tell_nobody) -> Solution:
    """Return the best plan. With `is_fair` the worst fitting new pair first fits as well as it can.

    That costs no seat and no change. `first_pairs` is how many pairs the programme starts with (0: as many as are best
    for its size). `told` hears of the solver thousands of times. Raises RuntimeError when the solver stops without a
    best plan.
    """
    first_pairs = first_pairs or max(FIRST_PAIRS, len(instance.room) // REVIEWERS_PER_PAIR)
    open_pairs = instance.possible & (instance.seats > 0)[:, None] & (instance.room > 0)[None, :]
    weights = Weights.of(instance)
    teller = _Teller(told, int(instance.seats.sum()))
    best = _solve(instance, open_pairs, weights, first_pairs, teller)
    if not is_fair or not len(best.pairs):
        return best
    levels = np.unique(instance.points[open_pairs])
    low, high = 0, len(levels) - 1  # everything reaches levels[0]
    wanted = _firm_cost(instance, weights, best)
    while low < high:
        middle = (low + high + 1) // 2
        fitting = open_pairs & ((instance.points >= levels[middle]) | instance.kept)
        attempt = _solve(instance, fitting, weights, first_pairs, teller)
        if _firm_cost(instance, weights, attempt) == wanted:
            low, best = middle, attempt
        else:
            high = middle - 1
    return best


@dataclass(frozen=True, slots=True)
class Weights:
    """What an empty seat and a changed pair cost in points: more than all points that a simple cycle can change."""

    empty: int
    change: int

    @classmethod
    def of(cls, instance: Instance) -> "Weights":
        """Return the weights that are large enough for an instance."""
        meets = min(instance.possible.shape) + 1  # a simple cycle meets each entry and each reviewer once at most
        loads = LOAD_POINTS * int((instance.taken + instance.room).max(initial=0))
        change = loads + meets * (INEXPERIENCE_POINTS + 2 * int(instance.points.max(initial=0))) + 1
        below = change + (2 * meets * change if instance.kept.any() else 0)
        return cls(empty=below + 1, change=change)


class _Teller:
    """Adds up the rounds and steps of several programmes for whoever waits for them."""

    def __init__(self, told: Told, seats: int) -> None:
        self.told = told
        self.seats = seats
        self.round = 0
        self.steps_before = 0
        self.seats_done = 0

    def begin_round(self) -> None:
        self.round += 1
        self.hear(0)

    def hear(self, steps: int) -> None:
        self.told(Step(self.round, self.steps_before + steps, self.seats, self.seats_done))

    def end_round(self, steps: int, seats_done: int) -> None:
        self.steps_before += steps
        self.seats_done = seats_done
        self.hear(0)


def _solve(instance: Instance, open_pairs: Flags, weights: Weights, first_pairs: int, teller: _Teller) -> Solution:
    if not open_pairs.any():
        cost = int((weights.empty * instance.seats * (instance.seats + 1) // 2).sum())
        return Solution(np.empty((0, 2), dtype=np.int64), cost, cost, 0, 0)
    return _Programme(instance, open_pairs, weights, first_pairs, teller).solved()


def _firm_cost(instance: Instance, weights: Weights, solution: Solution) -> int:
    """Return what empty seats and changes cost, which no points buy."""
    rows, columns = solution.pairs[:, 0], solution.pairs[:, 1]
    empty = instance.seats - np.bincount(rows, minlength=len(instance.seats))
    kept = int(instance.kept[rows, columns].sum())
    return int(weights.empty * (empty * (empty + 1) // 2).sum()) - weights.change * kept


class _Programme:
    """One network in the solver: seats that stay empty, missing experience and places, then the pairs let in so far."""

    def __init__(
        self, instance: Instance, open_pairs: Flags, weights: Weights, first_pairs: int, teller: _Teller
    ) -> None:
        self.instance = instance
        self.teller = teller
        self.weights = weights
        self.outside = open_pairs.copy()
        """Pairs that are possible and not in the programme yet."""
        self.most_points = int(instance.points.max(initial=0))
        entries, reviewers = open_pairs.shape
        wants = instance.needs_experience & (open_pairs & instance.is_experienced[None, :]).any(axis=1)
        self.experience_row = np.where(wants, entries + reviewers + np.cumsum(wants) - 1, -1)
        self.empty_of = np.repeat(np.arange(entries), instance.seats)
        self.place_of = np.repeat(np.arange(reviewers), instance.room)
        self.missing_of = np.flatnonzero(wants)
        self.units = len(self.empty_of) + len(self.missing_of) + len(self.place_of)
        self.rows = np.empty(0, dtype=np.int64)
        self.columns = np.empty(0, dtype=np.int64)
        self.solver = self._units_alone()
        self._let_in(_first(instance, open_pairs, first_pairs))

    def solved(self) -> Solution:
        """Return the cheapest plan over all pairs."""
        rounds = 0
        while True:
            rounds += 1
            self.teller.begin_round()
            self.solver.run()
            if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise RuntimeError(f"assignment was not solved: {self.solver.getModelStatus()}")
            solution = self.solver.getSolution()
            taken = np.array(solution.col_value)[self.units :] > 0.5
            self.teller.end_round(self.solver.getInfo().simplex_iteration_count, int(taken.sum()))
            missing, bound = self._price(np.array(solution.row_dual), np.array(solution.col_dual))
            if not len(missing):
                break
            self._let_in(missing)
        return Solution(
            pairs=np.column_stack([self.rows[taken], self.columns[taken]]),
            cost=round(self.solver.getObjectiveValue()),
            bound=round(bound),
            programme_pairs=len(self.rows),
            rounds=rounds,
        )

    def _costs(self, rows: slice) -> Counts:
        """Return the costs of all pairs of some entries: one row per entry."""
        instance = self.instance
        missed = self.most_points - instance.points[rows].astype(np.int64)
        return missed - self.weights.change * instance.kept[rows]

    def _units_alone(self) -> highspy.Highs:
        """Build: for each entry, pairs + empty seats = open seats; for each reviewer, pairs - places = 0.

        Of each entry that wants one: pairs with experienced reviewers + missing experience >= 1.
        """
        instance = self.instance
        entries, reviewers = instance.possible.shape
        model = highspy.HighsLp()
        model.num_col_ = self.units
        model.num_row_ = entries + reviewers + len(self.missing_of)
        model.col_cost_ = np.concatenate(
            [
                self.weights.empty * (1 + _number_within(self.empty_of)),
                np.full(len(self.missing_of), INEXPERIENCE_POINTS),
                LOAD_POINTS * (instance.taken[self.place_of] + _number_within(self.place_of)),
            ]
        ).astype(np.float64)
        model.col_lower_, model.col_upper_ = np.zeros(self.units), np.ones(self.units)
        exact = np.concatenate([instance.seats, np.zeros(reviewers)])
        model.row_lower_ = np.concatenate([exact, np.ones(len(self.missing_of))])
        model.row_upper_ = np.concatenate([exact, np.full(len(self.missing_of), highspy.kHighsInf)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.arange(self.units + 1, dtype=np.int32)
        model.a_matrix_.index_ = np.concatenate(
            [self.empty_of, self.experience_row[self.missing_of], entries + self.place_of]
        ).astype(np.int32)
        model.a_matrix_.value_ = np.concatenate(
            [np.ones(len(self.empty_of) + len(self.missing_of)), -np.ones(len(self.place_of))]
        )
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("solver", "simplex")  # a vertex, hence whole numbers; an interior point would not be
        solver.setOptionValue("threads", 1)
        solver.passModel(model)
        solver.cbSimplexInterrupt += self._hear
        return solver

    def _hear(self, event: highspy.highs.HighsCallbackEvent) -> None:
        self.teller.hear(event.data_out.simplex_iteration_count)

    def _let_in(self, pairs: Counts) -> None:
        entries = len(self.instance.seats)
        rows, columns = pairs[:, 0], pairs[:, 1]
        costs = np.empty(len(rows))
        for chunk in _chunks(self.outside.shape):
            here = slice(*np.searchsorted(rows, [chunk.start, chunk.stop]))
            costs[here] = self._costs(chunk)[rows[here] - chunk.start, columns[here]]
        third = np.where(self.instance.is_experienced[columns], self.experience_row[rows], -1)
        index = np.column_stack([rows, entries + columns, third])
        used = index >= 0
        starts = np.concatenate([[0], np.cumsum(used.sum(axis=1))[:-1]]).astype(np.int32)
        index = index[used].astype(np.int32)
        count = len(rows)
        self.solver.addCols(
            count, costs, np.zeros(count), np.ones(count), len(index), starts, index, np.ones(len(index))
        )
        self.outside[rows, columns] = False
        self.rows = np.concatenate([self.rows, rows])
        self.columns = np.concatenate([self.columns, columns])

    def _price(self, prices: NDArray[np.float64], reduced_inside: NDArray[np.float64]) -> tuple[Counts, float]:
        """Value every pair outside; return those to let in (none once none pays), by entry, and the bound on all plans.

        Costs are whole numbers and the matrix is a network, so reduced costs are whole numbers too.
        """
        entries, reviewers = self.outside.shape
        of_entry, of_reviewer = prices[:entries], prices[entries : entries + reviewers]
        of_experience = np.where(self.experience_row >= 0, prices[self.experience_row], 0.0)
        bound = float(of_entry @ self.instance.seats + prices[entries + reviewers :].sum())
        bound += float(reduced_inside[reduced_inside < 0].sum())
        do_pay = False
        near = []
        for rows in _chunks(self.outside.shape):
            reduced = self._costs(rows) - of_entry[rows, None] - of_reviewer[None, :]
            reduced -= of_experience[rows, None] * self.instance.is_experienced[None, :]
            reduced[~self.outside[rows]] = np.inf
            pays = reduced < -0.5
            do_pay = do_pay or bool(pays.any())
            bound += float(reduced[pays].sum())
            here = _best(-reduced, PRICED_IN) & (reduced < NEARLY_PAYS)
            near.append(np.argwhere(here) + np.array([[rows.start, 0]]))
        return (np.concatenate(near) if do_pay else np.empty((0, 2), dtype=np.int64)), bound


def _first(instance: Instance, open_pairs: Flags, first_pairs: int) -> Counts:
    """Return the pairs to start with, by entry: present ones, and the best of each entry and of each reviewer."""
    chosen = open_pairs & instance.kept
    for rows in _chunks(open_pairs.shape):
        liking = np.where(open_pairs[rows], instance.points[rows], np.int16(-1))
        chosen[rows] |= _best(liking, first_pairs)
        chosen[rows] |= _best(np.where(instance.is_experienced[None, :], liking, np.int16(-1)), 1)
    for columns in _chunks(open_pairs.shape[::-1]):
        liking = np.where(open_pairs[:, columns], instance.points[:, columns], np.int16(-1))
        chosen[:, columns] |= _best(liking.T, first_pairs).T
    return np.argwhere(chosen & open_pairs)


def _best(values: NDArray[np.generic], count: int) -> Flags:
    """Mark the `count` greatest values of each row."""
    if values.shape[1] <= count:
        return np.ones(values.shape, dtype=np.bool_)
    marked = np.zeros(values.shape, dtype=np.bool_)
    np.put_along_axis(marked, np.argpartition(values, -count, axis=1)[:, -count:], True, axis=1)
    return marked


def _chunks(shape: tuple[int, ...]) -> list[slice]:
    entries, reviewers = shape
    step = max(1, CHUNK_CELLS // max(1, reviewers))
    return [slice(start, min(start + step, entries)) for start in range(0, entries, step)]


def _number_within(owners: Counts) -> Counts:
    """Count 0, 1, 2… within each run of equal owners."""
    return np.arange(len(owners)) - np.searchsorted(owners, owners, side="left")
