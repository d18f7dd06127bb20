"""The two-way mixed model: what entries are worth once strict and lenient readers are told apart.

A mark is a middle, plus what the entry is worth, plus how lenient its reader is, plus chance; the last three are drawn
from normal distributions around zero. Their variances are found by restricted maximum likelihood (Patterson and
Thompson 1971), worths and leniencies are their best linear unbiased predictions (Henderson 1975). Where readers do not
differ, their variance comes to zero and nothing is corrected.

Each part of the panel that nothing connects has a middle of its own; the variances are those of all parts together.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from fundapp.review.tally.descent import least
from fundapp.review.tally.equations import Equations
from fundapp.review.tally.kept import Kept
from fundapp.review.tally.panel import Numbers, Panel

WIDEST: Final = 16.0
"""The logarithm of a variance ratio stays between minus this and this."""

STARTS: Final = ((0.0, -1.0), (-2.0, -6.0), (2.0, 1.0))
"""Where the search begins, as logarithms of (entries, reviewers) against chance: one start alone has been seen to stop
at the edge on data of a real panel."""

COARSE: Final = 0.05
FINE: Final = 1e-5
"""How near the search comes to the best logarithms: from each start, and then from the best place found."""

EQUAL: Final = 1e-12
"""Marks that differ by no more than this share of the largest are the same: the rest is rounding."""

NO_WORSE: Final = 1e-6
"""A variance is zero where the likelihood loses no more than this by it."""


class Grounds(StrEnum):
    """What adjusted scores stand on."""

    MODEL = "model"
    EQUAL_MARKS = "equal_marks"  # within each part of the panel all marks are the same: nothing to tell apart
    SINGLE_READINGS = "single_readings"  # no entry has two marks: chance and worth cannot be told apart


class Variances(NamedTuple):
    """Of worths, of leniencies, and of chance, in squared units of the scale of marks."""

    entries: float
    reviewers: float
    chance: float

    @property
    def reviewers_share(self) -> float:
        """Return how much of the variance of a single mark is its reader's, from 0 to 1."""
        return self.reviewers / total if (total := sum(self)) else 0.0

    @property
    def agreement(self) -> float:
        """Return how alike two readers' marks of one entry are, from 0 to 1.

        Source: ICC(2,1) of Shrout and Fleiss 1979.
        """
        return self.entries / total if (total := sum(self)) else 0.0

    def agreement_of_means(self, readings: int) -> float:
        """Return how alike the means of two sets of so many readers are for one entry, from 0 to 1.

        Source: ICC(2,k) of Shrout and Fleiss 1979.
        """
        total = self.entries + (self.reviewers + self.chance) / readings
        return self.entries / total if total else 0.0


@dataclass(frozen=True, eq=False)
class Fit:
    """The model of a panel. All arrays are in the order of its entries or reviewers, in units of the scale of marks.

    `middles` has one element a part of the panel. `leniency` is above zero for who marks higher than others would.
    """

    panel: Panel
    grounds: Grounds
    variances: Variances
    middles: Numbers
    worths: Numbers
    leniency: Numbers
    leniency_error: Numbers
    criterion: float | None
    """Minus twice the restricted log-likelihood; None without a model."""

    @property
    def scores(self) -> Numbers:
        """Return the adjusted score of each entry: the middle and its worth."""
        return np.asarray(self.middles[self.panel.part_of_entry] + self.worths)

    @property
    def weights(self) -> Numbers:
        """Return how far each score follows its own marks, from 0 (only the middle) to 1."""
        if self.grounds is not Grounds.MODEL:
            return np.ones(len(self.panel.entries))
        informed = self.panel.reads * self.variances.entries
        return np.asarray(informed / (informed + self.variances.chance))


_kept: Final = Kept[Fit]()


def fit(panel: Panel) -> Fit:
    """Return the model of a panel of at least one mark. The same marks in any order give the same figures."""
    if not panel.entries:
        raise ValueError("a panel without a mark")
    return _kept.get(panel.fingerprint, lambda: _fit(panel))


def _fit(panel: Panel) -> Fit:
    middles = np.bincount(panel.part_of_entry[panel.entry], panel.value) / np.bincount(panel.part_of_entry[panel.entry])
    apart = np.abs(panel.value - middles[panel.part_of_entry[panel.entry]]).max()
    if apart <= EQUAL * np.abs(panel.value).max():
        return _plain(panel, Grounds.EQUAL_MARKS, middles)
    if panel.reads.max() < 2:
        return _plain(panel, Grounds.SINGLE_READINGS, middles)
    equations = Equations.of(panel)
    entries, reviewers = _ratios(panel, equations)
    chance = equations.criterion(entries, reviewers).chance
    return solve(panel, Variances(entries * chance, reviewers * chance, chance), equations)


def solve(panel: Panel, variances: Variances, equations: Equations | None = None) -> Fit:
    """Return worths and leniencies at given variances, that of chance above zero."""
    equations = equations or Equations.of(panel)
    entries, reviewers = variances.entries / variances.chance, variances.reviewers / variances.chance
    solution = equations.solved(entries, reviewers)
    if equations.entries_are_long:
        worths, leniency = solution.long, solution.short
        relative = np.diag(solution.covariance)[panel.parts :]
    else:
        worths, leniency = solution.short, solution.long
        relative = equations.variance_of_long(solution.covariance, reviewers)
    return Fit(
        panel=panel,
        grounds=Grounds.MODEL,
        variances=variances,
        middles=solution.middles,
        worths=worths,
        leniency=leniency,
        leniency_error=np.sqrt(relative * variances.chance),
        criterion=equations.criterion(entries, reviewers).value,
    )


def _plain(panel: Panel, grounds: Grounds, middles: Numbers) -> Fit:
    nothing = np.zeros(len(panel.reviewers))
    worths = panel.means - middles[panel.part_of_entry]
    return Fit(panel, grounds, Variances(0.0, 0.0, 0.0), middles, worths, nothing, nothing, None)


def _ratios(panel: Panel, equations: Equations) -> tuple[float, float]:
    """Return the ratios of entries and reviewers to chance that fit best; zero where that is as good, or all there is.

    Within a part of one entry, or of one reviewer, what is theirs cannot be told from the middle.
    """
    per_part = np.bincount(panel.part_of_entry), np.bincount(panel.part_of_reviewer)
    can_vary = (per_part[0].max() > 1, per_part[1].max() > 1 and np.bincount(panel.reviewer).max() > 1)

    def ratios(logarithms: Numbers) -> tuple[float, float]:
        held = iter(np.exp(np.clip(logarithms, -WIDEST, WIDEST)))
        return tuple(float(next(held)) if can else 0.0 for can in can_vary)  # type: ignore[return-value]  # two of them

    def badness(logarithms: Numbers) -> float:
        return equations.criterion(*ratios(logarithms)).value + float(np.maximum(np.abs(logarithms) - WIDEST, 0).sum())

    starts = [np.array([each for each, can in zip(start, can_vary, strict=True) if can]) for start in STARTS]
    best = min((least(badness, start, step=1.0, close=COARSE) for start in starts), key=badness)
    best = least(badness, best, step=COARSE, close=FINE)
    entries, reviewers = ratios(best)
    for fewer in ((entries, 0.0), (0.0, reviewers), (0.0, 0.0)):
        if equations.criterion(*fewer).value <= badness(best) + NO_WORSE:
            entries, reviewers = fewer
    return entries, reviewers
