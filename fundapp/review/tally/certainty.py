"""How sure a ranking is: what else the truth may be, drawn from what the marks and the model leave open.

A draw is one state of the world that agrees with the marks: middles, leniencies and worths from their joint normal
distribution, at the variances that were found. So intervals are at least as wide as said, never narrower: that the
variances are estimates themselves, and that people clip their scales, is left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fundapp.review.tally.equations import Equations
from fundapp.review.tally.mixed_model import Fit, Grounds
from fundapp.review.tally.panel import Numbers, Places

DRAWS: Final = 2_000
AT_ONCE: Final = 250
"""Draws that stand in memory at one time."""

SEED: Final = 20_201_019
"""The same marks always give the same figures: the draws begin here."""

INTERVAL: Final = 0.9
"""A rank interval holds this share of the draws."""

TIE: Final = 1e-9
"""Scores this near to each other are equal: the rest is rounding."""


@dataclass(frozen=True, eq=False)
class Certainty:
    """What the draws say of the entries of one part of a panel, each array in the order of `entries`.

    Ranks count from 1 within the part. `fundable` is the chance to be among the best `places`; `expected_rank` the mean
    rank, and `share_beaten` how many of the others are beaten on average, from 0 to 1.

    Source: expected rank and SUCRA as in Heyard and others 2022.
    """

    entries: tuple[str, ...]
    places: int
    fundable: Numbers
    lowest_rank: Places
    highest_rank: Places
    expected_rank: Numbers

    @property
    def share_beaten(self) -> Numbers:
        """Return the surface under the cumulative ranking curve."""
        others = max(1, len(self.entries) - 1)
        return np.asarray((len(self.entries) - self.expected_rank) / others)

    def expected_right(self, chosen: Mapping[str, float]) -> float:
        """Return how many of the chosen are truly among the best `places`, by the model's own reckoning.

        `chosen` has the share of each that is chosen: 1, or less for equals at the line that do not all fit.
        """
        return float(sum(self.fundable[place] * chosen.get(entry, 0.0) for place, entry in enumerate(self.entries)))


def shares_chosen(ranks_of: Mapping[str, int], places: int) -> dict[str, float]:
    """Return the share of each entry that fits into `places`: equals at the line share what is left among them."""
    equals = Counter(ranks_of.values())
    return {entry: min(1.0, max(0, places - (rank - 1)) / equals[rank]) for entry, rank in ranks_of.items()}


def ranks(scores: Numbers) -> Places:
    """Return ranks from 1, best first; equal scores share one, and the next is skipped."""
    order = np.argsort(-scores, kind="stable")
    begins = np.concatenate([[True], np.diff(-scores[order]) > TIE])
    found = np.empty(len(scores), dtype=np.intp)
    found[order] = np.flatnonzero(begins)[np.cumsum(begins) - 1] + 1
    return found


def certainty(fitted: Fit, *, places: Mapping[int, int]) -> list[Certainty]:
    """Return what the draws say, part by part; `places` is how many can be funded in each part.

    Entries of different parts are never compared. Without a model there is nothing to draw from: the list is empty.
    """
    if fitted.grounds is not Grounds.MODEL:
        return []
    of_part = [np.flatnonzero(fitted.panel.part_of_entry == part) for part in range(fitted.panel.parts)]
    drawn = [np.empty((DRAWS, len(members)), dtype=np.int32) for members in of_part]
    done = 0
    for scores in draws(fitted):
        for members, ranked in zip(of_part, drawn, strict=True):
            ranked[done : done + len(scores)] = _ranks_of_rows(scores[:, members])
        done += len(scores)
    return [
        _certainty(tuple(fitted.panel.entries[each] for each in members), ranked, places.get(part, 0))
        for part, (members, ranked) in enumerate(zip(of_part, drawn, strict=True))
    ]


def draws(fitted: Fit) -> Iterator[Numbers]:
    """Yield scores as they may truly be, a row a draw and a column an entry, some rows at a time."""
    panel, (of_entries, of_reviewers, chance) = fitted.panel, fitted.variances
    equations = Equations.of(panel)
    solution = equations.solved(of_entries / chance, of_reviewers / chance)
    ratio = (of_entries if equations.entries_are_long else of_reviewers) / chance
    values, vectors = np.linalg.eigh(solution.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0) * chance)
    centre = np.concatenate([solution.middles - equations.mean, solution.short])
    left_open = np.sqrt(equations.shrinkage(ratio) * chance)
    generator = np.random.default_rng(SEED)
    for begin in range(0, DRAWS, AT_ONCE):
        rows = min(AT_ONCE, DRAWS - begin)
        known = centre + generator.standard_normal((rows, len(centre))) @ root.T
        middles, short = known[:, : panel.parts], known[:, panel.parts :]
        worths = short
        if equations.entries_are_long:
            noise = generator.standard_normal((rows, len(left_open))) * left_open
            worths = noise + [equations.long_given(*each, ratio) for each in zip(middles, short, strict=True)]
        apart = TIE * generator.standard_normal((rows, len(panel.entries)))  # equals come in any order, each as often
        yield middles[:, panel.part_of_entry] + equations.mean + worths + apart


def _ranks_of_rows(scores: Numbers) -> NDArray[np.int32]:
    order = np.argsort(-scores, axis=1, kind="stable")
    found = np.empty(scores.shape, dtype=np.int32)
    np.put_along_axis(found, order, np.arange(1, scores.shape[1] + 1, dtype=np.int32)[None, :], axis=1)
    return np.asarray(found)


def _certainty(entries: tuple[str, ...], ranked: NDArray[np.int32], places: int) -> Certainty:
    tail = (1 - INTERVAL) / 2
    low, high = np.quantile(ranked, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return Certainty(
        entries=entries,
        places=places,
        fundable=(ranked <= places).mean(axis=0),
        lowest_rank=low.astype(np.intp),
        highest_rank=high.astype(np.intp),
        expected_rank=ranked.mean(axis=0),
    )
