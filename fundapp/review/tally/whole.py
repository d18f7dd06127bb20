"""All figures of a group of entries that compete: plain ones and adjusted ones, entry by entry and reader by reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fundapp.review.tally.certainty import Certainty, certainty, ranks
from fundapp.review.tally.marks import EntryTally
from fundapp.review.tally.mixed_model import Fit, Grounds, Variances, fit
from fundapp.review.tally.panel import Mark, Panel
from fundapp.review.tally.reasons import Swing, differences, swings

HARDLY: Final = 0.02
"""Where less than this share of the variance of a mark is its reader's, no correction was needed."""


@dataclass(frozen=True, slots=True)
class AdjustedEntry:
    """An entry with its adjusted figures, on the scale of marks; None throughout where nobody marked it.

    `part` numbers the parts of the panel that no reader connects; `rank` counts within it. `fundable` is the chance to
    be truly among the best that can be funded, and the ranks from `lowest_rank` to `highest_rank` hold nine draws in
    ten at least; both are None without a model, `fundable` also where the panel falls into parts.
    """

    plain: EntryTally
    part: int | None = None
    score: float | None = None
    rank: int | None = None
    from_readers: float | None = None
    from_few_readings: float | None = None
    fundable: float | None = None
    lowest_rank: int | None = None
    highest_rank: int | None = None
    swing: Swing | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A reviewer's leniency on the scale of marks, above zero for who marks higher, with its standard error."""

    reviewer_id: str
    reviews: int
    leniency: float
    error: float


@dataclass(frozen=True, slots=True)
class WholeTally:
    """What is known of a group of entries: `entries` by part and adjusted rank, `readers` by leniency, strict first.

    `expected_right` of the `places` that the adjusted ranking fills are truly among the best, by the model's own
    reckoning; None without a model or where the panel falls into parts.
    """

    grounds: Grounds
    variances: Variances
    parts: int
    places: int
    entries: tuple[AdjustedEntry, ...]
    readers: tuple[Reader, ...]
    expected_right: float | None

    @property
    def is_corrected(self) -> bool:
        """Return whether readers differ enough that adjusted scores say something else than means."""
        return self.grounds is Grounds.MODEL and self.variances.reviewers_share >= HARDLY


def whole_tally(figures: Sequence[EntryTally], *, places: int) -> WholeTally:
    """Return all figures of entries whose plain ones are `figures`, where `places` of them can be funded."""
    marks = [Mark(each.entry_id, mark.reviewer_id, float(mark.mark)) for each in figures for mark in each.marks]
    plain = {each.entry_id: each for each in figures}
    unread = [AdjustedEntry(each) for each in figures if not each.marks]
    if not marks:
        return WholeTally(Grounds.SINGLE_READINGS, Variances(0.0, 0.0, 0.0), 0, places, tuple(unread), (), None)
    fitted = fit(Panel.of(marks))
    together = fitted.panel.parts == 1
    sure = certainty(fitted, places={0: places} if together else {})
    entries = _adjusted(fitted, plain, sure)
    chosen = {each.plain.entry_id for each in entries if each.rank is not None and each.rank <= places}
    return WholeTally(
        grounds=fitted.grounds,
        variances=fitted.variances,
        parts=fitted.panel.parts,
        places=places,
        entries=(*entries, *unread),
        readers=_readers(fitted),
        expected_right=sure[0].expected_right(chosen) if together and sure else None,
    )


def _adjusted(fitted: Fit, plain: dict[str, EntryTally], sure: Sequence[Certainty]) -> list[AdjustedEntry]:
    panel, why, moved = fitted.panel, differences(fitted), swings(fitted)
    found = []
    for part in range(panel.parts):
        members = np.flatnonzero(panel.part_of_entry == part)
        rank_of = dict(zip(members.tolist(), ranks(fitted.scores[members]).tolist(), strict=True))
        drawn = sure[part] if sure else None
        for place, member in sorted(enumerate(members.tolist()), key=lambda each: (rank_of[each[1]], each[1])):
            entry_id = panel.entries[member]
            found.append(
                AdjustedEntry(
                    plain=plain[entry_id],
                    part=part,
                    score=float(fitted.scores[member]),
                    rank=rank_of[member],
                    from_readers=float(why.from_readers[member]),
                    from_few_readings=float(why.from_few_readings[member]),
                    fundable=float(drawn.fundable[place]) if drawn and panel.parts == 1 else None,
                    lowest_rank=int(drawn.lowest_rank[place]) if drawn else None,
                    highest_rank=int(drawn.highest_rank[place]) if drawn else None,
                    swing=moved.get(entry_id),
                )
            )
    return found


def _readers(fitted: Fit) -> tuple[Reader, ...]:
    reads = np.bincount(fitted.panel.reviewer, minlength=len(fitted.panel.reviewers))
    rows = zip(fitted.panel.reviewers, reads.tolist(), fitted.leniency, fitted.leniency_error, strict=True)
    readers = (Reader(name, number, float(leniency), float(error)) for name, number, leniency, error in rows)
    return tuple(sorted(readers, key=lambda reader: (reader.leniency, reader.reviewer_id)))
