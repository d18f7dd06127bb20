"""Amounts in words, as letters say them beside the figures.

Words stand as in counting, and the currency in brackets behind them: so no language has to bend one to the other, and
what is less than one unit is a fraction in figures, as on cheques: "twelve thousand and 50/100 (US dollars)". English,
French, Spanish and Portuguese words come from CLDR; its Arabic ones are not what anyone writes, so those are here.
"""

from functools import lru_cache
from typing import Final

from babel.numbers import get_currency_name
from unicode_rbnf import RbnfEngine

from fundapp.core.money import Money, exponent
from fundapp.core.numbers import cldr

_RULES: Final = "spellout-numbering"
_AND: Final = {"en": " and ", "fr": " et ", "es": " con ", "pt": " e ", "ar": " و"}
"""What joins the fraction to the words, by language."""

_UNITS: Final = (
    *("صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"),
    *("أحد عشر", "اثنا عشر", "ثلاثة عشر", "أربعة عشر", "خمسة عشر", "ستة عشر", "سبعة عشر", "ثمانية عشر", "تسعة عشر"),
)
_TENS: Final = ("عشرون", "ثلاثون", "أربعون", "خمسون", "ستون", "سبعون", "ثمانون", "تسعون")
_HUNDREDS: Final = (*("مائة", "مائتان", "ثلاثمائة", "أربعمائة", "خمسمائة", "ستمائة", "سبعمائة", "ثمانمائة", "تسعمائة"),)
_TWO_HUNDRED_OF: Final = "مائتا"
_SCALES: Final = (
    ("ألف", "ألفان", "آلاف", "ألفًا"),
    ("مليون", "مليونان", "ملايين", "مليونًا"),
    ("مليار", "ملياران", "مليارات", "مليارًا"),
    ("تريليون", "تريليونان", "تريليونات", "تريليونًا"),
    ("كوادريليون", "كوادريليونان", "كوادريليونات", "كوادريليونًا"),
)
"""Thousand, million and so on: one, two, three to ten, eleven to ninety-nine. Hundreds of them take the first."""


def amount_in_words(amount: Money, language: str) -> str:
    """Return an amount in words with the name of its currency: "twelve thousand and 50/100 (US dollars)".

    `language` is one of those of the interface. Raises KeyError for another one.
    """
    digits = exponent(amount.currency)
    whole, part = divmod(amount.minor, 10**digits)
    joined = f"{_AND[language]}{part:0{digits}d}/{10**digits}" if part else ""
    currency = get_currency_name(amount.currency, count=amount.decimal, locale=cldr(language))
    return f"{number_in_words(whole, language)}{joined} ({currency})"


def number_in_words(number: int, language: str) -> str:
    """Return a whole number from 0 on in words, as in counting."""
    if language == "ar":
        return _in_arabic(number)
    return _engine(language).format_number(number).text_by_ruleset[_RULES]


@lru_cache(maxsize=8)
def _engine(language: str) -> RbnfEngine:
    return RbnfEngine.for_language(language)


def _in_arabic(number: int) -> str:
    if number == 0:
        return _UNITS[0]
    parts: list[str] = []
    for place in range(len(_SCALES), -1, -1):
        group = number // 1000**place % 1000
        if group:
            parts += _counted(group, _SCALES[place - 1]) if place else _below_thousand(group)
    return " و".join(parts)


def _counted(group: int, scale: tuple[str, str, str, str]) -> list[str]:
    """Return so many thousands, millions and so on; what is counted takes its form from the last two digits."""
    one, two, few, many = scale
    hundreds, rest = divmod(group, 100)
    if rest == 0:
        return [f"{_TWO_HUNDRED_OF if hundreds == 2 else _HUNDREDS[hundreds - 1]} {one}"]
    if rest <= 2:
        return [*(_counted(hundreds * 100, scale) if hundreds else ()), one if rest == 1 else two]
    words = _below_thousand(group)
    return [*words[:-1], f"{words[-1]} {few if rest <= 10 else many}"]


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS[hundreds - 1]] if hundreds else []
    if rest >= 20:
        tens, unit = divmod(rest, 10)
        words += [_UNITS[unit]] if unit else []
        words.append(_TENS[tens - 2])
    elif rest:
        words.append(_UNITS[rest])
    return words
