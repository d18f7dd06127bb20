"""The keys under which answers stand.

Outside repeats a key is the question's name. In a repeat it is `repeat~ROW~name`, and so on inward; ROW is a whole
number that is given once and never again in that repeat. Under the repeat's own key stands the list of its rows.
`KEY~spoken` is the recording of a text, `KEY~transcript` the text of a recording, and under `KEY~last` of a repeat
stands the last row that was ever given.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import regex

SEPARATOR: Final = "~"
_ROW: Final = regex.compile(r"[1-9][0-9]{0,3}", regex.ASCII)


class KeyPart(StrEnum):
    """What of a question, or of a repeat, stands under a key."""

    ANSWER = ""
    SPOKEN = "spoken"
    TRANSCRIPT = "transcript"
    LAST = "last"


@dataclass(frozen=True)
class Key:
    """A key, read: the name of a question or repeat, the rows that it stands in, outermost first, and what of it."""

    name: str
    rows: tuple[tuple[str, int], ...] = ()
    part: KeyPart = KeyPart.ANSWER

    def __str__(self) -> str:
        rows = [piece for repeat, row in self.rows for piece in (repeat, str(row))]
        return SEPARATOR.join([*rows, self.name, *([self.part.value] if self.part else [])])

    @property
    def repeats(self) -> tuple[str, ...]:
        """Return the names of the repeats that it stands in."""
        return tuple(repeat for repeat, _row in self.rows)


def read_key(written: str) -> Key | None:
    """Read a key; None for what is none, whatever anybody sends."""
    *pieces, last = written.split(SEPARATOR)
    part = KeyPart.ANSWER
    if last in {KeyPart.SPOKEN, KeyPart.TRANSCRIPT, KeyPart.LAST} and len(pieces) % 2 == 1:
        part, last = KeyPart(last), pieces.pop()
    if len(pieces) % 2 or not last or not all(_ROW.fullmatch(row) for row in pieces[1::2]):
        return None
    return Key(last, tuple(zip(pieces[::2], map(int, pieces[1::2]), strict=True)), part)


def spoken(key: str) -> str:
    """Return the key of the recording of a text."""
    return f"{key}{SEPARATOR}{KeyPart.SPOKEN}"


def transcript(key: str) -> str:
    """Return the key of the text of a recording."""
    return f"{key}{SEPARATOR}{KeyPart.TRANSCRIPT}"


def name_of(key: str) -> str:
    """Return the name of the question or repeat that a key belongs to, in whatever row; "" for no key."""
    read = read_key(key)
    return read.name if read else ""


def base(key: str) -> str:
    """Return the key of the answer that a recording or a transcript belongs to; of an answer its own."""
    read = read_key(key)
    return str(Key(read.name, read.rows)) if read else key
