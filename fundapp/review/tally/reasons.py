"""Why an adjusted score is what it is: readers, few readings, one reader alone, and blocks that few people bridge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fundapp.review.tally.certainty import draws, ranks
from fundapp.review.tally.mixed_model import Fit, Grounds
from fundapp.review.tally.panel import Numbers, Places
from fundapp.review.tally.without import scores_without


@dataclass(frozen=True, eq=False)
class Difference:
    """What makes adjusted scores differ from plain means, in the order of the entries; the two add up to all of it.

    `from_readers` is below zero where an entry's readers are lenient, above where they are strict. `from_few_readings`
    draws it to the middle, the more so the fewer its marks and the less readers agree.
    """

    from_readers: Numbers
    from_few_readings: Numbers


class Swing(NamedTuple):
    """The reader without whom an entry's rank within its part would move most, and the rank that it would have."""

    reviewer_id: str
    rank: int


class Contrast(NamedTuple):
    """By how much a block of entries scores above all others, on the scale of marks, and the standard error of that.

    Scores alone cannot tell a better block from one whose readers are kinder.
    """

    difference: float
    error: float


def differences(fitted: Fit) -> Difference:
    """Return why each adjusted score differs from the plain mean."""
    panel, weights = fitted.panel, fitted.weights
    of_readers = np.bincount(panel.entry, fitted.leniency[panel.reviewer], len(panel.entries)) / panel.reads
    from_readers = -weights * of_readers
    return Difference(from_readers, fitted.scores - panel.means - from_readers)


def swings(fitted: Fit) -> dict[str, Swing]:
    """Return each entry's largest move of rank by leaving one of its readers out, where any moves it.

    The others' scores move with it: the whole part is ranked again, among the entries that are left. Nobody is left out
    without whom the part would fall apart.
    """
    if fitted.grounds is not Grounds.MODEL:
        return {}
    panel, whole = fitted.panel, _ranks_in_parts(fitted)
    reviewer_of = np.full(len(panel.entries), -1)
    rank_of = whole.copy()
    for reviewer, entries, scores in scores_without(fitted):
        new = whole.copy()
        new[entries] = ranks(scores)
        theirs = np.intersect1d(panel.entry[panel.reviewer == reviewer], entries)
        moved = theirs[np.abs(new - whole)[theirs] > np.abs(rank_of - whole)[theirs]]
        rank_of[moved], reviewer_of[moved] = new[moved], reviewer
    return {
        panel.entries[entry]: Swing(panel.reviewers[reviewer_of[entry]], int(rank_of[entry]))
        for entry in np.flatnonzero(reviewer_of >= 0)
    }


def contrasts(fitted: Fit, block_of: Mapping[str, str]) -> dict[str, Contrast]:
    """Return the contrast of each block with all other entries; none without a model, or where there is one block."""
    blocks = sorted({block_of[entry] for entry in fitted.panel.entries})
    if fitted.grounds is not Grounds.MODEL or len(blocks) < 2:
        return {}
    inside = np.array([[block_of[entry] == block for block in blocks] for entry in fitted.panel.entries], dtype=float)
    weights = inside / inside.sum(axis=0) - (1 - inside) / (1 - inside).sum(axis=0)
    drawn = np.concatenate([scores @ weights for scores in draws(fitted)])
    middle = fitted.scores @ weights
    return {
        block: Contrast(float(middle[number]), float(drawn[:, number].std())) for number, block in enumerate(blocks)
    }


def _ranks_in_parts(fitted: Fit) -> Places:
    found = np.zeros(len(fitted.panel.entries), dtype=np.intp)
    for part in range(fitted.panel.parts):
        members = fitted.panel.part_of_entry == part
        found[members] = ranks(fitted.scores[members])
    return np.asarray(found)
