"""Which applications of a call may be the same one twice: a proposal for people, who look and decide. Pure.

Names are compared as eyes see them. Letters that look alike in another script, full-width forms, ligatures, capitals,
accents, spaces and punctuation make no difference. Source: Unicode Technical Standard 39, section 4 (skeletons), for
the letters of Latin, Greek and Cyrillic that are hard to tell apart.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

import regex

_LOOK_ALIKE: Final = str.maketrans(
    # Cyrillic, by what the small or the capital letter looks like
    dict(zip("аеорсухіјѕһԁԛԝвкмнтгё", "aeopcyxijshdqwbkmhtre", strict=True))
    # Greek
    | dict(zip("αβεζηικμνορτυχ", "abezhikmnoptyx", strict=True))
    # figures and signs in place of letters
    | {"0": "o", "1": "i", "l": "i", "|": "i", "ı": "i", "ø": "o", "ł": "i", "đ": "d"}
)
_MARKS: Final = regex.compile(r"\p{M}")
_NOT_WRITTEN: Final = regex.compile(r"[^\p{L}\p{N}|]+")
_WORDS: Final = regex.compile(r"[\p{L}\p{N}|]+")
_SIGNIFICANT_REGISTRATION: Final = regex.compile(r"\d.*\d.*\d")
FEWEST_WORDS: Final = 5
"""Titles of fewer words are alike by chance."""
LARGEST_GROUP: Final = 50
"""What more applications than these have in common tells nothing about any two of them."""


class Likeness(StrEnum):
    """What two applications have in common."""

    ORGANISATION = "organisation"
    LOOK_ALIKE = "look_alike"
    PERSON = "person"
    REGISTRATION = "registration"
    TITLE = "title"


@dataclass(frozen=True)
class Traits:
    """What is compared of one application; "" where it is not known or has to stay hidden."""

    id: UUID
    organisation_key: str
    organisation: str
    person: str
    registration: str
    title: str


def skeleton(name: str) -> str:
    """Return what a name looks like: equal for two that eyes can't tell apart."""
    return str(_NOT_WRITTEN.sub("", _folded(name)))


def alike_to(one: Traits, others: Iterable[Traits]) -> dict[UUID, frozenset[Likeness]]:
    """Return those of the others that may be the same as one application, with what they have in common."""
    groups: dict[tuple[Likeness, str], list[UUID]] = {key: [] for key in _keys(one)}
    for other in others:
        if other.id != one.id:
            for key in groups.keys() & set(_keys(other)):
                groups[key].append(other.id)
    found: dict[UUID, set[Likeness]] = {}
    for (likeness, _key), members in groups.items():
        for each in members if len(members) < LARGEST_GROUP else ():
            found.setdefault(each, set()).add(likeness)
    return _without_needless(found)


def alike(applications: Iterable[Traits]) -> dict[UUID, dict[UUID, frozenset[Likeness]]]:
    """Return for each application those that may be the same, with what they have in common; others are missing."""
    groups: dict[tuple[Likeness, str], list[UUID]] = {}
    for each in applications:
        for key in _keys(each):
            groups.setdefault(key, []).append(each.id)
    found: dict[UUID, dict[UUID, set[Likeness]]] = {}
    for (likeness, _key), members in groups.items():
        if not 1 < len(members) <= LARGEST_GROUP:
            continue
        for one in members:
            for other in members:
                if one != other:
                    found.setdefault(one, {}).setdefault(other, set()).add(likeness)
    return {one: _without_needless(others) for one, others in found.items()}


def _without_needless(others: Mapping[UUID, set[Likeness]]) -> dict[UUID, frozenset[Likeness]]:
    """One name need not be called a look-alike of itself."""
    return {
        other: frozenset(have - {Likeness.LOOK_ALIKE} if Likeness.ORGANISATION in have else have)
        for other, have in others.items()
    }


def _keys(each: Traits) -> Iterator[tuple[Likeness, str]]:
    if each.organisation_key:
        yield Likeness.ORGANISATION, each.organisation_key
    if looks := skeleton(each.organisation):
        yield Likeness.LOOK_ALIKE, looks
    if each.person:
        yield Likeness.PERSON, each.person
    registration = skeleton(each.registration)
    if _SIGNIFICANT_REGISTRATION.search(each.registration) and registration:
        yield Likeness.REGISTRATION, registration
    words = sorted(set(_WORDS.findall(_folded(each.title))))
    if len(words) >= FEWEST_WORDS:
        # Two titles that share one of these differ by one word at most.
        for left_out in (None, *words):
            yield Likeness.TITLE, " ".join(word for word in words if word != left_out)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_LOOK_ALIKE)
    # A dotted capital I of Turkish leaves a mark behind when it is folded.
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()))
    return str(bare.translate(_LOOK_ALIKE))
