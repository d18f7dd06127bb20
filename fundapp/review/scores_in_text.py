"""Finding scores that somebody wrote into a text, in the languages of the product and in any digits; no database."""

import unicodedata
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final

import regex

_USUAL_HIGHEST: Final = frozenset(Decimal(number) for number in (5, 10, 20, 100))
_NUMBER: Final = r"(?<![\p{Nd}\p{L}.,٫/⁄])\p{Nd}{1,3}(?:[.,٫]\p{Nd}{1,2})?(?![\p{Nd}%٪/⁄]|[.,٫]\p{Nd}|\s*[%٪/⁄])"
_UPPER: Final = r"(?P<given>(?<![\p{Nd}\p{L}.,٫/⁄])\p{Nd}{1,3}(?:[.,٫]\p{Nd}{1,2})?)"
_HIGHEST: Final = r"(?P<highest>\p{Nd}{1,3})(?![\p{Nd}%٪/⁄]|[.,٫]\p{Nd})"

_ALONE: Final = (
    r"(?!\s+(?!(?:for|on|out|and|but|because|points?|pour|car|et|mais|por|para|pela|pelo|y|e|mas|pero|puntos|pontos|من|في"
    r"|على|عن|لأن|نقاط|درجات|و\p{L}*)\b)\p{L})"
)
"""Behind a number: nothing that is counted. "4 for the plan" is a score, and "4 villages" is none."""

_OF_SOMETHING: Final = r"(?!\s*(?:d['’]|(?:of|des?|du|dos?|das?|من)(?!\p{L})))"
"""Behind "1/5" and "5 points": not "of the families", nor "d'eau"."""

_SCORE: Final = (
    r"scor(?:es?|ed|ing)|rat(?:ed|es?|ings?)|marks?|marked|grad(?:es?|ed)|not(?:es?|é|ée|as?|ation)|"
    r"puntuaci[oó]n|puntaje|calificaci[oó]n|pontua[cç][aã]o|classifica[cç][aã]o|"
    r"(?:ال)?(?:درجة|درجته|درجتها|نتيجة|تقييم|علامة)"
)
_BETWEEN: Final = (
    r"[\s:=(–—-]*(?:(?:of|was|is|at|it|this|as|an?|de|es|era|est|fue|foi|une?|una|uma?|هي|هو|كانت|كان)\s+){0,3}"
)
_GIVING: Final = (
    r"(?:g[ai]ve|giving)(?:\s+(?:it|this|them|him|her|you|the\s+\p{L}+))?(?:\s+an?)?|"
    r"(?:donne|donné|donnons|mets|mis|doy|damos|dimos|puse|dou|dei|demos)(?:\s+(?:une?|um|uma|una))?|"
    r"(?:أعطي|أعطيت|أمنح|منحت)(?:ه|ها|هم)?"
)
_POINTS: Final = r"points?|pts?|puntos?|pontos?|نقاط|نقطة|درجات"


def scores_in(text: str, *, maxima: Iterable[Decimal] = (), criteria: Iterable[str] = ()) -> list[str]:
    """Return the places of a text, as they stand in it and each once, that look like a score.

    Such are "7/10" and "7 out of 10" where 10 is one of `maxima` (the highest numbers of the call's scales) or of the
    usual ones, "score: 4", "I give it a 4", "4 points", and one of `criteria` (their names) with a number. Amounts,
    years, shares and counts of something are left alone as far as the words beside them tell; somebody looks at each.
    """
    highest = _USUAL_HIGHEST | set(maxima)
    plain = unicodedata.normalize("NFC", text)
    found = [" ".join(match[0].split()) for match in _pattern(criteria).finditer(plain) if _fits(match, highest)]
    return list(dict.fromkeys(found))


def _pattern(criteria: Iterable[str]) -> regex.Pattern[str]:
    names = sorted({regex.escape(unicodedata.normalize("NFC", name.strip())) for name in criteria if name.strip()})
    words = "|".join((_SCORE, *names))
    return regex.compile(
        rf"{_UPPER}\s*[/⁄]\s*{_HIGHEST}{_OF_SOMETHING}"
        rf"|{_UPPER}\s*(?:out\s+of|sur|sobre|de|em|من)\s+{_HIGHEST}{_ALONE}"
        rf"|(?<!\p{{L}})(?:{words}){_BETWEEN}(?P<number>{_NUMBER}){_ALONE}"
        rf"|(?<!\p{{L}})(?:{_GIVING})\s+(?P<number>{_NUMBER}){_ALONE}"
        rf"|(?P<number>{_NUMBER})\s*(?:{_POINTS})(?!\p{{L}}){_OF_SOMETHING}",
        regex.IGNORECASE,
    )


def _fits(match: regex.Match[str], highest: Collection[Decimal]) -> bool:
    if match["highest"]:
        return _value(match["highest"]) in highest and _value(match["given"]) <= _value(match["highest"])
    return _value(match["number"]) <= max(highest)


def _value(number: str) -> Decimal:
    """Read digits of any script with at most one separator."""
    return Decimal("".join("." if each in ".,٫" else str(unicodedata.decimal(each)) for each in number))
