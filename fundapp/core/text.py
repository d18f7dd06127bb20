"""User-written text: what is taken in, and how its length is counted.

Every text that a person or a spreadsheet gives us passes through `clean_text` once, so that the database, the pages,
the letters and the exports only ever see text in one normal form and without characters that hide or reorder others.
"""

import unicodedata
from typing import Final

import regex

from fundapp.core.i18n import lazy_gettext as _l


class TextError(ValueError):
    """The text holds something that cannot be kept. `message` is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


# What ends a line anywhere in Unicode; word processors paste vertical tabs and U+2028 for soft line breaks.
_LINE_ENDS: Final = regex.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
# Direction embeddings and isolates, and the byte order mark: invisible, copied along with telephone numbers from
# contact lists, and never what somebody meant to write. They are taken out. Marks (U+200E, U+200F, U+061C) and joiners
# (U+200C, U+200D) are spelling in Arabic, Persian and Indic text and stay.
_INVISIBLE: Final = regex.compile("[\u202a-\u202c\u2066-\u2069\ufeff]")
_OVERRIDES: Final = regex.compile("[\u202d\u202e]")
_SURROGATES: Final = regex.compile("[\ud800-\udfff]")
_CONTROLS: Final = regex.compile(r"[\x00-\x1f\x7f-\x9f]")
_NONCHARACTERS: Final = regex.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]"
)
# Real spelling needs a dozen code points for one character at most (Burmese stacks, emoji families);
# longer ones are marks piled up to spill over the lines above, or to dodge a limit counted in characters.
_PILED_UP: Final = regex.compile(r"(?=[\p{M}\u200d])(?:\p{M}|\u200d.){24}")
_ONE_CHARACTER_WORD: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_LETTER_OR_DIGIT: Final = regex.compile(r"[\p{L}\p{N}]")
_CHARACTER: Final = regex.compile(r"\X")
# Two regional indicators are a flag. The library looks for the beginning of the whole run of them at each one, which
# takes for ever on a long run, so flags are counted as one plain letter each.
_FLAG: Final = regex.compile("[\U0001f1e6-\U0001f1ff]{2}")


def clean_text(value: str, *, multiline: bool = False) -> str:
    """Return `value` in NFC, trimmed, with tabs as spaces and, if `multiline`, every kind of line end as a newline.

    Raises TextError for NUL and other controls, lone surrogates, noncharacters, direction overrides, piled-up marks
    and, unless `multiline`, line ends.
    """
    text = _INVISIBLE.sub("", value.replace("\t", " "))
    if multiline:
        text = _LINE_ENDS.sub("\n", text).strip()
        checked = text.replace("\n", " ")
    else:
        text = checked = text.strip(" \n\r")
        if _LINE_ENDS.search(text):
            raise TextError(_l("Write this on one line."))
    if _SURROGATES.search(checked):
        raise TextError(_l("This text has a broken character in it. Please type it again."))
    if _CONTROLS.search(checked) or _NONCHARACTERS.search(checked):
        raise TextError(_l("This text has a hidden control character in it. Please type it again."))
    if _OVERRIDES.search(checked):
        raise TextError(
            _l("This text has a hidden character in it that turns the reading direction round. Please type it again.")
        )
    if _PILED_UP.search(checked):
        raise TextError(_l("This text has too many marks on one letter."))
    return unicodedata.normalize("NFC", text)


def count_words(text: str) -> int:
    """Count the words of `text`, in any script, in one way.

    A word is a run without white space that holds a letter or a digit ("peer-led" is one, a lone dash is none). Chinese
    and Japanese are written without spaces: each of their characters counts as one word, as word processors do it.
    """
    rest, single = _ONE_CHARACTER_WORD.subn(" ", text)
    return int(single) + sum(1 for word in rest.split() if _LETTER_OR_DIGIT.search(word))


def count_characters(text: str) -> int:
    """Count characters as a reader sees them (grapheme clusters): é, क्षि and a flag are one each.

    Source: Unicode Standard Annex 29.
    """
    return sum(1 for _ in _CHARACTER.finditer(_FLAG.sub("a", text)))
