"""Sheets of rows: what survey tools write beside the main sheet for each repeat of a form.

A row names the row that it belongs to by `_parent_index`: the `_index` of the main sheet, or of the repeat around it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fundapp.applications.form_engine.definition import FormDefinition, Group
from fundapp.applications.importing.columns import ColumnMap, folded, map_columns
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import Row, Table

INDEX: Final = "_index"
PARENT: Final = "_parent_index"
_TITLE: Final = 31
"""The most letters that a sheet's title can have; survey tools cut longer names."""


@dataclass(frozen=True)
class RepeatSheet:
    """The rows of one repeat, by the index of the row that each belongs to."""

    title: str
    group: Group
    columns: ColumnMap
    rows: Mapping[str, list[Row]]


def repeats_of(form: FormDefinition) -> list[Group]:
    """Return the repeats of a form, those around others first."""
    return [group for group in form.groups if group.is_repeat]


def titles_of_sheets(form: FormDefinition) -> list[str]:
    """Return how the sheets of a form's repeats may be called: by name, or by label in any language."""
    return [title for group in repeats_of(form) for title in _titles(group)]


def repeat_sheets(form: FormDefinition, table: Table) -> tuple[dict[tuple[str, ...], RepeatSheet], list[Problem]]:
    """Return the sheets of a table's repeats by their paths, and what is wrong with their headings."""
    found: dict[tuple[str, ...], RepeatSheet] = {}
    problems: list[Problem] = []
    for group in repeats_of(form):
        titles = {title.casefold() for title in _titles(group)}
        for title, sheet in table.others.items():
            if title.casefold() not in titles or group.path in found:
                continue
            columns = map_columns(_inside(form, group), sheet.headers)
            problems += [replace(each, place=f"{title}, {each.place}") for each in columns.problems]
            heading = next((each for each in sheet.headers if folded(each) == PARENT), None)
            if heading is None:
                message = _l("The column _parent_index is missing: it says to which row each of these belongs.")
                problems.append(Problem(message, place=title))
                continue
            rows: dict[str, list[Row]] = {}
            for row in sheet.rows:
                rows.setdefault(row.cells[heading].strip(), []).append(row)
            found[group.path] = RepeatSheet(title, group, columns, rows)
    return found, problems


def without_repeats(form: FormDefinition) -> FormDefinition:
    """Return the part of a form that the main sheet answers."""
    paths = [group.path for group in repeats_of(form)]
    return replace(
        form,
        questions=tuple(each for each in form.questions if not any(each.group[: len(path)] == path for path in paths)),
    )


def index_of(row: Row) -> str:
    """Return the index by which rows of other sheets name a row; "" where it has none."""
    return next((cell.strip() for heading, cell in row.cells.items() if folded(heading) == INDEX), "")


def rows_under(
    sheets: Mapping[tuple[str, ...], RepeatSheet], index: str, path: tuple[str, ...] = (), prefix: str = ""
) -> Iterator[tuple[str, list[int], list[tuple[str, Row, RepeatSheet]]]]:
    """Give each repeat under a row: its key, its rows' numbers, and each row with what its answers' keys begin with."""
    for each, sheet in sheets.items():
        around = [other for other in sheets if len(other) < len(each) and each[: len(other)] == other]
        if (around[-1] if around else ()) != path:
            continue
        rows = sheet.rows.get(index, []) if index else []
        if not rows:
            continue
        key = f"{prefix}{sheet.group.name}"
        numbered = list(enumerate(rows, 1))
        yield key, [number for number, _row in numbered], [(f"{key}~{n}~", row, sheet) for n, row in numbered]
        for number, row in numbered:
            yield from rows_under(sheets, index_of(row), each, f"{key}~{number}~")


def _titles(group: Group) -> list[str]:
    return [text[:_TITLE] for text in (group.name, "_".join(group.path), *group.label.values()) if text]


def _inside(form: FormDefinition, group: Group) -> FormDefinition:
    """Return the part of a form that the rows of a repeat answer, deeper repeats left out."""
    deeper = [
        each.path for each in repeats_of(form) if each.path != group.path and each.path[: len(group.path)] == group.path
    ]
    return replace(
        form,
        questions=tuple(
            each
            for each in form.questions
            if each.group[: len(group.path)] == group.path
            and not any(each.group[: len(path)] == path for path in deeper)
        ),
    )
