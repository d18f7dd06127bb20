"""Lists of sanctions and the names of payees: how alike two names are, and what people decide; no database, no web.

A name on a list is a question to two people, never an answer. Only the lists of the United Nations and of the United
States are read: national lists elsewhere name defenders whom their own states persecute.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from anyascii import anyascii
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

STALE_AFTER: Final = timedelta(days=7)
"""A list older than this says so wherever it is used: names are added every week."""
THRESHOLD: Final = 88
"""From which score on, of 100, two people are asked. ADR 50 tells what it finds, and how often it asks in vain."""
ABJAD_THRESHOLD: Final = 82
"""The same for names in scripts that leave out vowels: consonants are all that can be compared."""
LEAST_LETTERS: Final = 6
"""Fewer letters than this say too little."""
_APART: Final = re.compile(r"[^a-z0-9]+")
_VOWELS: Final = re.compile(r"[aeiouywh'`]")
_ABJAD: Final = re.compile(r"[\u0590-\u07ff\ufb1d-\ufdff\ufe70-\ufeff]")
"""Scripts that leave out short vowels."""
_SOUNDS: Final = (
    (r"kh|q|ck|x", "k"),
    (r"dh|dj|zh|z|j", "d"),
    (r"gh", "g"),
    (r"sh|ch|c", "s"),
    (r"th", "t"),
    (r"ph|v|b|p", "f"),
)
_WORDS_OF_KIND: Final = frozenset(
    [
        "the",
        "of",
        "for",
        "and",
        "de",
        "del",
        "la",
        "el",
        "los",
        "las",
        "le",
        "les",
        "des",
        "du",
        "da",
        "do",
        "dos",
        "al",
        "bin",
        "ibn",
        "ould",
        "van",
        "von",
        "inc",
        "ltd",
        "llc",
        "limited",
        "co",
        "company",
        "corp",
        "corporation",
        "sa",
        "srl",
        "gmbh",
        "ag",
        "plc",
        "ngo",
        "foundation",
        "fund",
        "association",
        "organization",
        "organisation",
    ]
)
"""Words that stand in many names, and make no two of them alike."""


class Source(StrEnum):
    """Whose list it is."""

    OFAC = "ofac"
    """Office of Foreign Assets Control, Specially Designated Nationals."""
    UN = "un"
    """Security Council, consolidated list."""


class Subject(StrEnum):
    """Whose name was looked up."""

    ORGANISATION = "organisation"
    ACCOUNT = "account"
    """The name on the account."""
    HOST = "host"
    """The organisation that holds the money."""


class Outcome(StrEnum):
    """What people say about a name on a list."""

    OTHER = "other"
    """Somebody else, who only has a name like it."""
    SAME = "same"


class HitStatus(StrEnum):
    """Where a name on a list stands."""

    OPEN = "open"
    DECIDED = "decided"
    """One person has said something; a second one has to."""
    OTHER = "other"
    SAME = "same"


class ScreeningHold(StrEnum):
    """Why screening keeps money from going."""

    UNSCREENED = "unscreened"
    """The names were not looked up in the newest lists."""
    UNDECIDED = "undecided"
    """A name on a list waits for two people."""
    SAME = "same"
    """Two people said that it is the one on the list."""


@dataclass(frozen=True)
class Listed:
    """Somebody on a list. `uid` is the list's own; `names` has the main one first; `about` tells why, in its words."""

    uid: str
    names: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True)
class Match:
    """A listed name that is like a name that was looked up, with a score of 100 at most."""

    listed: Listed
    name: str
    score: int


