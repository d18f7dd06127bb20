"""Numbers as people write them, in any digits and with any separators, read without ever guessing."""

import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Final

import regex
from babel import Locale
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol

from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.i18n import lazy_gettext as _l

MAX_LENGTH: Final = 40
_MEGABYTE: Final = 1024 * 1024

_TENTH: Final = Decimal("0.1")
_SPACES_AND_APOSTROPHES: Final = "\u00a0\u2009\u202f'\u2019"
_ARABIC_SEPARATORS: Final = str.maketrans({"\u066b": ".", "\u066c": ",", "\u060c": ",", "\uff0e": ".", "\uff0c": ","})
_IN_GROUPS: Final = regex.compile(r"\d{1,3}(?:\D\d{3})+|\d{1,2}(?:\D\d{2})+\D\d{3}")


class NumberError(ValueError):
    """This is not a number. `message` is for people."""

    def __init__(self) -> None:
        super().__init__("not a number")
        self.message = _l("Write this in figures, for example 1,000 or 1,000.50.")


@lru_cache(maxsize=64)
def cldr(locale: str) -> Locale:
    """Return the CLDR locale of a language code; plain "en" is international English, where dollars are "US$"."""
    parsed = Locale.parse(locale, sep="-" if "-" in locale else "_")
    return Locale.parse("en_001") if str(parsed) == "en" else parsed


def read_number(text: str, locale: str) -> str:
    """Return a written number as digits with at most one point and a "-" in front if it is below zero.

    "1,000.00", "1.000,00", "1 000", "12,34,567.00" and "١٬٠٠٠٫٥٠" are read. One separator with three digits behind it
    ("1.000") means what `locale` says. Raises NumberError.
    """
    bare = text.strip().strip("\u200e\u200f\u061c").strip()
    below_zero = bare[:1] in ("-", "\u2212")
    return ("-" if below_zero else "") + _without_sign(bare[1:] if below_zero else bare, locale)


def plain_number(value: Decimal | int) -> Decimal:
    """Return a number without zeros at its end and without an exponent: 4.10 becomes 4.1, and 20.0 becomes 20."""
    number = Decimal(value)
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize()


def number_text(value: Decimal | int) -> str:
    """Write an exact number in the current language."""
    return str(format_decimal(value, format="#,##0.####", locale=cldr(current_language())))


def megabytes_text(size_bytes: int) -> str:
    """Write the size of a file in megabytes (of 1,024 times 1,024 bytes) with at most one decimal, and at least 0.1."""
    megabytes = (Decimal(size_bytes) / _MEGABYTE).quantize(_TENTH)
    return _("%(size)s MB", size=number_text(max(_TENTH, megabytes)))


def _without_sign(text: str, locale: str) -> str:
    number = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text[: MAX_LENGTH + 1].translate(_ARABIC_SEPARATORS)
    )
    for space in _SPACES_AND_APOSTROPHES:
        number = number.replace(space, " ")
    if len(number) > MAX_LENGTH or not regex.fullmatch(r"\d[\d., ]*", number):
        raise NumberError
    whole, fraction = _split(number, locale)
    if (not whole.isdigit() and not _IN_GROUPS.fullmatch(whole)) or len(set(whole) - set("0123456789")) > 1:
        raise NumberError
    return str(regex.sub(r"\D", "", whole)) + (f".{fraction}" if fraction else "")


def _split(number: str, locale: str) -> tuple[str, str]:
    """Split at the decimal separator, if there is one."""
    marks = [character for character in number if character in ".,"]
    if not marks:
        return number, ""
    last = marks[-1]
    if marks.count(last) > 1:
        # "1.000.000": a separator that comes back groups thousands; "1,000.5.5" is then refused as badly grouped.
        return number, ""
    whole, _, fraction = number.rpartition(last)
    alone = len(marks) == 1 and " " not in number
    if alone and regex.fullmatch(r"[1-9]\d{0,2}", whole) and len(fraction) == 3:
        symbols = cldr(locale)
        if last == get_group_symbol(symbols) or last != get_decimal_symbol(symbols):
            return number, ""
    if not fraction.isdigit():
        raise NumberError
    return whole, fraction
