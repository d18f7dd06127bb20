"""How well a reviewer fits an entry, in points: region, themes, own language, and chance where all else is equal."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from fundapp.review.assignment.model import EntryNeed, ReviewerOffer

REGION_POINTS: Final = 450
THEME_POINTS: Final = 450
OWN_LANGUAGE_POINTS: Final = 80
"""The entry is written in the language in which the reviewer is written to."""
CHANCE_POINTS: Final = 20
"""Chance gives fewer than this: less than anything that a person would call a better fit."""


T = TypeVar("T")
U = TypeVar("U")


def points(entries: Sequence[EntryNeed], reviewers: Sequence[ReviewerOffer], salt: str) -> NDArray[np.int16]:
    """Return the points of every pair, at most 999: one row per entry, one column per reviewer."""
    total = _chance(entries, reviewers, salt)
    total += REGION_POINTS * _known([each.regions for each in entries], [each.regions for each in reviewers])
    total += OWN_LANGUAGE_POINTS * _alike(
        [each.language for each in entries], [each.own_language for each in reviewers], lambda one, two: one == two
    )
    total += _themes(entries, reviewers)
    return total


def _known(names: Sequence[frozenset[str]], words: Sequence[frozenset[str]]) -> NDArray[np.int16]:
    return _alike(names, words, lambda one, two: not one.isdisjoint(two))


def _alike(left: Sequence[T], right: Sequence[U], are: Callable[[T, U], bool]) -> NDArray[np.int16]:
    """Compare each different value once, and spread the answers."""
    lefts, rights = list(dict.fromkeys(left)), list(dict.fromkeys(right))
    answers = np.array([[are(one, two) for two in rights] for one in lefts], dtype=np.int16)
    answers = answers.reshape(len(lefts), len(rights))
    left_at = {value: number for number, value in enumerate(lefts)}
    right_at = {value: number for number, value in enumerate(rights)}
    spread: NDArray[np.int16] = answers[
        np.ix_([left_at[value] for value in left], [right_at[value] for value in right])
    ]
    return spread


def _themes(entries: Sequence[EntryNeed], reviewers: Sequence[ReviewerOffer]) -> NDArray[np.int16]:
    """Return the share of an entry's themes that a reviewer knows, in points."""
    themes = list(dict.fromkeys(theme for entry in entries for theme in entry.themes))
    at = {theme: number for number, theme in enumerate(themes)}
    of_entries = np.zeros((len(entries), len(themes)), dtype=np.float32)
    for number, entry in enumerate(entries):
        for theme in entry.themes:
            of_entries[number, at[theme]] = THEME_POINTS / len(entry.themes)
    known = _known(themes, [reviewer.themes for reviewer in reviewers]).astype(np.float32)
    shares: NDArray[np.int16] = np.rint(of_entries @ known).astype(np.int16)
    return shares


def _chance(entries: Sequence[EntryNeed], reviewers: Sequence[ReviewerOffer], salt: str) -> NDArray[np.int16]:
    """Return a number below CHANCE_POINTS for each pair, from the salt and both keys alone."""
    of_entries = np.array([_digest(salt, entry.key or entry.id) for entry in entries], dtype=np.uint32)
    of_reviewers = np.array([_digest(salt, reviewer.key or reviewer.id) for reviewer in reviewers], dtype=np.uint32)
    mixed = of_entries[:, None] ^ of_reviewers[None, :]
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):  # neighbours must not get neighbouring numbers
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    mixed ^= mixed >> np.uint32(16)
    return (mixed % np.uint32(CHANCE_POINTS)).astype(np.int16)


def _digest(salt: str, key: str) -> int:
    return int.from_bytes(blake2b(f"{salt}\0{key}".encode(), digest_size=4).digest())
