"""Writes a form definition as an XLSForm workbook that `read_form` and the tools of ODK read."""

import io
from collections.abc import Iterator, Sequence

import xlsxwriter

from fundapp.applications.form_engine.definition import Choice, FormDefinition, Group, Kind, Question
from fundapp.applications.xlsform.appearance import MULTILINE
from fundapp.applications.xlsform.columns import OWN, language_heading, read_heading
from fundapp.applications.xlsform.rows import MAX_CELL_CHARACTERS, is_of_list
from fundapp.applications.xlsform.tables import Cells, Table, Tables
from fundapp.applications.xlsform.types import Begin, Choosing, End, write_type


def write_form(form: FormDefinition) -> bytes:
    """Return the workbook of a form: read again, it is the same form with the same fingerprint.

    Raises ValueError for a definition that no XLSForm says: groups that are taken up again later, or a text that no
    cell can hold.
    """
    return write_tables(tables_of(form))


def write_tables(tables: Tables) -> bytes:
    """Return the workbook of tables, whatever they say. Raises ValueError for a text that no cell can hold."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    for table in tables.all:
        _write_sheet(book, table)
    book.close()
    return out.getvalue()


def tables_of(form: FormDefinition) -> Tables:
    """Return the tables of a form. Raises ValueError for groups that are taken up again later."""
    lists = _Lists()
    survey = list(_survey(form, lists))
    settings: Cells = {
        "form_title": form.title,
        "form_id": form.form_id,
        "version": form.version,
        "default_language": language_heading(form.default_language),
    }
    return Tables(survey, list(lists.rows()), settings, form.languages)


# -- Lists -----------------------------------------------------------------------------------------------------------


class _Lists:
    """The lists that questions choose from, each written once."""

    def __init__(self) -> None:
        self.lists: dict[str, tuple[Choice, ...]] = {}

    def name_of(self, question: Question) -> str:
        """Return the name of a question's list; a list without a name of its own is called like the question."""
        wanted = name = question.list_name or question.name
        number = 1
        while self.lists.setdefault(name, question.choices) != question.choices:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def rows(self) -> Iterator[Cells]:
        for list_name, choices in self.lists.items():
            for choice in choices:
                for name in choice.columns:
                    column = read_heading(name, "choices")
                    if column is None or not is_of_list(column):
                        raise ValueError(f"a choice cannot have a column {name}")
                yield {"list_name": list_name, "name": choice.name, "label": choice.label, **choice.columns}


# -- Survey ----------------------------------------------------------------------------------------------------------


def _survey(form: FormDefinition, lists: _Lists) -> Iterator[Cells]:
    """Write the rows of groups and questions, in the order of the form."""
    open_groups: list[Group] = []
    for item in _in_order(form):
        around = item.path[:-1] if isinstance(item, Group) else item.group
        yield from _ends(open_groups, around)
        if (open_groups[-1].path if open_groups else ()) != around:
            raise ValueError(f"the group of {item.name} is not there, or taken up again after something else")
        if isinstance(item, Group):
            open_groups.append(item)
            yield _group(item)
        else:
            yield _question(item, lists)
    yield from _ends(open_groups, ())


def _ends(open_groups: list[Group], around: Sequence[str]) -> Iterator[Cells]:
    while open_groups and open_groups[-1].path != tuple(around[: len(open_groups[-1].path)]):
        yield {"type": write_type(End(open_groups.pop().is_repeat))}


def _in_order(form: FormDefinition) -> Iterator[Group | Question]:
    """Put groups among questions: each right before the first question under it, and empty ones before the next, but
    within the group around them."""
    waiting = list(form.groups)
    around: tuple[str, ...] = ()
    for question in form.questions:
        while waiting and _ends_before(waiting[0], question, around):
            around = waiting[0].path
            yield waiting.pop(0)
        last = max((index for index, group in enumerate(waiting, 1) if _is_around(group, question)), default=0)
        yield from waiting[:last]
        del waiting[:last]
        around = question.group
        yield question
    yield from waiting


def _ends_before(group: Group, question: Question, around: tuple[str, ...]) -> bool:
    """Say whether what holds a group is open (`around` is where the last row stands), and ends before a question."""
    holding = group.path[:-1]
    return around[: len(holding)] == holding and question.group[: len(holding)] != holding


def _is_around(group: Group, question: Question) -> bool:
    return question.group[: len(group.path)] == group.path


def _group(group: Group) -> Cells:
    return {
        "type": write_type(Begin(group.is_repeat)),
        "name": group.name,
        "label": group.label,
        "hint": group.hint,
        "relevant": group.relevant,
        "repeat_count": group.repeat_count,
        "appearance": group.appearance,
    }


def _question(question: Question, lists: _Lists) -> Cells:
    list_name = lists.name_of(question) if question.choices else ""
    is_place = question.kind is Kind.GEOPOINT
    return {
        "type": write_type(Choosing(question.kind, list_name) if list_name and not is_place else question.kind),
        "name": question.name,
        "label": question.label,
        "hint": question.hint,
        "guidance_hint": question.guidance,
        "required": "yes" if question.required else question.required_if,
        "required_message": question.required_message,
        "relevant": question.relevant,
        "constraint": question.constraint,
        "constraint_message": question.constraint_message,
        "calculation": question.calculation,
        "default": question.default,
        "readonly": question.readonly,
        "choice_filter": question.choice_filter,
        "appearance": " ".join(filter(None, (MULTILINE if question.multiline else "", question.appearance))),
        f"{OWN}words": str(question.max_words or ""),
        f"{OWN}characters": str(question.max_characters or ""),
        f"{OWN}role": question.role or "",
        f"{OWN}party": question.party or "",
        f"{OWN}identifies": _yes(question.identifies),
        f"{OWN}reviewers": "no" if question.hidden_from_reviewers else "",
        f"{OWN}sensitivity": question.given_sensitivity or "",
        f"{OWN}category": question.category,
        f"{OWN}lists": _yes(question.in_lists),
        f"{OWN}spoken": _yes(question.spoken),
        f"{OWN}places": list_name if is_place else "",
        f"{OWN}other_of": question.other_of,
        f"{OWN}eligible": question.eligible,
        f"{OWN}ineligible_message": question.ineligible_message,
    }


def _yes(flag: bool) -> str:
    return "yes" if flag else ""


# -- Sheets ----------------------------------------------------------------------------------------------------------


def _write_sheet(book: xlsxwriter.Workbook, table: Table) -> None:
    """Write one sheet, with the columns that hold anything; every cell is text, never a formula."""
    sheet = book.add_worksheet(table.name)
    heading = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, column in enumerate(table.columns()):
        sheet.set_column(place, place, 40 if column.language else max(12, len(column.heading) + 2))
        for number, text in enumerate([column.heading, *(column.text(row) for row in table.rows)]):
            if len(text) > MAX_CELL_CHARACTERS:
                raise ValueError(f"row {number + 1} of {table.name} is too long for a cell: {column.heading}")
            if text:
                sheet.write_string(number, place, text, wrapped if number else heading)
    sheet.freeze_panes(1, 0)
