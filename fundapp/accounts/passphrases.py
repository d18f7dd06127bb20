"""References and passphrases, for people who must not get mail about this; no database, no web.

A reference names an account and is no secret; seven words of a list of 2,048 are, with 77 bits of chance.
"""

import secrets
import unicodedata
from functools import cache
from typing import Final

from mnemonic import Mnemonic

WORDS: Final = 7
MAX_CHARACTERS: Final = 200
_LISTS: Final = {"en": "english", "fr": "french", "es": "spanish", "pt": "portuguese"}
"""Languages whose words are easy to tell apart and to type; people who read others get the English ones."""
_FIGURES: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are taken for each other: 0 O, 1 I L, U V."""
_REFERENCE_LENGTH: Final = 8


def new_reference() -> str:
    """Return a random reference, ungrouped: one of 30^8."""
    return "".join(secrets.choice(_FIGURES) for _ in range(_REFERENCE_LENGTH))


def grouped(reference: str) -> str:
    """Return a reference as people read it."""
    return f"{reference[:4]}-{reference[4:]}"


def language_of_words(language: str) -> str:
    """Return the language in which somebody's words are: theirs, where there is a list, else English."""
    return language if language in _LISTS else "en"


def new_words(language: str) -> list[str]:
    """Return seven random words."""
    words = _words(language_of_words(language))
    return [secrets.choice(words) for _ in range(WORDS)]


def folded(passphrase: str) -> str:
    """Return what is hashed: without accents, capitals, hyphens and odd spaces, as any keyboard types it."""
    plain = unicodedata.normalize("NFKD", passphrase.casefold())
    letters = "".join(" " if each in "-‐‑–,.;" else each for each in plain if not unicodedata.combining(each))
    return " ".join(letters.split())


@cache
def _words(language: str) -> list[str]:
    return [unicodedata.normalize("NFC", word) for word in Mnemonic(_LISTS[language]).wordlist]
