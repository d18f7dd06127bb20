"""Rules of what declined applicants read of the reviews; no database, no web."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import regex

from fundapp.core.collation import mentions
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext

MOST_CHARACTERS: Final = 10_000
_SHORTEST_NAME: Final = 3
"""Shorter parts of names, such as "de" or "Jo", are words of their own too often."""
_WORDS: Final = regex.compile(r"[\p{L}\p{M}]+")


@dataclass(frozen=True)
class Piece:
    """One comment of a reviewer: `key` names it, `review` its review; `criterion` is "" for the review as a whole."""

    review: str
    criterion: str
    text: str

    @property
    def key(self) -> str:
        """Return how forms and rows name it."""
        return f"{self.review}:{self.criterion}"


@dataclass(frozen=True)
class Wording:
    """What somebody wants to keep for a declined entry, with what was found in it and is meant to stay.

    `confirmed` are names, `scores_stay` what looks like scores.
    """

    passes_on: bool
    text: str
    language: str
    chosen: Sequence[str]
    confirmed: Collection[str] = ()
    scores_stay: Collection[str] = ()


@dataclass(frozen=True)
class Found:
    """What a text has in it that applicants were not promised: names of reviewers, and what looks like scores."""

    names: Sequence[str] = ()
    scores: Sequence[str] = ()


def with_pieces(text: str, pieces: Iterable[Piece]) -> str:
    """Return a text with those comments put below it that are not in it yet, an empty line between them."""
    parts = [text.strip()] if text.strip() else []
    parts += [piece.text.strip() for piece in pieces if piece.text.strip() not in text]
    return "\n\n".join(parts)


def names_in(text: str, names: Iterable[str]) -> list[str]:
    """Return those names of people, sorted, that a text has in it: a word of three letters or more, or the whole.

    Accents and capitals do not matter.
    """
    words = set(_WORDS.findall(text))

    def is_there(name: str) -> bool:
        # A short name within an English word is no name; one that is written without spaces is no word of its own.
        is_plain = name.isascii() and " " not in name.strip()
        parts = [part for part in _WORDS.findall(name) if len(part) >= _SHORTEST_NAME]
        return (not is_plain and mentions([text], name, "")) or any(
            _same(part, word) for part in parts for word in words
        )

    return sorted({name for name in names if name.strip() and is_there(name)})


def _same(one: str, other: str) -> bool:
    return mentions([one], other, "") and mentions([other], one, "")


def wording_problems(wording: Wording, *, found: Found, languages: Collection[str]) -> list[Problem]:
    """Say everything that stands against keeping a text in which something was `found`."""
    problems = []
    if not wording.text.strip():
        message = (
            _l("Write the text, or say that there is nothing to pass on.")
            if wording.passes_on
            else _l("Say why there is nothing to pass on.")
        )
        problems.append(Problem(message, field="text"))
    if len(wording.text) > MOST_CHARACTERS:
        message = _l("This is longer than %(most)s characters.", most=MOST_CHARACTERS)
        problems.append(Problem(message, field="text"))
    if wording.language not in languages:
        problems.append(Problem(_l("Choose a language."), field="language"))
    if not wording.passes_on:
        return problems
    if names := [name for name in found.names if name not in wording.confirmed]:
        message = ngettext(
            "This may be the name of a reviewer: %(names)s. Take it out, or confirm that it stays.",
            "These may be names of reviewers: %(names)s. Take them out, or confirm that they stay.",
            len(names),
            names=", ".join(names),
        )
        problems.append(Problem(message, field="confirmed"))
    if scores := [score for score in found.scores if score not in wording.scores_stay]:
        message = ngettext(
            "This may be a score, and the call promised none: %(scores)s. Take it out, or confirm that it stays.",
            "These may be scores, and the call promised none: %(scores)s. Take them out, or confirm that they stay.",
            len(scores),
            scores=", ".join(f"“{score}”" for score in scores),
        )
        problems.append(Problem(message, field="scores_stay"))
    return problems
