"""The order of names for readers of a language: by letters first, then by accents, then by capitals.

Source: Unicode Technical Report 10, levels 1 to 3, cut down to the alphabets of our languages.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

import regex

SortKey = tuple[bool, str, str, str]

# Letters that are one of their own in a language stand behind the letter that they are made from.
_OWN_LETTERS: Final = {"es": {"ñ": "n\u9fff"}}
_SAME_LETTERS: Final = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ؤ": "و", "ئ": "ي", "ى": "ي", "ة": "ه", "ـ": None}
    | {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"}
)
_MARKS: Final = regex.compile(r"\p{M}")
_NO_LETTERS: Final = regex.compile(r"[^\p{L}\p{N}]+")
_FIRST_LETTER: Final = regex.compile(r"\p{L}")
_ARABIC: Final = regex.compile(r"\p{Arabic}")


def sort_key(text: str, language: str) -> SortKey:
    """Return the key by which texts are in the order of a language: its own script first, punctuation left aside."""
    return _is_foreign(text, language), _bare(text, language), _folded(text, language), text


def mentions(texts: Iterable[str], sought: str, language: str) -> bool:
    """Say whether one of some texts has what is sought in it, whatever the accents and capitals of either."""
    wanted = _without_accents(sought, language)
    return any(wanted in _without_accents(text, language) for text in texts)


def _bare(text: str, language: str) -> str:
    return str(_NO_LETTERS.sub(" ", _without_accents(text, language))).strip()


def _without_accents(text: str, language: str) -> str:
    folded = _folded(text, language).translate(_SAME_LETTERS)
    return str(_MARKS.sub("", unicodedata.normalize("NFKD", folded)))


def _folded(text: str, language: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    for letter, place in _OWN_LETTERS.get(language, {}).items():
        folded = folded.replace(letter, place)
    return folded


def _is_foreign(text: str, language: str) -> bool:
    """Say whether a text begins in another script than that of the language; no text at all comes last."""
    first = _FIRST_LETTER.search(text)
    return first is None or bool(_ARABIC.match(first[0])) != (language == "ar")
