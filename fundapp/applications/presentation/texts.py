"""Texts of a call in the best language there is, and amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fundapp.core.i18n import current_language, localised
from fundapp.core.money import Money
from fundapp.core.numbers import cldr


@dataclass(frozen=True)
class Said:
    """A text of a call in the best language there is; `lang` names it when it is not the page's own."""

    text: str
    lang: str | None = None

    def __str__(self) -> str:
        return self.text


NOTHING: Final = Said("")


def said(texts: Mapping[str, str]) -> Said:
    """Return a text in the current language, else in English, else in any, with the language it is in."""
    text = localised(texts)
    here = current_language()
    if texts.get(here) == text:
        return Said(text)
    return Said(text, next((code for code, each in texts.items() if each == text), None))


def country_name(code: str) -> str:
    """Return the name of a country by its ISO 3166-1 code; anything else, as it is."""
    return str(cldr(current_language()).territories.get(code.upper(), code))


def money(minor: int, currency: str) -> str:
    """Write an amount in the current language."""
    return Money(minor, currency).format(current_language())
