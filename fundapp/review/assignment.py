"""Who reads what: an exact assignment of entries to reviewers.

One linear programme over the pairs that are possible, solved level by level. A level is optimised only among the
plans that are best on every level above it:

1. as few seats as possible stay unfilled,
2. the unfilled seats are spread, so that nobody is left unread while others have their full number,
3. as few of the present pairs as possible change,
4. loads are even,
5. the affinity of the pairs is as high as possible,
6. a hash of the names chooses among what is left.

The rows form a transportation network, so a vertex of the programme is whole-numbered and no integer search is
needed. Keeping a level means fixing every column whose reduced cost on that level is not zero: complementary
slackness says that exactly the optimal plans are left, and the matrix stays a network.

Source: HotCRP's convex load arcs and stay bonus; Charlin and Zemel's Toronto Paper Matching System for the base model.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

import highspy
import numpy as np
from numpy.typing import NDArray


class Pair(NamedTuple):
    entry_id: str
    reviewer_id: str


@dataclass(frozen=True, slots=True)
class EntryNeed:
    """An entry, the number of reviews that it should get, and the language that it is written in."""

    id: str
    seats: int
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewerOffer:
    """A reviewer, the most entries that they take in all, and what they read (nothing stated: any language)."""

    id: str
    max_load: int
    languages: frozenset[str] = frozenset()

    def reads(self, language: str | None) -> bool:
        return language is None or not self.languages or language in self.languages


class ShortfallCause(StrEnum):
    TOO_FEW_REVIEWERS = "too_few_reviewers"
    REVIEWERS_FULL = "reviewers_full"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Seats of one entry that nobody can take, with what a person needs to know to change it.

    `may_read` reviewers are neither in conflict nor without the language. When they are full, `leaning_on` is the
    number of reviewers whose places are all taken by entries that cannot go elsewhere, and `room` their places in all.
    """

    entry_id: str
    seats: int
    cause: ShortfallCause
    language: str | None
    may_read: int
    in_conflict: int
    without_language: int
    leaning_on: int
    room: int


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """The pairs of a plan (those already started included), each reviewer's load, and the seats left unfilled."""

    pairs: frozenset[Pair]
    loads: Mapping[str, int]
    shortfalls: tuple[Shortfall, ...]


def plan_assignment(
    entries: Collection[EntryNeed],
    reviewers: Collection[ReviewerOffer],
    *,
    conflicts: Collection[Pair],
    started: Collection[Pair] = (),
    current: Collection[Pair] = (),
    affinity: Mapping[Pair, int] | None = None,
    salt: str = "",
) -> AssignmentPlan:
    """Return the best plan; the same input in any order gives the same plan.

    Pairs in `started` stay whatever they cost, even above a reviewer's `max_load`. Pairs in `current` stay unless
    moving them fills a seat. Raises ValueError for a started pair that is in conflict or names an unknown id.
    """
    problem = _Problem(
        sorted(entries, key=lambda entry: entry.id),
        sorted(reviewers, key=lambda reviewer: reviewer.id),
        frozenset(Pair(*pair) for pair in conflicts),
        frozenset(Pair(*pair) for pair in started),
    )
    pairs = problem.fixed | _solve(problem, frozenset(Pair(*pair) for pair in current), affinity or {}, salt)
    loads = {reviewer.id: 0 for reviewer in problem.reviewers}
    for pair in pairs:
        loads[pair.reviewer_id] += 1
    return AssignmentPlan(pairs, loads, tuple(_shortfalls(problem, pairs)))


class _Problem:
    """The inputs in one fixed order, with the started pairs taken out of what is still open."""

    def __init__(
        self,
        entries: Sequence[EntryNeed],
        reviewers: Sequence[ReviewerOffer],
        conflicts: frozenset[Pair],
        fixed: frozenset[Pair],
    ) -> None:
        self.entries = entries
        self.reviewers = reviewers
        self.conflicts = conflicts
        self.fixed = fixed
        self.open_seats = {entry.id: entry.seats for entry in entries}
        self.open_load = {reviewer.id: reviewer.max_load for reviewer in reviewers}
        self.started_load = {reviewer.id: 0 for reviewer in reviewers}
        for pair in sorted(fixed):
            if pair in conflicts:
                raise ValueError(f"started pair in conflict: {pair}")
            if pair.entry_id not in self.open_seats or pair.reviewer_id not in self.open_load:
                raise ValueError(f"started pair with an unknown id: {pair}")
            self.open_seats[pair.entry_id] = max(0, self.open_seats[pair.entry_id] - 1)
            self.open_load[pair.reviewer_id] = max(0, self.open_load[pair.reviewer_id] - 1)
            self.started_load[pair.reviewer_id] += 1
        self.possible = [  # every pair that a plan may add to the started ones
            pair
            for entry in entries
            for reviewer in reviewers
            if reviewer.reads(entry.language)
            and (pair := Pair(entry.id, reviewer.id)) not in conflicts
            and pair not in fixed
        ]


