"""What is wrong with a working copy, and where: the rules are those by which an XLSForm is loaded."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fundapp.applications.form_engine.definition import FormDefinition, Texts
from fundapp.applications.form_writing.items import Item
from fundapp.applications.form_writing.working_form import WorkingForm, tables_with_owners
from fundapp.applications.xlsform import Tables, read_tables
from fundapp.applications.xlsform.columns import OWN, TRANSLATED
from fundapp.applications.xlsform.sheets import place
from fundapp.core.errors import RuleViolations
from fundapp.core.i18n import lazy_gettext as _l

_KEPT: Final = 16


@dataclass(frozen=True)
class Found:
    """One thing that is wrong: of which item (0: of the form as a whole), in which column and language, or list."""

    message: str
    item: int = 0
    column: str = ""
    language: str = ""
    list_name: str = ""


@dataclass(frozen=True)
class Checked:
    """What came of reading a working copy: a form, or what stands against it."""

    form: FormDefinition | None
    found: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Untranslated:
    """A text that is written in some languages and not in this one; in a list it is a label of a choice."""

    item: int
    column: str
    language: str
    text: Texts
    choice: str = ""


def checked(working: WorkingForm) -> Checked:
    """Read a working copy as the form that it is to be."""
    return _checked(json.dumps(working.to_json(), sort_keys=True))


@lru_cache(maxsize=_KEPT)
def _checked(written: str) -> Checked:
    working = WorkingForm.from_json(json.loads(written))
    tables, owners = tables_with_owners(working)
    # A definition knows groups by their questions, so it could not say where an empty one stands.
    empty = tuple(
        Found(_l("Nothing is asked in this group. Add a question, or take the group out."), each.id)
        for each in working.walk()
        if each.is_group and all(inner.is_group for inner in each.walk())
    )
    try:
        form = read_tables(tables, default_language=working.default_language)
    except RuleViolations as violations:
        places = _places(tables, owners)
        found = tuple(_found(each.message, each.place, places) for each in violations.problems)
        return Checked(None, (*empty, *found))
    return Checked(None, empty) if empty else Checked(form)


def _found(message: str, where: str, places: Mapping[str, Found]) -> Found:
    known = places.get(where) or places.get(where.split(",")[0]) or Found("")
    return Found(message, known.item, known.column, known.language, known.list_name)


def _places(tables: Tables, owners: Sequence[int]) -> dict[str, Found]:
    """Return what each place of the sheets belongs to, by the words in which problems name places."""
    places: dict[str, Found] = {}
    survey, *others = tables.all
    columns = list(survey.columns())
    for number, owner in enumerate(owners, 2):
        places[place("survey", number)] = Found("", owner)
        for field in survey.fields:
            places[place("survey", number, field)] = Found("", owner, field)
        for column in columns:
            places[place("survey", number, column.heading)] = Found("", owner, column.field, column.language)
    for table in others:
        for number, row in enumerate(table.rows, 2):
            if table.name == "choices":
                found = Found("", list_name=str(row["list_name"]))
                places[place("choices", number)] = found
    return places


def untranslated(working: WorkingForm, languages: Sequence[str]) -> Iterator[Untranslated]:
    """Return what is still to be translated into the languages of a call, in the order of the form."""
    shown_lists: set[str] = set()
    for item in working.walk():
        for column, cell in item.cells.items():
            if column in TRANSLATED and isinstance(cell, Mapping) and any(cell.values()):
                for language in languages:
                    if not cell.get(language):
                        yield Untranslated(item.id, column, language, cell)
        if item.list_name and item.list_name not in shown_lists:
            shown_lists.add(item.list_name)
            yield from _untranslated_choices(working, item, languages)


def _untranslated_choices(working: WorkingForm, item: Item, languages: Sequence[str]) -> Iterator[Untranslated]:
    for choice in working.lists.get(item.list_name, ()):
        for language in languages:
            if not choice.label.get(language):
                yield Untranslated(item.id, "choices", language, choice.label, choice.name)


def field_of(column: str) -> str:
    """Return the name of a page's field for a column."""
    return column.removeprefix(OWN)
