"""What differs between two texts, word by word."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

import regex

# Chinese and Japanese are written without spaces: each of their characters stands for itself.
_WORDS: Final = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}]|\s+|[^\s\p{Han}\p{Hiragana}\p{Katakana}]+", regex.VERSION1
)
_LINES: Final = regex.compile(r"[^\n]*\n|[^\n]+")
MOST_WORDS: Final = 4_000
"""Longer texts are compared line by line: comparing takes the square of the number of pieces at worst."""
MOST_LINES: Final = 2_000


class Side(StrEnum):
    """Which of two texts a piece stands in."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True)
class Piece:
    """Some words in a row, and where they stand."""

    side: Side
    text: str


def difference(first: str, second: str) -> list[Piece]:
    """Return both texts in one: what stands in both once, what stands in one alone marked.

    The pieces of BOTH and FIRST, joined, are the first text; those of BOTH and SECOND the second. Texts of a size that
    nobody could compare by eye are given one after the other.
    """
    cut = _cut(first, second)
    if cut is None:
        return _pieces([(Side.FIRST, first), (Side.SECOND, second)])
    one, two = cut
    found: list[tuple[Side, str]] = []
    for kind, i, j, k, m in SequenceMatcher(None, one, two).get_opcodes():
        if kind == "equal":
            found.append((Side.BOTH, "".join(one[i:j])))
        else:
            found += [(Side.FIRST, "".join(one[i:j])), (Side.SECOND, "".join(two[k:m]))]
    return _pieces(found)


def _cut(first: str, second: str) -> tuple[list[str], list[str]] | None:
    for pattern, most in ((_WORDS, MOST_WORDS), (_LINES, MOST_LINES)):
        one, two = pattern.findall(first), pattern.findall(second)
        if max(len(one), len(two)) <= most:
            return one, two
    return None


def _pieces(found: list[tuple[Side, str]]) -> list[Piece]:
    return [Piece(side, text) for side, text in found if text]
