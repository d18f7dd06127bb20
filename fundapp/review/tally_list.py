"""How the list of the tally is narrowed and put in order: pure, on rows that are already made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from fundapp.core.listing import MAX_SEARCH_CHARACTERS, PAGE_SIZE
from fundapp.core.paging import Page
from fundapp.core.text import TextError, clean_text

T = TypeVar("T")


class Order(StrEnum):
    """By what entries are put in order within their pool; LEADING is the rank that the call uses."""

    LEADING = ""
    ADJUSTED = "adjusted"
    MEAN = "mean"
    DISAGREEMENT = "disagreement"
    REGION = "region"


FILTERS: Final = ("pool", "region", "language", "short")
"""The names of filters in addresses."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of the list: `filters` by name, words to look for, an order, and a page from 1."""

    filters: Mapping[str, str] = field(default_factory=dict)
    search: str = ""
    order: Order = Order.LEADING
    reverse: bool = False
    number: int = 1

    def arguments(self) -> dict[str, Any]:
        """Return what stands in an address: all that differs from the usual, and never the words looked for."""
        order = {"sort": self.order.value} if self.order is not Order.LEADING else {}
        return {**self.filters, **order, **({"reverse": "1"} if self.reverse else {})}


def wanted_in(values: Mapping[str, str], choices: Mapping[str, Mapping[str, str]]) -> Wanted:
    """Return what an address or a form asks for; what nobody can have chosen is left out.

    `choices` are values and their labels, by the name of a filter.
    """
    chosen = {name: values.get(name, "") for name in choices}
    sort, page = values.get("sort", ""), values.get("page", "")
    try:
        search = clean_text(values.get("search", "")).strip()[:MAX_SEARCH_CHARACTERS]
    except TextError:
        search = ""
    return Wanted(
        filters={name: value for name, value in chosen.items() if value in choices[name]},
        search=search,
        order=Order(sort) if sort in set(Order) else Order.LEADING,
        reverse=values.get("reverse", "") == "1",
        number=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def in_order(rows: Sequence[T], key: Callable[[T], float | None], *, falls: bool = False) -> list[T]:
    """Return rows by a number, the least first or the greatest first; those without one come last, as they came."""
    having = [row for row in rows if key(row) is not None]
    having.sort(key=lambda row: (-1 if falls else 1) * (key(row) or 0.0))
    return having + [row for row in rows if key(row) is None]


def page_of(rows: Sequence[T], number: int) -> Page[T]:
    """Return one page; a number past the end gives the last one."""
    last = Page[T](items=[], number=1, size=PAGE_SIZE, total=len(rows)).last
    number = max(1, min(number, last))
    return Page(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, PAGE_SIZE, len(rows))
