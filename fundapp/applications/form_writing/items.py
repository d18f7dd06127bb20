"""The rows of a form that is being written: questions and groups, each with a number of its own that it keeps."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import regex

from fundapp.applications.form_engine.definition import Kind, Texts
from fundapp.applications.form_engine.rules import REFERENCE
from fundapp.applications.xlsform import Cells
from fundapp.applications.xlsform.columns import OWN
from fundapp.applications.xlsform.types import Begin, Choosing, write_type

GROUP: Final = "group"
REPEAT: Final = "repeat"
GROUPS: Final = frozenset({GROUP, REPEAT})
CHOOSING: Final = frozenset({Kind.SELECT_ONE.value, Kind.SELECT_MULTIPLE.value, Kind.RANK.value})
LISTED: Final = CHOOSING | {Kind.GEOPOINT.value}
PLACES: Final = f"{OWN}places"
_LONGEST_NAME: Final = 40


@dataclass(frozen=True)
class Item:
    """A question, or a group with what stands in it. `kind` is that of a question, "group" or "repeat".

    `cells` are those of its row by column, but for the type, which follows from kind and list.
    """

    id: int
    kind: str
    cells: Mapping[str, str | Texts] = field(default_factory=dict)
    list_name: str = ""
    items: tuple["Item", ...] = ()

    @property
    def is_group(self) -> bool:
        """Say whether it can contain others."""
        return self.kind in GROUPS

    @property
    def name(self) -> str:
        """Return its name in expressions."""
        return self.plain("name")

    def plain(self, column: str) -> str:
        """Return a cell that has no languages."""
        cell = self.cells.get(column, "")
        return cell if isinstance(cell, str) else ""

    def texts(self, column: str) -> Texts:
        """Return a cell in its languages."""
        cell = self.cells.get(column, {})
        return {} if isinstance(cell, str) else cell

    def walk(self) -> Iterator["Item"]:
        """Return it and everything in it, in order."""
        yield self
        for each in self.items:
            yield from each.walk()


def type_of(item: Item) -> str:
    """Return what an XLSForm calls its type."""
    if item.is_group:
        return write_type(Begin(item.kind == REPEAT))
    if item.kind in CHOOSING:
        return write_type(Choosing(Kind(item.kind), item.list_name))
    return item.kind


def places_of(item: Item) -> Cells:
    """Return the cell that names its list of places, where it has one."""
    return {PLACES: item.list_name} if item.kind == Kind.GEOPOINT and item.list_name else {}


def proposed_name(label: str, taken: frozenset[str]) -> str:
    """Return a name for a question from its label, that nothing else has."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    words = regex.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    short = words[:_LONGEST_NAME].rsplit("_", 1)[0] if len(words) > _LONGEST_NAME else words
    return free_name(short if short[:1].isalpha() else f"question_{short}".rstrip("_"), taken)


def free_name(name: str, taken: frozenset[str] | set[str]) -> str:
    """Return a name with a figure behind it, if it is taken."""
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def depth_of(item: Item) -> int:
    """Return how many groups stand in each other."""
    return int(item.is_group) + max((depth_of(each) for each in item.items), default=0)


def renamed(item: Item, names: Mapping[str, str]) -> Item:
    """Let the expressions and texts of an item use other names."""

    def put(match: regex.Match[str]) -> str:
        return f"${{{names.get(match[1], match[1])}}}"

    cells: dict[str, str | Texts] = {}
    for column, cell in item.cells.items():
        if isinstance(cell, Mapping):
            cells[column] = {language: REFERENCE.sub(put, text) for language, text in cell.items()}
        elif column == f"{OWN}other_of":
            cells[column] = names.get(cell, cell)
        else:
            cells[column] = REFERENCE.sub(put, cell) if "${" in cell else cell
    return replace(item, cells=cells)


def item_to_json(item: Item) -> dict[str, Any]:
    """Return an item as JSON keeps it."""
    cells = {column: dict(cell) if isinstance(cell, Mapping) else cell for column, cell in item.cells.items()}
    written: dict[str, Any] = {"id": item.id, "kind": item.kind, "cells": cells}
    if item.list_name:
        written["list_name"] = item.list_name
    if item.is_group:
        written["items"] = [item_to_json(each) for each in item.items]
    return written


def item_from_json(data: Mapping[str, Any]) -> Item:
    """Return the item that was kept as JSON."""
    return Item(
        id=data["id"],
        kind=data["kind"],
        cells=data["cells"],
        list_name=data.get("list_name", ""),
        items=tuple(item_from_json(each) for each in data.get("items", ())),
    )
