"""What reviewers say of themselves: their words for regions and themes, and how much they take. Pure."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import TextError, clean_text
from fundapp.review.rules import MAX_ENTRIES_PER_REVIEWER

MAX_WORDS: Final = 20
MAX_WORD_CHARACTERS: Final = 60
_BETWEEN: Final = re.compile("[,;\n\u060c\u061b\u3001\uff0c]")
"""Between two words: a comma or semicolon of any script, or a new line."""


@dataclass(frozen=True)
class Profile:
    """What a reviewer says of themselves. `max_at_once` None: each call's own limit is enough."""

    languages: tuple[str, ...]
    regions: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    has_reviewed_before: bool = False
    max_at_once: int | None = None


def folded(word: str) -> str:
    """Return a word as it is compared: in small letters, with single blanks."""
    return " ".join(word.casefold().split())


def words_in(text: str) -> tuple[str, ...]:
    """Return the words that somebody typed with commas or new lines between them, each once, as they are compared.

    Raises TextError for characters that cannot be kept.
    """
    return _once(folded(word) for word in _BETWEEN.split(clean_text(text, multiline=True)))


def profile_problems(profile: Profile, languages: Collection[str]) -> list[Problem]:
    """Say everything that is wrong with a profile; `languages` are those that can be chosen."""
    problems = []
    if not profile.languages or not set(profile.languages) <= set(languages):
        problems.append(Problem(_l("Choose at least one language that you read."), field="languages"))
    for field, words in (("regions", profile.regions), ("themes", profile.themes)):
        problems += _word_problems(field, words)
    if profile.max_at_once is not None and not 1 <= profile.max_at_once <= MAX_ENTRIES_PER_REVIEWER:
        message = _l("Enter a number from 1 to %(most)s, or leave it empty.", most=MAX_ENTRIES_PER_REVIEWER)
        problems.append(Problem(message, field="max_at_once"))
    return problems


def _word_problems(field: str, words: Sequence[str]) -> list[Problem]:
    if len(words) > MAX_WORDS:
        return [Problem(_l("Write at most %(most)s words here.", most=MAX_WORDS), field=field)]
    problems = []
    for word in words:
        try:
            clean_text(word)
        except TextError as error:
            problems.append(Problem(error.message, field=field))
        if len(word) > MAX_WORD_CHARACTERS:
            message = _l("Use at most %(limit)s characters for each.", limit=MAX_WORD_CHARACTERS)
            problems.append(Problem(message, field=field))
    return problems


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
