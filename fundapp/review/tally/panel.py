"""Marks as arrays, and the graph of who read what: what can be compared at all, and through whom."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]


class Mark(NamedTuple):
    """What one reviewer gave one entry, weighted over the criteria, on the scale of marks."""

    entry_id: str
    reviewer_id: str
    value: float


@dataclass(frozen=True, eq=False)
class Panel:
    """All marks that are compared with each other.

    `entry`, `reviewer` and `value` have one element a mark, the first two as places in the sorted `entries` and
    `reviewers`. `part_of_entry` and `part_of_reviewer` number the parts that no reviewer connects, from 0.
    """

    entries: tuple[str, ...]
    reviewers: tuple[str, ...]
    entry: Places
    reviewer: Places
    value: Numbers
    part_of_entry: Places
    part_of_reviewer: Places

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "Panel":
        """Return the panel of some marks, whatever their order. Raises ValueError for a pair that comes twice."""
        ordered = sorted(marks)
        if len({(mark.entry_id, mark.reviewer_id) for mark in ordered}) < len(ordered):
            raise ValueError("a reviewer marked an entry twice")
        entries = sorted({mark.entry_id for mark in ordered})
        reviewers = sorted({mark.reviewer_id for mark in ordered})
        place = {name: number for number, name in enumerate(entries)}
        seat = {name: number for number, name in enumerate(reviewers)}
        entry = np.array([place[mark.entry_id] for mark in ordered], dtype=np.intp)
        reviewer = np.array([seat[mark.reviewer_id] for mark in ordered], dtype=np.intp)
        value = np.array([mark.value for mark in ordered], dtype=np.float64)
        of_entry, of_reviewer = _parts(entry, reviewer, len(entries), len(reviewers))
        return cls(tuple(entries), tuple(reviewers), entry, reviewer, value, of_entry, of_reviewer)

    @property
    def parts(self) -> int:
        """Return in how many parts the panel falls: entries of different parts cannot be compared by their scores."""
        return int(self.part_of_entry.max(initial=-1)) + 1

    @property
    def reads(self) -> Places:
        """Return how many marks each entry has."""
        return np.bincount(self.entry, minlength=len(self.entries))

    @property
    def means(self) -> Numbers:
        """Return the plain mean of each entry."""
        return np.bincount(self.entry, self.value, len(self.entries)) / self.reads

    @property
    def fingerprint(self) -> bytes:
        """Return a hash of all marks: equal for the same marks alone."""
        names = "\n".join([*self.entries, "", *self.reviewers]).encode()
        return hashlib.sha256(
            b"\n\n".join([names, *(each.tobytes() for each in (self.entry, self.reviewer, self.value))])
        ).digest()

    def without(self, reviewer: int) -> "Panel":
        """Return the panel without one reviewer's marks; entries that nobody else read are gone with them."""
        kept = np.flatnonzero(self.reviewer != reviewer)
        return Panel.of(
            Mark(self.entries[self.entry[i]], self.reviewers[self.reviewer[i]], float(self.value[i])) for i in kept
        )


def bridging(panel: Panel, block_of: dict[str, str]) -> dict[str, int]:
    """Return, by block of entries (a language, say), how many of its reviewers also read entries of other blocks."""
    blocks: dict[int, set[str]] = {}
    for entry, reviewer in zip(panel.entry, panel.reviewer, strict=True):
        blocks.setdefault(int(reviewer), set()).add(block_of[panel.entries[entry]])
    found = dict.fromkeys(sorted({block_of[entry] for entry in panel.entries}), 0)
    for read in blocks.values():
        if len(read) > 1:
            for block in read:
                found[block] += 1
    return found


def _parts(entry: Places, reviewer: Places, entries: int, reviewers: int) -> tuple[Places, Places]:
    """Number the connected parts by their first entry: each entry takes the least number that it can reach."""
    of_entry, of_reviewer = np.arange(entries), np.full(reviewers, entries)
    while True:
        np.minimum.at(of_reviewer, reviewer, of_entry[entry])
        before = of_entry.copy()
        np.minimum.at(of_entry, entry, of_reviewer[reviewer])
        if np.array_equal(before, of_entry):
            _, numbered = np.unique(np.concatenate([of_entry, of_reviewer]), return_inverse=True)
            return numbered[:entries], numbered[entries:]