def _solve(problem: _Problem, current: frozenset[Pair], affinity: Mapping[Pair, int], salt: str) -> frozenset[Pair]:
    pairs = problem.possible
    empty_seats = [(entry.id, j) for entry in problem.entries for j in range(problem.open_seats[entry.id])]
    places = [(reviewer.id, j) for reviewer in problem.reviewers for j in range(problem.open_load[reviewer.id])]
    pair_columns = slice(0, len(pairs))
    seat_columns = slice(len(pairs), len(pairs) + len(empty_seats))
    place_columns = slice(seat_columns.stop, seat_columns.stop + len(places))
    columns = place_columns.stop
    if not pairs:
        return frozenset()

    def level() -> NDArray[np.float64]:
        return np.zeros(columns)

    unfilled, spread, changed, uneven, liking, chance = (level() for _ in range(6))
    unfilled[seat_columns] = 1
    spread[seat_columns] = [j for _, j in empty_seats]
    changed[pair_columns] = [-1 if pair in current else 0 for pair in pairs]
    uneven[place_columns] = [problem.started_load[reviewer_id] + j for reviewer_id, j in places]
    liking[pair_columns] = [-affinity.get(pair, 0) for pair in pairs]
    chance[pair_columns] = [_tie_break(salt, pair) for pair in pairs]

    solver = _transportation(problem, pairs, empty_seats, places)
    indices = np.arange(columns, dtype=np.int32)
    lower, upper = np.zeros(columns), np.ones(columns)
    values = lower
    for costs in (unfilled, spread, changed, uneven, liking, chance):
        if not costs.any():
            continue
        solver.changeColsCost(columns, indices, costs)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"assignment was not solved: {solver.getModelStatus()}")
        solution = solver.getSolution()
        values = np.rint(np.array(solution.col_value))
        # Costs are whole numbers and the matrix is a network, so reduced costs are whole numbers too.
        decided = np.abs(np.array(solution.col_dual)) > 0.5
        lower[decided] = upper[decided] = values[decided]
        solver.changeColsBounds(columns, indices, lower, upper)
    return frozenset(pair for pair, value in zip(pairs, values[pair_columns], strict=True) if value == 1)


def _transportation(
    problem: _Problem,
    pairs: Sequence[Pair],
    empty_seats: Sequence[tuple[str, int]],
    places: Sequence[tuple[str, int]],
) -> highspy.Highs:
    """Build: for each entry, pairs + empty seats = open seats; for each reviewer, pairs - places = 0."""
    entry_row = {entry.id: row for row, entry in enumerate(problem.entries)}
    reviewer_row = {reviewer.id: len(problem.entries) + row for row, reviewer in enumerate(problem.reviewers)}
    index: list[int] = []
    value: list[float] = []
    start = [0]
    for pair in pairs:
        index += [entry_row[pair.entry_id], reviewer_row[pair.reviewer_id]]
        value += [1.0, 1.0]
        start.append(len(index))
    for entry_id, _ in empty_seats:
        index.append(entry_row[entry_id])
        value.append(1.0)
        start.append(len(index))
    for reviewer_id, _ in places:
        index.append(reviewer_row[reviewer_id])
        value.append(-1.0)
        start.append(len(index))
    needed = np.array([problem.open_seats[entry.id] for entry in problem.entries] + [0] * len(problem.reviewers))

    model = highspy.HighsLp()
    model.num_col_ = len(start) - 1
    model.num_row_ = len(needed)
    model.col_cost_ = np.zeros(model.num_col_)
    model.col_lower_ = np.zeros(model.num_col_)
    model.col_upper_ = np.ones(model.num_col_)
    model.row_lower_ = model.row_upper_ = needed.astype(np.float64)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.array(start, dtype=np.int32)
    model.a_matrix_.index_ = np.array(index, dtype=np.int32)
    model.a_matrix_.value_ = np.array(value)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", "simplex")  # a vertex, hence whole numbers; an interior point would not be
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    return solver


def _tie_break(salt: str, pair: Pair) -> int:
    digest = blake2b("\0".join((salt, *pair)).encode(), digest_size=2).digest()
    return int.from_bytes(digest)


def _shortfalls(problem: _Problem, pairs: frozenset[Pair]) -> list[Shortfall]:
    readers: dict[str, set[str]] = {entry.id: set() for entry in problem.entries}
    movable: dict[str, set[str]] = {reviewer.id: set() for reviewer in problem.reviewers}
    for pair in pairs:
        readers[pair.entry_id].add(pair.reviewer_id)
        if pair not in problem.fixed:
            movable[pair.reviewer_id].add(pair.entry_id)
    may_read: dict[str, set[str]] = {entry.id: set() for entry in problem.entries}
    for pair in [*problem.possible, *problem.fixed]:
        may_read[pair.entry_id].add(pair.reviewer_id)
    max_load = {reviewer.id: reviewer.max_load for reviewer in problem.reviewers}

    found = []
    for entry in problem.entries:
        missing = entry.seats - len(readers[entry.id])
        if missing <= 0:
            continue
        leaning_on = _cut(entry.id, may_read, readers, movable)
        in_conflict = sum(Pair(entry.id, reviewer.id) in problem.conflicts for reviewer in problem.reviewers)
        found.append(
            Shortfall(
                entry_id=entry.id,
                seats=missing,
                cause=ShortfallCause.REVIEWERS_FULL if leaning_on else ShortfallCause.TOO_FEW_REVIEWERS,
                language=entry.language,
                may_read=len(may_read[entry.id]),
                in_conflict=in_conflict,
                without_language=len(problem.reviewers) - in_conflict - len(may_read[entry.id]),
                leaning_on=len(leaning_on),
                room=sum(max_load[reviewer_id] for reviewer_id in leaning_on),
            )
        )
    return found


def _cut(
    entry_id: str,
    may_read: Mapping[str, set[str]],
    readers: Mapping[str, set[str]],
    movable: Mapping[str, set[str]],
) -> set[str]:
    """Return the reviewers whose places would have to free up, reached by asking them to hand over what they read."""
    reached: set[str] = set()
    seen, waiting = {entry_id}, [entry_id]
    while waiting:
        here = waiting.pop()
        for reviewer_id in may_read[here] - readers[here] - reached:
            reached.add(reviewer_id)
            handed_over = movable[reviewer_id] - seen
            seen |= handed_over
            waiting += handed_over
    return reached