class Index:
    """The names of a list, ready to be looked up."""

    def __init__(self, entries: Sequence[Listed]) -> None:
        self._of = [(each, name) for each in entries for name in dict.fromkeys(each.names)]
        self._keys = [key_of(name) for _, name in self._of]
        self._skeletons = [skeleton_of(name) for _, name in self._of]

    def matches(self, name: str) -> list[Match]:
        """Return who on the list has a name like this, the likest first; each of them once."""
        scores: dict[int, int] = {}
        for at, score in self._alike(name):
            scores[at] = max(score, scores.get(at, 0))
        best: dict[str, Match] = {}
        for at, score in scores.items():
            listed, listed_name = self._of[at]
            if listed.uid not in best or best[listed.uid].score < score:
                best[listed.uid] = Match(listed, listed_name, score)
        return sorted(best.values(), key=lambda match: (-match.score, match.listed.uid))

    def _alike(self, name: str) -> Iterator[tuple[int, int]]:
        """Return the places of names that are like one, with their scores; some of them twice."""
        if key := key_of(name):
            least = THRESHOLD / 100
            for _, like, at in process.extract_iter(
                key, self._keys, scorer=JaroWinkler.normalized_similarity, score_cutoff=least
            ):
                yield at, int(like * 100)
            yield from _alike_words(key, self._keys, THRESHOLD, shared=2)
        if skeleton := skeleton_of(name):
            least_alike = ABJAD_THRESHOLD if _ABJAD.search(name) else THRESHOLD
            yield from _alike_words(skeleton, self._skeletons, least_alike, shared=3)


def _alike_words(key: str, keys: Sequence[str], least: int, *, shared: int) -> Iterator[tuple[int, int]]:
    """Compare letters, and the words of those that share some; short ones have to be more alike."""
    words = set(key.split())
    for _, score, at in process.extract_iter(key, keys, scorer=fuzz.ratio, score_cutoff=least):
        if min(len(key), len(keys[at])) >= LEAST_LETTERS:
            yield at, int(score)
    for _, score, at in process.extract_iter(key, keys, scorer=fuzz.token_set_ratio, score_cutoff=least):
        if len(words.intersection(keys[at].split())) >= shared:
            yield at, int(score)


@lru_cache(maxsize=4096)
def key_of(name: str) -> str:
    """Return a name in plain Latin letters, its words in order of the alphabet, without those that many names have."""
    return " ".join(sorted(_words(name)))


@lru_cache(maxsize=4096)
def skeleton_of(name: str) -> str:
    """Return the consonants of a name, by sound: what is left of it in a script that leaves out vowels."""
    words = []
    for word in _words(name):
        for sounds, letter in _SOUNDS:
            word = re.sub(sounds, letter, word)
        words.append(re.sub(r"(.)\1+", r"\1", _VOWELS.sub("", word)))
    return " ".join(sorted(word for word in words if word))


def _words(name: str) -> list[str]:
    plain = anyascii(unicodedata.normalize("NFKC", name)).casefold()
    words = _APART.sub(" ", plain.replace("'", "").replace("`", "")).split()
    return [word for word in words if word not in _WORDS_OF_KIND] or words


def is_stale(listed_on: date, today: date) -> bool:
    """Say whether a list is too old to be trusted alone."""
    return today - listed_on > STALE_AFTER


def status_of(outcome: Outcome | None, *, is_confirmed: bool) -> HitStatus:
    """Return where a name on a list stands."""
    if outcome is None:
        return HitStatus.OPEN
    return HitStatus(outcome.value) if is_confirmed else HitStatus.DECIDED


def holds_of(statuses: Iterable[HitStatus], *, is_screened: bool) -> list[ScreeningHold]:
    """Return what keeps money from going, by where each name on a list stands; nothing: it may go."""
    present = set(statuses)
    found = {
        ScreeningHold.UNSCREENED: not is_screened,
        ScreeningHold.UNDECIDED: bool(present & {HitStatus.OPEN, HitStatus.DECIDED}),
        ScreeningHold.SAME: HitStatus.SAME in present,
    }
    return [hold for hold in ScreeningHold if found[hold]]


def may_confirm(person: UUID | None, *, decided_by: UUID | None) -> bool:
    """Say whether a person may be the second: another than the first."""
    return person is not None and decided_by is not None and person != decided_by
