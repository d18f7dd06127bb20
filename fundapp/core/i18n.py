"""Languages: which ones the interface speaks, and how texts of a call are chosen.

Rules and services import the gettext functions from here, so that they never import Flask themselves.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, cast

import flask_babel
from babel import Locale
from flask_babel import force_locale, get_locale
from flask_babel.speaklater import LazyString
from markupsafe import escape

__all__ = [
    "LANGUAGES",
    "current_language",
    "direction",
    "gettext",
    "in_language",
    "language_name",
    "lazy_gettext",
    "localised",
    "ngettext",
    "pgettext",
    "plural_forms",
    "script_language",
    "text_direction",
]

# Flask-Babel has no types.
gettext: Callable[..., str] = flask_babel.gettext
ngettext: Callable[..., str] = flask_babel.ngettext
pgettext: Callable[..., str] = flask_babel.pgettext

LANGUAGES: Final[dict[str, str]] = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "ar": "العربية",
}
DEFAULT_LANGUAGE: Final = "en"


class _LazyText(LazyString):
    """A lazy text that pages escape; Flask-Babel's tells them that it is markup, with what people typed into it."""

    def __html__(self) -> str:
        """Return the text as markup that shows it."""
        return escape(str(self))


def lazy_gettext(text: str, /, **variables: object) -> str:
    """Return a text that is translated when it is shown: no str, but it stands wherever one is shown."""
    return cast(str, _LazyText(gettext, text, **variables))


def current_language() -> str:
    """Return the language code of the running request or job ("en" outside both)."""
    locale = get_locale()
    return locale.language if locale is not None else DEFAULT_LANGUAGE


def direction(language: str) -> str:
    """Return "rtl" or "ltr" for a language code, by CLDR; unknown codes read left to right."""
    try:
        return Locale.parse(language).text_direction
    except (ValueError, LookupError):
        return "ltr"


def language_name(code: str) -> str:
    """Return the name of a language in the current one ("French", "français")."""
    return Locale.parse(code).get_display_name(current_language()) or code


def text_direction(text: str) -> str:
    """Return "rtl" or "ltr" for a text by its first letter that has a direction (Unicode UAX 9, rule P2)."""
    strong = (kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL"))
    return "rtl" if next(strong, "L") in ("R", "AL") else "ltr"


def script_language(text: str) -> str | None:
    """Return "ja" for a text with kana and "ko" for one with hangul, which no other language is written in, or None."""
    if re.search("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f]", text):
        return "ja"
    return "ko" if re.search("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]", text) else None


def plural_forms(singular: str, plural: str) -> dict[str, str]:
    """Return a sentence in each plural form of the current language, by CLDR's names, with {} for the number."""
    rule = Locale.parse(current_language()).plural_form
    translate = flask_babel.get_domain().get_translations().ungettext
    # Between them these numbers have every form that whole numbers can have in any language.
    numbers = {rule(number): number for number in (1_000_000, *range(101, -1, -1))}
    return {form: translate(singular, plural, number).replace("%(num)s", "{}") for form, number in numbers.items()}


def localised(texts: Mapping[str, str], language: str | None = None) -> str:
    """Pick the text in `language` (default: the current one), else English, else any."""
    wanted = language or current_language()
    for code in (wanted, DEFAULT_LANGUAGE):
        if texts.get(code):
            return texts[code]
    return next((text for text in texts.values() if text), "")


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Run a block with gettext, dates and money in `language` (mail, letters)."""
    with force_locale(language if language in LANGUAGES else DEFAULT_LANGUAGE):
        yield
