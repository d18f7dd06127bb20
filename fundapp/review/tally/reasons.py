"""Why an adjusted score is what it is: readers, few readings, one reader alone, and blocks that few people bridge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from fundapp.review.tally.certainty import draws, ranks
from fundapp.review.tally.mixed_model import Fit, Grounds, leaving_out
from fundapp.review.tally.panel import Numbers


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

    The others' scores move with it: the whole part is ranked again, among the entries that are left.
    """
    panel = fitted.panel
    place = {entry: number for number, entry in enumerate(panel.entries)}
    whole = _ranks_in_parts(fitted)
    read_by = {reviewer: set(panel.entry[panel.reviewer == n].tolist()) for n, reviewer in enumerate(panel.reviewers)}
    found: dict[str, Swing] = {}
    for reviewer, rest in leaving_out(fitted):
        for entry, rank in zip(rest.panel.entries, _ranks_in_parts(rest), strict=True):
            number = place[entry]
            moved = abs(int(rank) - int(whole[number]))
            before = abs(found[entry].rank - int(whole[number])) if entry in found else 0
            if number in read_by[reviewer] and moved > before:
                found[entry] = Swing(reviewer, int(rank))
    return found


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


def _ranks_in_parts(fitted: Fit) -> Numbers:
    found = np.zeros(len(fitted.panel.entries), dtype=np.intp)
    for part in range(fitted.panel.parts):
        members = fitted.panel.part_of_entry == part
        found[members] = ranks(fitted.scores[members])
    return np.asarray(found)
