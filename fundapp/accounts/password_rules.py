"""Which passwords are taken: length, and that nobody would try them first. No rule asks for kinds of characters."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l

MIN_PASSWORD_CHARACTERS: Final = 12
MAX_PASSWORD_CHARACTERS: Final = 256
OWN_WORDS: Final = ("fundapp", "grassroots", "justice", "funding", "password")
"""What this service is called, which is what somebody who guesses tries first here."""
EASY_GUESSES: Final = 100_000_000
"""A password that is found within so many guesses is refused. Source: zxcvbn's limit of "safely unguessable"."""
_MIN_WORD_CHARACTERS: Final = 4
_MIN_REST_CHARACTERS: Final = 8
_LOOKED_AT: Final = 72
"""The estimate takes time with length; a beginning that is strong makes the whole strong."""


def normalised(password: str) -> str:
    """Return a password in the one form in which it is kept and compared, whatever keyboard composed it (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def password_problems(password: str, words: Iterable[str] = ()) -> list[Problem]:
    """Say what is wrong with a new password. `words`: names that somebody who guesses would try for this person."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        return [_problem(_l("Use at least %(count)s characters; a few words are fine.", count=MIN_PASSWORD_CHARACTERS))]
    if len(password) > MAX_PASSWORD_CHARACTERS:
        return [_problem(_l("Use at most %(count)s characters.", count=MAX_PASSWORD_CHARACTERS))]
    if _is_made_of(password, (*OWN_WORDS, *words)):
        message = _l("This is easy to guess, because it is made of names that belong to you or to us. Add other words.")
        return [_problem(message)]
    if _is_easy(password):
        message = _l("This is easy to guess: many people use it, or it follows a simple pattern. Try a few odd words.")
        return [_problem(message)]
    return []


def _problem(message: str) -> Problem:
    return Problem(message, field="password")


def _is_easy(password: str) -> bool:
    # Loading the library reads its lists of 90,000 words: only who chooses a password waits for that.
    from zxcvbn import zxcvbn

    return bool(zxcvbn(normalised(password)[:_LOOKED_AT])["guesses"] < EASY_GUESSES)


def _is_made_of(password: str, words: Iterable[str]) -> bool:
    """Say whether too little is left of a password when names are taken out of it."""
    rest = _folded(password)
    parts = {part for word in words for part in (_folded(word), *map(_folded, word.split()))}
    named = [part for part in sorted(parts, key=len, reverse=True) if len(part) >= _MIN_WORD_CHARACTERS]
    if not any(part in rest for part in named):
        return False
    for part in named:
        rest = rest.replace(part, "")
    return len(rest) < _MIN_REST_CHARACTERS


def _folded(text: str) -> str:
    return "".join(character for character in normalised(text).casefold() if character.isalnum())
