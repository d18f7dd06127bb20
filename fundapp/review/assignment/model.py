"""What a plan is made from, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Pair(NamedTuple):
    entry_id: str
    reviewer_id: str


class Bar(StrEnum):
    """Why a reviewer cannot be given an entry, whatever languages they read."""

    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    """By those who run the call."""
    TAKEN_BACK = "taken_back"
    """What they had begun of it was taken back."""
    POOL = "pool"
    """They apply in the same pool, or belong to somebody who does, or pools are not drawn yet."""
    OTHER_STAGE = "other_stage"
    """They do not sit in the stage in which it is."""
    SILENT = "silent"
    """They do not answer, and a plan is made without them."""


@dataclass(frozen=True, slots=True)
class EntryNeed:
    """An entry, the number of reviews that it should get, and what a reviewer of it should know.

    `regions` are the names under which its region is known, `themes` those of each of its themes. `key` is what others
    call it too, such as its reference: plans that are equally good are told apart by it, never by an id.
    """

    id: str
    seats: int
    language: str | None = None
    regions: frozenset[str] = frozenset()
    themes: tuple[frozenset[str], ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class ReviewerOffer:
    """A reviewer, the most entries that they take in all, and what they read (no language: any) and know."""

    id: str
    max_load: int
    languages: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()
    is_experienced: bool = False
    own_language: str | None = None
    key: str = ""

    def reads(self, language: str | None) -> bool:
        return language is None or not self.languages or language in self.languages


class ShortfallCause(StrEnum):
    TOO_FEW_REVIEWERS = "too_few_reviewers"
    REVIEWERS_FULL = "reviewers_full"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Seats of one entry that nobody can take: `may_read` reviewers are neither barred nor without its language."""

    entry_id: str
    seats: int
    cause: ShortfallCause
    language: str | None
    may_read: int
    without_language: int
    barred: Mapping[Bar, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortage:
    """Empty seats of entries in one language, where all who could take them, or could make room, are full.

    These `readers` can take `room` more in all beside what is begun or pinned; `needed` are the seats that only they
    can take.
    """

    language: str | None
    seats: int
    entries: int
    readers: int
    room: int
    needed: int


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """The pairs of a plan (those begun and pinned included), each reviewer's load, and the seats left unfilled.

    `cost` equals `bound` in a plan that was proved to be the best one over all pairs.
    """

    pairs: frozenset[Pair]
    loads: Mapping[str, int]
    shortfalls: tuple[Shortfall, ...]
    shortages: tuple[Shortage, ...]
    inexperienced: frozenset[str]
    """Entries that no experienced reviewer reads."""
    cost: int
    bound: int
