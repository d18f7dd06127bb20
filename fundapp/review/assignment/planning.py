"""From people and entries to the exact programme, and back to names and reasons."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from fundapp.review.assignment.fit import points
from fundapp.review.assignment.model import (
    AssignmentPlan,
    Bar,
    EntryNeed,
    Pair,
    ReviewerOffer,
    Shortage,
    Shortfall,
    ShortfallCause,
)
from fundapp.review.assignment.programme import Flags, Instance, Told, solve, tell_nobody

BARS = tuple(Bar)


def plan_assignment(
    entries: Collection[EntryNeed],
    reviewers: Collection[ReviewerOffer],
    *,
    barred: Mapping[Pair, Bar],
    started: Collection[Pair] = (),
    pinned: Collection[Pair] = (),
    current: Collection[Pair] = (),
    is_fair: bool = False,
    salt: str = "",
    told: Told = tell_nobody,
) -> AssignmentPlan:
    """Return the best plan; the same input in any order, and under any ids, gives the same plan.

    Pairs in `started` stay whatever they cost, and so do those in `pinned` that are not barred, even above a reviewer's
    `max_load`. Pairs in `current` stay unless moving them fills a seat. With `is_fair` the worst fitting new pair comes
    before the sum of all. `told` hears how far the solver is. Raises ValueError for a started pair that is barred or
    names an unknown id.
    """
    problem = _Problem(
        sorted(entries, key=lambda entry: (entry.key, entry.id)),
        sorted(reviewers, key=lambda reviewer: (reviewer.key, reviewer.id)),
        barred,
    )
    problem.fix(started, pinned)
    instance = problem.instance(current, salt)
    solution = solve(instance, is_fair=is_fair, told=told)
    plan = problem.fixed.copy()
    plan[solution.pairs[:, 0], solution.pairs[:, 1]] = True
    inexperienced = ~(plan & instance.is_experienced[None, :]).any(axis=1)
    loads = plan.sum(axis=0)
    return AssignmentPlan(
        pairs=frozenset(problem.pair(row, column) for row, column in np.argwhere(plan).tolist()),
        loads={reviewer.id: int(load) for reviewer, load in zip(problem.reviewers, loads, strict=True)},
        shortfalls=problem.shortfalls(plan),
        shortages=problem.shortages(plan),
        inexperienced=frozenset(problem.entries[row].id for row in np.flatnonzero(inexperienced).tolist()),
        cost=solution.cost,
        bound=solution.bound,
    )


class _Problem:
    """The inputs in one fixed order, as matrices with a row per entry and a column per reviewer."""

    def __init__(
        self, entries: Sequence[EntryNeed], reviewers: Sequence[ReviewerOffer], barred: Mapping[Pair, Bar]
    ) -> None:
        self.entries = entries
        self.reviewers = reviewers
        self.row = {entry.id: number for number, entry in enumerate(entries)}
        self.column = {reviewer.id: number for number, reviewer in enumerate(reviewers)}
        shape = (len(entries), len(reviewers))
        self.bars = np.zeros(shape, dtype=np.int8)
        """0 where nothing bars a pair, else the number of its bar counted from 1."""
        for pair, bar in barred.items():
            if pair.entry_id in self.row and pair.reviewer_id in self.column:
                self.bars[self.at(pair)] = BARS.index(bar) + 1
        languages = list(dict.fromkeys(entry.language for entry in entries))
        reads = np.array([[each.reads(language) for each in reviewers] for language in languages], dtype=np.bool_)
        at = {language: number for number, language in enumerate(languages)}
        self.reads = reads.reshape(len(languages), len(reviewers))[[at[entry.language] for entry in entries]]
        self.fixed = np.zeros(shape, dtype=np.bool_)

    def at(self, pair: Pair) -> tuple[int, int]:
        return self.row[pair.entry_id], self.column[pair.reviewer_id]

    def pair(self, row: int, column: int) -> Pair:
        return Pair(self.entries[row].id, self.reviewers[column].id)

    def fix(self, started: Collection[Pair], pinned: Collection[Pair]) -> None:
        """Take out of what is open what is begun or pinned. Raises ValueError for a started pair that cannot be."""
        for pair in sorted(started):
            if pair.entry_id not in self.row or pair.reviewer_id not in self.column:
                raise ValueError(f"started pair with an unknown id: {pair}")
            if self.bars[self.at(pair)]:
                raise ValueError(f"started pair that is barred: {pair}")
            self.fixed[self.at(pair)] = True
        for pair in pinned:
            if pair.entry_id in self.row and pair.reviewer_id in self.column and not self.bars[self.at(pair)]:
                self.fixed[self.at(pair)] = True
        seats = np.array([entry.seats for entry in self.entries], dtype=np.int64)
        most = np.array([reviewer.max_load for reviewer in self.reviewers], dtype=np.int64)
        self.taken = self.fixed.sum(axis=0)
        self.seats = np.maximum(0, seats - self.fixed.sum(axis=1))
        self.room = np.maximum(0, most - self.taken)
        self.may_read = (self.reads & (self.bars == 0)) | self.fixed

    def instance(self, current: Collection[Pair], salt: str) -> Instance:
        """Return what the programme decides."""
        kept = np.zeros_like(self.fixed)
        for pair in current:
            if pair.entry_id in self.row and pair.reviewer_id in self.column:
                kept[self.at(pair)] = True
        is_experienced = np.array([each.is_experienced for each in self.reviewers], dtype=np.bool_)
        return Instance(
            seats=self.seats,
            room=self.room,
            taken=self.taken,
            possible=self.may_read & ~self.fixed,
            kept=kept,
            needs_experience=np.logical_not((self.fixed & is_experienced[None, :]).any(axis=1)),
            is_experienced=is_experienced,
            points=points(self.entries, self.reviewers, salt),
        )

    def shortfalls(self, plan: Flags) -> tuple[Shortfall, ...]:
        """Say of each entry with empty seats how many could read it, and what bars the others."""
        found = []
        for row in np.flatnonzero(self._empty(plan)).tolist():
            entry = self.entries[row]
            is_full = (self.may_read[row] & ~plan[row]).any()
            barred = {bar: int((self.bars[row] == number).sum()) for number, bar in enumerate(BARS, start=1)}
            found.append(
                Shortfall(
                    entry_id=entry.id,
                    seats=int(self._empty(plan)[row]),
                    cause=ShortfallCause.REVIEWERS_FULL if is_full else ShortfallCause.TOO_FEW_REVIEWERS,
                    language=entry.language,
                    may_read=int(self.may_read[row].sum()),
                    without_language=int((~self.may_read[row] & (self.bars[row] == 0)).sum()),
                    barred={bar: count for bar, count in barred.items() if count},
                )
            )
        return tuple(found)

    def shortages(self, plan: Flags) -> tuple[Shortage, ...]:
        """Say of each language whose seats stay empty for want of room who could take them, and what they can take."""
        empty = self._empty(plan)
        starved = (empty > 0) & (self.may_read & ~plan).any(axis=1)
        languages = dict.fromkeys(self.entries[row].language for row in np.flatnonzero(starved).tolist())
        found = []
        for language in languages:
            here = starved & np.array([entry.language == language for entry in self.entries])
            rows, columns = self._cut(here, plan)
            found.append(
                Shortage(
                    language=language,
                    seats=int(empty[here].sum()),
                    entries=int(here.sum()),
                    readers=int(columns.sum()),
                    room=int(self.room[columns].sum()),
                    needed=int(self.room[columns].sum() + empty[rows].sum()),
                )
            )
        return tuple(found)

    def _empty(self, plan: Flags) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        wanted = np.maximum([entry.seats for entry in self.entries], self.fixed.sum(axis=1))
        return np.asarray(wanted - plan.sum(axis=1), dtype=np.int64)

    def _cut(self, starved: Flags, plan: Flags) -> tuple[Flags, Flags]:
        """Return the entries and reviewers that are reached by asking reviewers to hand over what they are to read.

        All these reviewers are full, and what they hold cannot go elsewhere.
        """
        rows = starved
        columns = np.zeros(len(self.reviewers), dtype=np.bool_)
        while True:
            reached = (self.may_read & ~plan)[rows].any(axis=0) | columns
            handed = rows | (plan & ~self.fixed)[:, reached].any(axis=1)
            if (reached == columns).all() and (handed == rows).all():
                return rows, columns
            rows, columns = handed, reached
