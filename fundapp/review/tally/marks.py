"""From scores to a ranking, in exact arithmetic so that a tie is a tie.

Three steps: the scores of one review become its mark, weighted by criterion; the marks of an entry become its mean,
with median and spread beside it; the means become ranks.

What a reviewer could not judge, and what is missing, is left out and never counts as zero: the weights of the
criteria that were judged are scaled up to the whole. A review in which nothing that has weight was judged is no
review. All criteria on one scale: marks are on that scale. Different scales: each score is first turned into its
share of its own scale, and marks run from 0 to 100.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import NamedTuple

Number = int | Decimal | Fraction


class ScoreRow(NamedTuple):
    """One line of the flat table of scores; `score` None: the reviewer said "cannot judge"."""

    entry_id: str
    reviewer_id: str
    criterion: str
    score: Number | None


@dataclass(frozen=True, slots=True)
class WeightedCriterion:
    """A criterion, its weight against the others, and the ends of its scale, both inclusive."""

    key: str
    weight: Number
    lowest: Number
    highest: Number

    def __post_init__(self) -> None:
        if self.weight < 0 or self.lowest >= self.highest:
            raise ValueError(f"criterion {self.key}: weight below zero or empty scale")


class ReviewMark(NamedTuple):
    reviewer_id: str
    mark: Fraction


@dataclass(frozen=True, slots=True)
class EntryTally:
    """The figures of one entry; without a review there is no mean and no rank."""

    entry_id: str
    marks: tuple[ReviewMark, ...]
    mean: Fraction | None
    median: Fraction | None
    variance: Fraction | None
    rank: int | None = None
    tied: bool = False

    @property
    def reviews(self) -> int:
        """Return how many reviews count."""
        return len(self.marks)

    @property
    def spread(self) -> Decimal | None:
        """Return the sample standard deviation of the marks (None below two reviews)."""
        if self.variance is None:
            return None
        return (Decimal(self.variance.numerator) / Decimal(self.variance.denominator)).sqrt()

    @property
    def rank_label(self) -> str:
        """Return "3", "=3" for a shared rank, or "" without one."""
        return "" if self.rank is None else f"={self.rank}" if self.tied else str(self.rank)


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale on which marks are given, ends inclusive."""

    lowest: Fraction
    highest: Fraction


def scale_of_marks(criteria: Collection[WeightedCriterion]) -> Scale:
    """Return the one scale of all criteria, or 0 to 100 where they differ."""
    scales = {(Fraction(c.lowest), Fraction(c.highest)) for c in criteria}
    return Scale(*scales.pop()) if len(scales) == 1 else Scale(Fraction(0), Fraction(100))


def mark_of_review(scores: Mapping[str, Number | None], criteria: Collection[WeightedCriterion]) -> Fraction | None:
    """Return the weighted mean of the criteria judged in one review, or None when none with weight was.

    Raises ValueError for a score outside its scale or a criterion that is not of this rubric.
    """
    unknown = scores.keys() - {criterion.key for criterion in criteria}
    if unknown:
        raise ValueError(f"not criteria of this rubric: {sorted(unknown)}")
    total: int | Fraction = 0
    weights = 0
    for criterion, line in zip(criteria, _lines(tuple(criteria)), strict=True):
        score = scores.get(criterion.key)
        if score is None:
            continue
        if not criterion.lowest <= score <= criterion.highest:
            raise ValueError(f"criterion {criterion.key}: {score} is outside its scale")
        total += line.constant + line.slope * (score if isinstance(score, int) else Fraction(score))
        weights += line.weight
    return Fraction(total) / weights if weights else None


class _Line(NamedTuple):
    """The weighted mark of one criterion is constant + slope x score."""

    constant: int
    slope: int
    weight: int


@lru_cache(maxsize=64)
def _lines(criteria: tuple[WeightedCriterion, ...]) -> tuple[_Line, ...]:
    """Return the lines of a rubric as whole numbers, all multiplied by one number that cancels out of every mark."""
    scale = scale_of_marks(criteria)
    exact = []
    for criterion in criteria:
        weight, lowest = Fraction(criterion.weight), Fraction(criterion.lowest)
        slope = weight * (scale.highest - scale.lowest) / (Fraction(criterion.highest) - lowest)
        exact.append((weight * scale.lowest - slope * lowest, slope, weight))
    whole = lcm(*(number.denominator for line in exact for number in line))
    return tuple(_Line(*(int(number * whole) for number in line)) for line in exact)


def tally(
    entry_ids: Iterable[str], criteria: Collection[WeightedCriterion], rows: Iterable[ScoreRow]
) -> list[EntryTally]:
    """Return the entries with their figures: ranked ones best first, then those without a review, by id.

    Equal means share the rank and the next rank is skipped (1, =2, =2, 4). Raises ValueError for a row of an
    unknown entry or criterion, a score outside its scale, or two scores of one reviewer on one criterion.
    """
    reviews: dict[str, dict[str, dict[str, Number | None]]] = {entry_id: {} for entry_id in entry_ids}
    for row in rows:
        if row.entry_id not in reviews:
            raise ValueError(f"score of an unknown entry: {row.entry_id}")
        review = reviews[row.entry_id].setdefault(row.reviewer_id, {})
        if row.criterion in review:
            raise ValueError(f"scored twice: {row.entry_id}, {row.reviewer_id}, {row.criterion}")
        review[row.criterion] = row.score
    return _ranked([_figures(entry_id, reviews[entry_id], criteria) for entry_id in reviews])


def rounded(value: Fraction | Decimal, places: int = 2) -> Decimal:
    """Round for people, halves up. Never compare rounded figures: ties are decided on the exact ones."""
    exact = Fraction(value)
    halves = 2 * exact.numerator * 10**places + exact.denominator
    return Decimal(halves // (2 * exact.denominator)).scaleb(-places)


def _figures(
    entry_id: str, reviews: Mapping[str, Mapping[str, Number | None]], criteria: Collection[WeightedCriterion]
) -> EntryTally:
    marks = tuple(
        ReviewMark(reviewer_id, mark)
        for reviewer_id in sorted(reviews)
        if (mark := mark_of_review(reviews[reviewer_id], criteria)) is not None
    )
    values = sorted(mark for _, mark in marks)
    if not values:
        return EntryTally(entry_id, marks, None, None, None)
    mean = sum(values, Fraction(0)) / len(values)
    median = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    squares = sum(((value - mean) ** 2 for value in values), Fraction(0))
    return EntryTally(entry_id, marks, mean, median, squares / (len(values) - 1) if len(values) > 1 else None)


def _ranked(figures: Sequence[EntryTally]) -> list[EntryTally]:
    groups: dict[Fraction, list[EntryTally]] = defaultdict(list)
    unranked = []
    for figure in sorted(figures, key=lambda figure: figure.entry_id):
        if figure.mean is None:
            unranked.append(figure)
        else:
            groups[figure.mean].append(figure)
    ranked: list[EntryTally] = []
    for mean in sorted(groups, reverse=True):
        rank, tied = len(ranked) + 1, len(groups[mean]) > 1
        ranked += [EntryTally(f.entry_id, f.marks, f.mean, f.median, f.variance, rank, tied) for f in groups[mean]]
    return ranked + unranked
