"""Rules of release and letters; no database, no web."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.i18n import ngettext
from fundapp.disbursement.letter_language import written


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What stands before a release: how much is decided, and what is not."""

    decided: int
    undecided: int
    unchecked: int
    decided_but_ineligible: tuple[str, ...] = ()
    ratifiers_missing: int = 0
    """How many of those who must ratify the list have not, though it stands as ratified."""
    lacks_comments: bool = False
    """Something is declined without the text that the call promised."""


def release_problems(facts: ReleaseFacts) -> list[Problem]:
    """Say everything that stands against a release, not just the first thing."""
    problems = []
    if not facts.decided:
        problems.append(Problem(_l("There is nothing to release.")))
    if facts.undecided:
        problems.append(
            Problem(ngettext("%(num)s entry is undecided.", "%(num)s entries are undecided.", facts.undecided))
        )
    if facts.unchecked:
        problems.append(
            Problem(
                ngettext(
                    "%(num)s application was not marked eligible or ineligible.",
                    "%(num)s applications were not marked eligible or ineligible.",
                    facts.unchecked,
                )
            )
        )
    if facts.lacks_comments:
        message = _l(
            "The call promised declined applicants comments of the reviews, and some are not written. Write them, or "
            "keep why there is nothing to pass on, on the page “Comments for declined applicants”."
        )
        problems.append(Problem(message))
    if facts.ratifiers_missing > 0:
        problems.append(
            Problem(
                ngettext(
                    "%(num)s person more must ratify the list.",
                    "%(num)s people more must ratify the list.",
                    facts.ratifiers_missing,
                )
            )
        )
    problems += [
        Problem(_l("It is decided, but not eligible any more: its letter and its notice would contradict."), place=each)
        for each in facts.decided_but_ineligible
    ]
    return problems


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast letters are being made: how many in the last minutes, the first and the last of them (None: none)."""

    lately: int
    first: datetime | None
    last: datetime | None

    @property
    def a_minute(self) -> float | None:
        """Return letters a minute, None where there is too little to tell."""
        if self.first is None or self.last is None or self.last <= self.first:
            return None
        return (self.lately - 1) / ((self.last - self.first) / timedelta(minutes=1))

    def minutes_for(self, letters: int) -> int | None:
        """Return in how many minutes so many letters will be made at this pace, rounded up; None: cannot be told."""
        return None if self.a_minute is None else ceil(letters / self.a_minute)


LATELY: Final = timedelta(minutes=5)
"""How far back the pace is taken from."""


def entry_reference(application_reference: str, category_code: str | None) -> str:
    """Return the reference of an entry's award and letter: "GJF-2020-0042", or "GJP-2017-0007-COURAGE"."""
    return application_reference if category_code is None else f"{application_reference}-{category_code.upper()}"


def certificate_reference(award_reference: str) -> str:
    """Return the reference of an award's certificate: "CERT-GJP-2017-0007-COURAGE"."""
    return f"CERT-{award_reference}"


def letter_filename(reference: str) -> str:
    """Return the name under which a letter is saved; it names nobody."""
    return f"letter-{reference}.pdf"


def missing_value(field: str) -> str:
    """Return how a letter's failure is stored when a value is missing."""
    return f"missing: {field}"


def failure_text(failure: str) -> str:
    """Say in the current language why a letter was not made."""
    kind, _, rest = failure.partition(": ")
    if kind == "missing":
        field = _FIELDS.get(rest)
        return _l("It has no value for “%(field)s”.", field=field or rest)
    if kind == "template lacks":
        return _l(
            "Its template does not have %(placeholder)s, and the call promised it. Put it in, and try again.",
            placeholder=written(rest),
        )
    if kind == "takes too long":
        return _l("Laying it out took more than %(seconds)s seconds of work. Shorten what it says.", seconds=rest)
    if kind == "takes too much memory":
        return _l("Laying it out took more than %(size)s MB of memory. Shorten what it says.", size=rest)
    if kind == "does not fit on pages":
        return ngettext(
            "It does not fit on %(num)s page. Shorten what it says.",
            "It does not fit on %(num)s pages. Shorten what it says.",
            int(rest),
        )
    if kind == "no font for":
        return _l("No installed font can write %(characters)s.", characters=rest)
    return failure


_FIELDS = {
    "amount": _l("amount"),
    "amount_in_words": _l("amount in words"),
    "application_reference": _l("reference of the application"),
    "call": _l("title of the call"),
    "grantor": _l("awarded by"),
    "next_step": _l("what happens next"),
    "organisation": _l("name of the organisation"),
    "period": _l("period"),
    "programme": _l("title of the programme"),
    "purpose": _l("purpose"),
    "reason": _l("reason"),
    "subject": _l("heading of the letter"),
}


def spread(variance: Fraction | None) -> Decimal | None:
    """Return the standard deviation that belongs to a variance."""
    return None if variance is None else (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
