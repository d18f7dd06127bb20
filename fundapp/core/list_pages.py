"""What every page of a list shares: its filters, its search that stands in no address, and its table to take away."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request, url_for

from fundapp.core.errors import NotFound
from fundapp.core.i18n import current_language
from fundapp.core.i18n import gettext as _
from fundapp.core.listing import Asked, Listing, asked_in, cells_of, rows_of
from fundapp.core.tables import Cell, write_csv, write_xlsx

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class ChoiceShown:
    """One list to choose from in the filters: a name, its label, and pairs of value and text."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    current: str


@dataclass(frozen=True)
class ListShown:
    """How a list can be narrowed, and where that leads. `arguments` are those of its address, without the search."""

    url: str
    endpoint: str
    search_url: str
    file_urls: Mapping[str, str]
    arguments: Mapping[str, Any]
    address: Mapping[str, Any]
    """`arguments`, and what names the list itself."""
    search: str
    search_label: str
    choices: Sequence[ChoiceShown]
    is_reversed: bool

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything differs from the whole list as usual."""
        return bool(self.arguments or self.search)


def list_asked(listing: Listing[Any]) -> Asked:
    """Return what this request asks of a list. Words to look for come by POST alone: no address holds a name."""
    if request.method == "POST":
        return asked_in(listing, request.form)
    return asked_in(listing, {name: value for name, value in request.args.items() if name != "search"})


def list_shown(
    listing: Listing[Any], asked: Asked, *, endpoint: str, search: str, file: str, search_label: str, **address: Any
) -> ListShown:
    """Return how a list can be narrowed; `endpoint`, `search` and `file` are its pages, `address` names it in them."""
    filters = [
        ChoiceShown(
            name,
            str(each.label),
            [("", _("Any")), *((value, str(choice.label)) for value, choice in each.choices.items())],
            asked.filters.get(name, ""),
        )
        for name, each in listing.filters.items()
    ]
    first, *others = listing.orders
    orders = [("", str(listing.orders[first].label)), *((name, str(listing.orders[name].label)) for name in others)]
    return ListShown(
        url=url_for(endpoint, **address),
        endpoint=endpoint,
        search_url=url_for(search, **address),
        file_urls={kind: url_for(file, format=kind, **address) for kind in CONTENT_TYPES},
        arguments=asked.arguments(),
        address={**asked.arguments(), **address},
        search=asked.search,
        search_label=search_label,
        choices=[*filters, ChoiceShown("sort", _("Sort by"), orders, asked.sort)],
        is_reversed=asked.reverse,
    )


def list_file(listing: Listing[Any], file_format: str, *, name: str, title: str) -> Response:
    """Return all that this request asks of a list as a table to save. Raises NotFound for an unknown format."""
    rows = rows_of(listing, list_asked(listing), current_language())
    return table_file(list(listing.columns), cells_of(listing, rows), file_format, name=name, title=title)


def table_file(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], file_format: str, *, name: str, title: str
) -> Response:
    """Return a table to save, as `name` with the format behind it. Raises NotFound for an unknown format."""
    if file_format not in CONTENT_TYPES:
        raise NotFound
    data = write_csv(columns, rows) if file_format == "csv" else write_xlsx(title, columns, rows)
    response = Response(data, content_type=CONTENT_TYPES[file_format])
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{file_format}")
    response.headers["Cache-Control"] = "no-store"
    return response
