"""Which score puts entries in order: the exact mean, or the adjusted score with the mean beside it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from fundapp.review.tally.marks import EntryTally
from fundapp.review.tally.mixed_model import fit
from fundapp.review.tally.panel import Mark, Panel

DECIMALS: Final = 6
"""Adjusted scores are told apart by so many decimals: the digits behind them differ between machines."""


@dataclass(frozen=True, slots=True)
class AdjustedScore:
    """An adjusted score on the scale of marks, its rank among all entries of the group, and its part of the panel.

    Readers that nothing connects are not compared: across parts, a rank is no better than the marks themselves.
    """

    score: float
    """Rounded to DECIMALS: what differs by less is the same."""
    rank: int
    is_tied: bool
    part: int


def adjusted_scores(figures: Sequence[EntryTally], *, least_reviews: int = 1) -> dict[str, AdjustedScore]:
    """Return the adjusted score of each entry with at least so many reviews, by id; readers' other marks count too."""
    marks = [Mark(each.entry_id, mark.reviewer_id, float(mark.mark)) for each in figures for mark in each.marks]
    if not marks:
        return {}
    fitted = fit(Panel.of(marks))
    enough = {each.entry_id for each in figures if each.reviews >= least_reviews}
    scores = {
        entry_id: (round(score, DECIMALS), part)
        for entry_id, score, part in zip(
            fitted.panel.entries, fitted.scores.tolist(), fitted.panel.part_of_entry.tolist(), strict=True
        )
        if entry_id in enough
    }
    sharing = Counter(score for score, _part in scores.values())
    first: dict[float, int] = {}
    for place, score in enumerate(sorted((score for score, _part in scores.values()), reverse=True), start=1):
        first.setdefault(score, place)
    return {
        entry_id: AdjustedScore(score, first[score], sharing[score] > 1, part)
        for entry_id, (score, part) in scores.items()
    }


def led_by_mean(figures: Sequence[EntryTally], *, least_reviews: int = 1) -> list[EntryTally]:
    """Return figures in the order of their means: those with fewer reviews have no rank and come last.

    Figures must be in the order of their ranks, as `tally` returns them.
    """
    enough = [each for each in figures if each.rank is not None and each.reviews >= least_reviews]
    sharing = Counter(each.rank for each in enough)
    standing: dict[str, tuple[int, bool]] = {}
    for group in groupby(enough, key=lambda each: each.rank):
        rank = len(standing) + 1
        standing |= {each.entry_id: (rank, sharing[each.rank] > 1) for each in group[1]}
    return _in_order(figures, standing)


def led_by_adjusted(figures: Sequence[EntryTally], adjusted: Mapping[str, AdjustedScore]) -> list[EntryTally]:
    """Return figures in the order of their adjusted scores, with those ranks; those without one come last."""
    return _in_order(figures, {key: (each.rank, each.is_tied) for key, each in adjusted.items()})


def _in_order(figures: Sequence[EntryTally], standing: Mapping[str, tuple[int, bool]]) -> list[EntryTally]:
    ranked = [
        replace(each, rank=standing[each.entry_id][0], tied=standing[each.entry_id][1])
        for each in figures
        if each.entry_id in standing
    ]
    rest = [replace(each, rank=None, tied=False) for each in figures if each.entry_id not in standing]
    return [*sorted(ranked, key=lambda each: (each.rank or 0, each.entry_id)), *rest]
