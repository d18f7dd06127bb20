"""Rows by what their columns mean, and the gathering of problems and warnings."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import regex

from fundapp.applications.xlsform.columns import (
    OWN,
    SUPPORTED,
    TRANSLATED,
    Column,
    HeadingError,
    is_left_out,
    is_refused,
    read_heading,
)
from fundapp.applications.xlsform.sheets import Row, Sheet, place
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import TextError, clean_text

YES: Final = frozenset({"yes", "true", "true()"})
NO: Final = frozenset({"", "no", "false", "false()"})
# The most that one cell of a workbook can hold, so that every form can be written back. Source: Excel specifications.
MAX_CELL_CHARACTERS: Final = 32_767
# Word processors and spreadsheet programs turn plain quotation marks into these; no expression knows them.
SMART_QUOTES: Final = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_COLUMN_NAME: Final = regex.compile(r"[\p{L}_][\p{L}\p{M}\p{N}_.-]{0,99}")


@dataclass(frozen=True)
class Cells:
    """A row by what its columns mean: plain fields, texts by language, and the author's heading of each field."""

    number: int
    plain: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]]
    headers: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)
    """Cells of a list's further columns, by heading: what a choice filter compares."""

    def place(self, sheet: str, column: str = "") -> str:
        """Say where this row's column stands, by the heading that the author wrote."""
        return place(sheet, self.number, self.headers.get(column, column))


@dataclass
class Reader:
    """Gathers problems and warnings while the sheets are read; `fallback` is the language of headings without one."""

    fallback: str
    problems: list[Problem]
    warnings: list[Problem]

    def complain(self, message: str, where: str) -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(message, place=where))

    def warn(self, message: str, where: str) -> None:
        """Note that something is passed over, which does not keep the form from being loaded."""
        self.warnings.append(Problem(message, place=where))

    def columns(self, sheet: Sheet, lists: bool = False) -> dict[str, Column]:
        """Return the columns of a sheet that count, by heading; complain or warn about the others that hold anything.

        With `lists`, columns that XLSForm does not know belong to the list.
        """
        known: dict[str, Column] = {}
        for header in sheet.headers:
            rows = [row for row in sheet.rows if header in row.cells]
            try:
                column = read_heading(header, sheet.kind)
            except HeadingError as error:
                self.complain(error.message, place(sheet.name, 1, header))
                continue
            if column is None or not rows:
                continue
            if column.field not in SUPPORTED[sheet.kind]:
                if lists and is_of_list(column):
                    known[header] = Column(header, "")
                else:
                    self._leave_out(sheet, column, rows)
            elif taken := next((other for other in known.values() if _same(other, column, self.fallback)), None):
                self.complain(
                    _l("This column says the same as the column %(other)s.", other=taken.header),
                    place(sheet.name, 1, header),
                )
            else:
                known[header] = column
        return known

    def _leave_out(self, sheet: Sheet, column: Column, rows: list[Row]) -> None:
        """Warn about, or refuse, a column that is not read."""
        where = place(sheet.name, rows[0].number, column.header)
        telling = [row for row in rows if row.cells[column.header].strip().lower() not in NO]
        base = column.field.partition("::")[0]
        if not telling:
            return
        if is_left_out(column.field, sheet.kind):
            self.warn(_l("This column is left out; it has no effect here."), where)
        elif sheet.kind == "survey" and is_refused(column.field):
            for row in telling:
                self.complain(_l("This column is not supported."), place(sheet.name, row.number, column.header))
        elif column.field.startswith(OWN):
            self.complain(_l("This column is not known."), where)
        elif sheet.kind == "survey" and (meant := difflib.get_close_matches(base, SUPPORTED["survey"], 1, 0.8)):
            self.complain(_l("Is this column meant to be “%(name)s”?", name=meant[0]), where)
        else:
            self.warn(_l("This column is not known and left out."), where)

    def rows(self, sheet: Sheet, lists: bool = False) -> Iterator[Cells]:
        """Read every row of a sheet, with its texts clean and by language."""
        columns = self.columns(sheet, lists)
        for row in sheet.rows:
            yield self._cells(row, sheet.name, columns)

    def _cells(self, row: Row, sheet: str, columns: Mapping[str, Column]) -> Cells:
        plain: dict[str, str] = {}
        texts: dict[str, dict[str, str]] = {}
        headers: dict[str, str] = {}
        others: dict[str, str] = {}
        for header, written in row.cells.items():
            column = columns.get(header)
            if column is None:
                continue
            where = place(sheet, row.number, header)
            try:
                text = clean_text(written, multiline=True)
            except TextError as error:
                self.complain(error.message, where)
                continue
            if len(text) > MAX_CELL_CHARACTERS:
                self.complain(_l("A cell has more than %(limit)s characters.", limit=MAX_CELL_CHARACTERS), where)
                continue
            if not text:
                continue
            headers.setdefault(column.field, header)
            if not column.field:
                others[header] = text
            elif column.field in TRANSLATED:
                texts.setdefault(column.field, {})[column.language or self.fallback] = text
            elif column.field == "form_title":
                plain[column.field] = text
            else:
                # No-break spaces are spelling in a text, and an accident everywhere else.
                plain[column.field] = text.replace("\xa0", " ").strip()
        return Cells(row.number, plain, texts, headers, others)


def is_of_list(column: Column) -> bool:
    """Return whether a column of a list is one of its own, which a choice filter can compare."""
    known = column.field in SUPPORTED["choices"] or is_left_out(column.field, "choices")
    return not known and bool(_COLUMN_NAME.fullmatch(column.header))


def read_expression(row: Cells, column: str) -> str:
    """Return the expression in a cell; yes and no stand for true() and false(), as in pyxform."""
    source = row.plain.get(column, "").translate(SMART_QUOTES)
    if not source:
        return ""
    return "true()" if source.lower() in YES else "false()" if source.lower() in NO else source


def _same(one: Column, other: Column, fallback: str) -> bool:
    return bool(one.field) and one.field == other.field and (one.language or fallback) == (other.language or fallback)
