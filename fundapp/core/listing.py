"""One way for every list: filtered, sorted, searched, page by page, and taken away as a table.

What the database can filter and sort it does. What it cannot read (sealed texts) or sort as readers do is read whole,
opened and compared here: as many statements for three hundred rows as for thirty, and some kilobytes for each row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select

from fundapp.core.collation import mentions, sort_key
from fundapp.core.db import db
from fundapp.core.paging import Page
from fundapp.core.tables import Cell
from fundapp.core.text import TextError, clean_text

MAX_SEARCH_CHARACTERS: Final = 200
PAGE_SIZE: Final = 25
R = TypeVar("R")


@dataclass(frozen=True)
class Choice:
    """One thing to filter by: its label for readers, and the condition that it stands for."""

    label: str
    condition: ColumnElement[bool]


@dataclass(frozen=True)
class Filter:
    """What a list can be filtered by, one choice at a time, by their values in addresses."""

    label: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True)
class Order(Generic[R]):
    """What a list can be sorted by: columns of the database, or a text in the order of its reader's language."""

    label: str
    columns: Sequence[SQLColumnExpression[Any]] = ()
    text: Callable[[R], str] | None = None
    falls: bool = False
    """Whether the greatest comes first, unless it is asked the other way round."""


@dataclass(frozen=True)
class Listing(Generic[R]):
    """A list: which rows the actor may see, and what can be done with them.

    `orders` begins with the usual one; `last` makes every order whole. `columns` are those of the table that is taken
    away, by their headings.
    """

    rows: Select[*tuple[Any, ...]]
    row: Callable[..., R]
    filters: Mapping[str, Filter]
    orders: Mapping[str, Order[R]]
    last: Sequence[SQLColumnExpression[Any]]
    texts: Callable[[R], Iterable[str]]
    columns: Mapping[str, Callable[[R], Cell]]


@dataclass(frozen=True)
class Asked:
    """What somebody asks of a list; `filters` are values by name, `sort` "" is the usual order, `number` the page."""

    filters: Mapping[str, str] = field(default_factory=dict)
    search: str = ""
    sort: str = ""
    reverse: bool = False
    number: int = 1

    def arguments(self) -> dict[str, str]:
        """Return what stands in an address: all that differs from the usual, and never the words looked for."""
        order = {"sort": self.sort} if self.sort else {}
        return {**self.filters, **order, **({"reverse": "1"} if self.reverse else {})}


def asked_in(listing: Listing[Any], values: Mapping[str, str]) -> Asked:
    """Return what an address or a form asks for; what nobody can have chosen there is left out."""
    chosen = {name: values.get(name, "") for name in listing.filters}
    sort = values.get("sort", "")
    page = values.get("page", "")
    return Asked(
        filters={name: value for name, value in chosen.items() if value in listing.filters[name].choices},
        search=_line(values.get("search", "")),
        sort=sort if sort in list(listing.orders)[1:] else "",
        reverse=values.get("reverse", "") == "1",
        number=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def page_of(listing: Listing[R], asked: Asked, language: str) -> Page[R]:
    """Return one page of what is asked for; a number past the end gives the last page."""
    if _is_read(listing, asked):
        rows = rows_of(listing, asked, language)
        number = _within(asked.number, len(rows))
        return Page(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, PAGE_SIZE, len(rows))
    found = listing.rows.where(*_conditions(listing, asked))
    total = db.session.scalar(select(func.count()).select_from(found.order_by(None).subquery())) or 0
    number = _within(asked.number, total)
    some = found.order_by(*_order(listing, asked)).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page(_read(listing, some), number, PAGE_SIZE, total)


def rows_of(listing: Listing[R], asked: Asked, language: str) -> list[R]:
    """Return all rows that are asked for, in order."""
    found = listing.rows.where(*_conditions(listing, asked)).order_by(*_order(listing, asked))
    rows = _read(listing, found)
    if asked.search:
        rows = [row for row in rows if mentions(listing.texts(row), asked.search, language)]
    text = _by(listing, asked).text
    if text is not None:
        rows.sort(key=lambda row: sort_key(text(row), language), reverse=_falls(listing, asked))
    return rows


def cells_of(listing: Listing[R], rows: Iterable[R]) -> Iterable[list[Cell]]:
    """Yield the cells of rows as they are taken away."""
    return ([column(row) for column in listing.columns.values()] for row in rows)


def _line(written: str) -> str:
    try:
        return clean_text(written).strip()[:MAX_SEARCH_CHARACTERS]
    except TextError:
        return ""


def _within(number: int, total: int) -> int:
    return max(1, min(number, Page[Any](items=[], number=1, size=PAGE_SIZE, total=total).last))


def _is_read(listing: Listing[Any], asked: Asked) -> bool:
    return bool(asked.search) or _by(listing, asked).text is not None


def _by(listing: Listing[R], asked: Asked) -> Order[R]:
    return listing.orders[asked.sort or next(iter(listing.orders))]


def _conditions(listing: Listing[Any], asked: Asked) -> list[ColumnElement[bool]]:
    return [listing.filters[name].choices[value].condition for name, value in asked.filters.items()]


def _order(listing: Listing[Any], asked: Asked) -> list[ColumnElement[Any]]:
    columns = [*_by(listing, asked).columns, *listing.last]
    falls = _falls(listing, asked)
    return [column.desc().nulls_last() if falls else column.asc().nulls_last() for column in columns]


def _falls(listing: Listing[Any], asked: Asked) -> bool:
    return asked.reverse != _by(listing, asked).falls


def _read(listing: Listing[R], statement: Select[*tuple[Any, ...]]) -> list[R]:
    return [listing.row(*row) for row in db.session.execute(statement)]
