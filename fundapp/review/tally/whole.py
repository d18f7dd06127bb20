"""All figures of a group of entries that compete: plain ones and adjusted ones, entry by entry and reader by reader."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fundapp.review.tally.certainty import Certainty, certainty, ranks, shares_chosen
from fundapp.review.tally.kept import Kept
from fundapp.review.tally.marks import EntryTally
from fundapp.review.tally.mixed_model import Fit, Grounds, Variances, fit
from fundapp.review.tally.panel import Mark, Panel, bridging
from fundapp.review.tally.reasons import Contrast, Swing, contrasts, differences, swings

HARDLY: Final = 0.02
"""Where less than this share of the variance of a mark is its reader's, no correction was needed."""

_sure: Final = Kept[list[Certainty]]()
_swings: Final = Kept[dict[str, Swing]]()


@dataclass(frozen=True, slots=True)
class AdjustedEntry:
    """An entry with its adjusted figures, on the scale of marks; None throughout where nobody marked it.

    `part` numbers the parts of the panel that no reader connects; `rank` counts within it. `fundable` is the chance to
    be truly among the best that can be funded, and the ranks from `lowest_rank` to `highest_rank` hold nine draws in
    ten at least; both are None without a model, `fundable` also where the panel falls into parts. Where the marks tell
    no entries apart, there are none of these, and no rank: it would be the same for all.
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
    """A reviewer's leniency on the scale of marks, above zero for who marks higher, with its standard error.

    `mean`, `lowest` and `highest` are of their plain marks, and so is `spread`, their sample standard deviation (None
    below two). `part` is that of the panel that they read in.
    """

    reviewer_id: str
    reviews: int
    leniency: float
    error: float
    mean: float
    spread: float | None
    lowest: float
    highest: float
    part: int


@dataclass(frozen=True, slots=True)
class Block:
    """Entries of one kind, such as those of a language, and who reads them; `contrast` is None without a model.

    `bridging` of the `readers` read entries of other blocks too.
    """

    name: str
    entries: int
    readers: int
    bridging: int
    contrast: Contrast | None


@dataclass(frozen=True, slots=True)
class WholeTally:
    """What is known of a group of entries: `entries` by part and adjusted rank, `readers` by leniency, strict first.

    `chances` is what `fundable` stands on; None without a model, where the panel falls into parts, and where the marks
    tell no entries apart.
    """

    grounds: Grounds
    variances: Variances
    parts: int
    places: int
    entries: tuple[AdjustedEntry, ...]
    readers: tuple[Reader, ...]
    chances: Certainty | None

    def right_among(self, ranks_of: Mapping[str, int]) -> float | None:
        """Return how many of those that a ranking puts into the `places` are truly among the best, by the model.

        Equals at the line count by the share of them that fits; None without chances.
        """
        return self.chances.expected_right(shares_chosen(ranks_of, self.places)) if self.chances else None

    @property
    def expected_right(self) -> float | None:
        """Return that for the adjusted ranking."""
        return self.right_among({each.plain.entry_id: each.rank for each in self.entries if each.rank is not None})

    @property
    def expected_right_by_mean(self) -> float | None:
        """Return that for the ranking by exact means."""
        plain = [each.plain for each in self.entries]
        return self.right_among({each.entry_id: each.rank for each in plain if each.rank is not None})

    @property
    def is_corrected(self) -> bool:
        """Return whether readers differ enough that adjusted scores say something else than means."""
        return self.grounds is Grounds.MODEL and self.variances.reviewers_share >= HARDLY

    @property
    def tells_apart(self) -> bool:
        """Return whether the marks say of any entry that it is worth more than another."""
        return _tells_apart(self.grounds, self.variances)


def whole_tally(figures: Sequence[EntryTally], *, places: int) -> WholeTally:
    """Return all figures of entries whose plain ones are `figures`, where `places` of them can be funded."""
    unread = tuple(AdjustedEntry(each) for each in figures if not each.marks)
    panel = panel_of(figures)
    if not panel.entries:
        return WholeTally(Grounds.SINGLE_READINGS, Variances(0.0, 0.0, 0.0), 0, places, unread, (), None)
    fitted = fit(panel)
    together = panel.parts == 1
    sure = []
    if _tells_apart(fitted.grounds, fitted.variances):
        sure = _sure.get((panel.fingerprint, places), lambda: certainty(fitted, places={0: places} if together else {}))
    entries = _adjusted(fitted, {each.entry_id: each for each in figures}, sure)
    return WholeTally(
        grounds=fitted.grounds,
        variances=fitted.variances,
        parts=panel.parts,
        places=places,
        entries=(*entries, *unread),
        readers=_readers(fitted),
        chances=sure[0] if together and sure else None,
    )


def panel_of(figures: Sequence[EntryTally]) -> Panel:
    """Return all marks of some entries as a panel."""
    return Panel.of(Mark(each.entry_id, mark.reviewer_id, float(mark.mark)) for each in figures for mark in each.marks)


def blocks(figures: Sequence[EntryTally], block_of: Mapping[str, str]) -> tuple[Block, ...]:
    """Return the blocks of the entries that somebody marked, the largest first."""
    panel = panel_of(figures)
    if not panel.entries:
        return ()
    apart, bridges = contrasts(fit(panel), block_of), bridging(panel, dict(block_of))
    readers: dict[str, set[int]] = {}
    for entry, reviewer in zip(panel.entry.tolist(), panel.reviewer.tolist(), strict=True):
        readers.setdefault(block_of[panel.entries[entry]], set()).add(reviewer)
    sizes = Counter(block_of[entry] for entry in panel.entries)
    return tuple(
        Block(name, size, len(readers[name]), bridges[name], apart.get(name))
        for name, size in sorted(sizes.items(), key=lambda each: (-each[1], each[0]))
    )


def _tells_apart(grounds: Grounds, variances: Variances) -> bool:
    return grounds is Grounds.SINGLE_READINGS or variances.entries > 0


def _adjusted(fitted: Fit, plain: dict[str, EntryTally], sure: Sequence[Certainty]) -> list[AdjustedEntry]:
    panel, why = fitted.panel, differences(fitted)
    has_ranks = _tells_apart(fitted.grounds, fitted.variances)
    moved = _swings.get(panel.fingerprint, lambda: swings(fitted)) if has_ranks else {}
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
                    rank=rank_of[member] if has_ranks else None,
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
    panel = fitted.panel
    order = np.argsort(panel.reviewer, kind="stable")
    ends = np.cumsum(np.bincount(panel.reviewer))
    readers = [
        Reader(
            reviewer_id=panel.reviewers[number],
            reviews=len(marks),
            leniency=float(fitted.leniency[number]),
            error=float(fitted.leniency_error[number]),
            mean=float(marks.mean()),
            spread=float(marks.std(ddof=1)) if len(marks) > 1 else None,
            lowest=float(marks.min()),
            highest=float(marks.max()),
            part=int(panel.part_of_reviewer[number]),
        )
        for number, marks in enumerate(np.split(panel.value[order], ends[:-1]))
    ]
    return tuple(sorted(readers, key=lambda reader: (reader.leniency, reader.reviewer_id)))
