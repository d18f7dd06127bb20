"""What somebody wants to see of a call's applications: filters, words to look for, an order. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from fundapp.core.text import TextError, clean_text

MAX_SEARCH_CHARACTERS: Final = 200
MAX_CODE_CHARACTERS: Final = 100
_One = TypeVar("_One", bound=StrEnum)


class Order(StrEnum):
    """By what a list may be sorted; nothing else is."""

    REFERENCE = "reference"
    NAME = "name"
    TITLE = "title"
    COUNTRY = "country"
    REQUESTED = "requested"
    STATUS = "status"
    SENT = "sent"
    SAVED = "saved"


class Aside(StrEnum):
    """Which applications are meant by whether they were set aside."""

    WITHOUT = ""
    ONLY = "only"
    ALL = "all"


class Waiting(StrEnum):
    """What an application waits for, or has that somebody should look at."""

    NOTHING = ""
    ANSWER = "answer"
    """One of our questions has no answer yet."""
    PAPERS = "papers"
    """Further papers were asked for and have not come."""
    SCAN = "scan"
    """A file is not scanned yet."""
    INFECTED = "infected"
    """A file was found to be harmful."""
    RETURNED = "returned"
    """A mail to its people came back."""
    TWICE = "twice"
    """It may be there twice."""


@dataclass(frozen=True)
class Wanted:
    """What to show; "" or None: everything. Dates are days in the call's time zone, both inclusive."""

    status: str = ""
    aside: Aside = Aside.WITHOUT
    category: str = ""
    language: str = ""
    region: str = ""
    country: str = ""
    source: str = ""
    waiting: Waiting = Waiting.NOTHING
    sent_from: date | None = None
    sent_to: date | None = None
    search: str = ""
    sort: Order = Order.REFERENCE
    reverse: bool = False

    def arguments(self) -> dict[str, Any]:
        """Return what stands in an address: all that differs from the usual, and never the words looked for."""
        usual = Wanted()
        written = {
            each.name: value
            for each in fields(self)
            if each.name != "search" and (value := getattr(self, each.name)) != getattr(usual, each.name)
        }
        return {name: "1" if value is True else str(value) for name, value in written.items()}


def wanted_in(values: Mapping[str, str]) -> Wanted:
    """Return what an address or a form asks for; what nobody can have chosen there is left out."""
    return Wanted(
        status=_code(values, "status"),
        aside=_one_of(Aside, values.get("aside", "")) or Aside.WITHOUT,
        category=_code(values, "category"),
        language=_code(values, "language"),
        region=_code(values, "region"),
        country=_code(values, "country"),
        source=_code(values, "source"),
        waiting=_one_of(Waiting, values.get("waiting", "")) or Waiting.NOTHING,
        sent_from=_day(values.get("sent_from", "")),
        sent_to=_day(values.get("sent_to", "")),
        search=_line(values.get("search", ""))[:MAX_SEARCH_CHARACTERS],
        sort=_one_of(Order, values.get("sort", "")) or Order.REFERENCE,
        reverse=values.get("reverse", "") == "1",
    )


def _one_of(choices: type[_One], written: str) -> _One | None:
    return choices(written) if written in {each.value for each in choices} else None


def _code(values: Mapping[str, str], name: str) -> str:
    return _line(values.get(name, ""))[:MAX_CODE_CHARACTERS]


def _line(written: str) -> str:
    try:
        return clean_text(written).strip()
    except TextError:
        return ""


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        return None
