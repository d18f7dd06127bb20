"""The linear equations of the two-way mixed model, with the more numerous of entries and reviewers eliminated.

What is left has one unknown for each of the fewer ones and one for each part of the panel, so that tens of thousands
of marks stay small. Ratios are variances divided by that of chance.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fundapp.review.tally.panel import Numbers, Panel, Places


class Criterion(NamedTuple):
    """Minus twice the restricted log-likelihood, and the variance of chance that goes with it."""

    value: float
    chance: float


class Solution(NamedTuple):
    """Unknowns at given ratios, and the covariance of `middles` with `short`, divided by the variance of chance."""

    middles: Numbers
    short: Numbers
    long: Numbers
    covariance: Numbers


@dataclass(frozen=True, eq=False)
class Equations:
    """The marks of a panel by their long side (the more numerous of entries and reviewers) and their short side.

    `long`, `short`, `part` and `value` have one element a mark; `value` is measured from the mean of all marks.
    `pair` has one element for each two marks of one on the long side: the place of their short sides in a square
    matrix, as one number; `pair_long` says whose they are.
    """

    entries_are_long: bool
    long: Places
    short: Places
    part: Places
    part_of_short: Places
    value: Numbers
    mean: float
    reads_of_long: Places
    reads_of_short: Places
    parts: int
    pair: Places
    pair_long: Places

    @classmethod
    def of(cls, panel: Panel) -> "Equations":
        """Lay the marks of a panel out."""
        entries_are_long = len(panel.entries) >= len(panel.reviewers)
        long, short = (panel.entry, panel.reviewer) if entries_are_long else (panel.reviewer, panel.entry)
        longs, shorts = sorted((len(panel.entries), len(panel.reviewers)), reverse=True)
        reads = np.bincount(long, minlength=longs)
        order = np.argsort(long, kind="stable")
        ends = np.cumsum(reads)
        partners = reads[long[order]]
        first = np.repeat(np.arange(len(order)), partners)
        begin = np.repeat((ends - reads)[long[order]], partners)
        second = begin + np.arange(len(first)) - np.repeat(np.cumsum(partners) - partners, partners)
        mean = float(panel.value.mean())
        return cls(
            entries_are_long=entries_are_long,
            long=long,
            short=short,
            part=panel.part_of_entry[panel.entry],
            part_of_short=panel.part_of_reviewer if entries_are_long else panel.part_of_entry,
            value=panel.value - mean,
            mean=mean,
            reads_of_long=reads,
            reads_of_short=np.bincount(short, minlength=shorts),
            parts=panel.parts,
            pair=short[order][first] * shorts + short[order][second],
            pair_long=long[order][first],
        )

    def criterion(self, entries: float, reviewers: float) -> Criterion:
        """Return how badly two ratios fit; infinite where the numbers leave what a computer can hold."""
        long, short = self._sides(entries, reviewers)
        free = len(self.value) - self.parts
        try:
            diagonal = np.diag(np.linalg.cholesky(self._matrix(long, short)))
        except np.linalg.LinAlgError:
            return Criterion(np.inf, np.nan)
        chance = float(diagonal[-1] ** 2) / free
        determinants = np.log1p(long * self.reads_of_long).sum() + 2 * np.log(diagonal[:-1]).sum()
        return Criterion(float(determinants + free * (1 + np.log(2 * np.pi * chance))), chance)

    def solved(self, entries: float, reviewers: float) -> Solution:
        """Return the unknowns at two ratios."""
        long, short = self._sides(entries, reviewers)
        matrix = self._matrix(long, short)
        left = np.linalg.inv(np.linalg.cholesky(matrix[:-1, :-1]))
        covariance = left.T @ left
        unknowns = covariance @ matrix[-1, :-1]
        scaling = np.concatenate([np.ones(self.parts), np.full(len(self.reads_of_short), np.sqrt(short))])
        unknowns *= scaling
        middles, of_short = unknowns[: self.parts], unknowns[self.parts :]
        of_long = self.long_given(middles, of_short, long)
        return Solution(middles + self.mean, of_short, of_long, covariance * np.outer(scaling, scaling))

    def long_given(self, middles: Numbers, of_short: Numbers, ratio: float) -> Numbers:
        """Return the long side where the rest is known; `middles` are measured from the mean of all marks."""
        rest = self.value - middles[self.part] - of_short[self.short]
        return np.asarray(self.shrinkage(ratio) * np.bincount(self.long, rest, len(self.reads_of_long)))

    def shrinkage(self, ratio: float) -> Numbers:
        """Return what the long side's sums are multiplied with: their variance, too, divided by that of chance."""
        return np.asarray(ratio / (1 + ratio * self.reads_of_long))

    def variance_of_long(self, covariance: Numbers, ratio: float) -> Numbers:
        """Return the variance of each on the long side, divided by that of chance."""
        part_of_long = np.zeros(len(self.reads_of_long), dtype=np.intp)
        part_of_long[self.long] = self.part
        of_middle = np.diag(covariance)[part_of_long] * self.reads_of_long**2
        across = covariance[self.part, self.parts + self.short]
        with_middle = 2 * self.reads_of_long * np.bincount(self.long, across, len(self.reads_of_long))
        squares = covariance[self.parts :, self.parts :].ravel()
        of_short = np.bincount(self.pair_long, squares[self.pair], len(self.reads_of_long))
        shrunk = self.shrinkage(ratio)
        return np.asarray(shrunk + shrunk**2 * (of_middle + with_middle + of_short))

    def _sides(self, entries: float, reviewers: float) -> tuple[float, float]:
        return (entries, reviewers) if self.entries_are_long else (reviewers, entries)

    def _matrix(self, long_ratio: float, short_ratio: float) -> Numbers:
        """Return the equations of middles and short side (divided by the root of its ratio), with the marks last.

        Only what stands on the diagonal and below it is filled in. The factors that Cholesky finds of it are all that
        the likelihood needs.
        """
        parts, shorts, longs = self.parts, len(self.reads_of_short), len(self.reads_of_long)
        root = np.sqrt(short_ratio)
        weight = self.shrinkage(long_ratio)
        kept = (1 - weight * self.reads_of_long)[self.long]  # what is left of a mark beside the others of its long side
        rest = self.value - (weight * np.bincount(self.long, self.value, longs))[self.long]
        square = np.zeros((parts + shorts + 1, parts + shorts + 1))
        part, short, last = np.arange(parts), np.arange(parts, parts + shorts), parts + shorts
        paired = np.bincount(self.pair, weight[self.pair_long], shorts * shorts).reshape(shorts, shorts)
        square[parts:last, parts:last] = paired * -short_ratio
        square[short, short] += 1 + short_ratio * self.reads_of_short
        square[part, part] = np.bincount(self.part, kept, parts)
        square[short, self.part_of_short] = root * np.bincount(self.short, kept, shorts)
        square[last, :parts] = np.bincount(self.part, rest, parts)
        square[last, parts:last] = root * np.bincount(self.short, rest, shorts)
        square[last, last] = self.value @ rest
        return square
