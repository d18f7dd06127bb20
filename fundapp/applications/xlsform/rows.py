"""Rows by what their columns mean, and the gathering of problems."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fundapp.applications.xlsform.columns import SUPPORTED, TRANSLATED, Column, HeadingError, is_refused, read_heading
from fundapp.applications.xlsform.sheets import Row, Sheet, place
from fundapp.core.errors import Problem
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import TextError, clean_text

YES: Final = frozenset({"yes", "true", "true()"})
NO: Final = frozenset({"", "no", "false", "false()"})


@dataclass(frozen=True)
class Cells:
    """A row by what its columns mean: plain fields, texts by language, and the author's heading of each field."""

    number: int
    plain: Mapping[str, str]
    texts: Mapping[str, Mapping[str, str]]
    headers: Mapping[str, str]

    def place(self, sheet: str, column: str = "") -> str:
        """Say where this row's column stands, by the heading that the author wrote."""
        return place(sheet, self.number, self.headers.get(column, column))


@dataclass
class Reader:
    """Gathers problems while the sheets are read; `fallback` is the language of headings that name none."""

    fallback: str
    problems: list[Problem] = field(default_factory=list)

    def complain(self, message: str, where: str) -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(message, place=where))

    def columns(self, sheet: Sheet) -> dict[str, Column]:
        """Return the supported columns of a sheet by heading; complain about the others where they hold anything."""
        known: dict[str, Column] = {}
        for header in sheet.headers:
            rows = [row for row in sheet.rows if header in row.cells]
            try:
                column = read_heading(header, sheet.name)
            except HeadingError as error:
                self.complain(error.message, place(sheet.name, 1, header))
                continue
            if column is None or not rows:
                continue
            if column.field in SUPPORTED[sheet.name]:
                taken = next((other for other in known.values() if _same(other, column, self.fallback)), None)
                if taken:
                    self.complain(
                        _l("This column says the same as the column %(other)s.", other=taken.header),
                        place(sheet.name, 1, header),
                    )
                else:
                    known[header] = column
            elif is_refused(column.field):
                for row in rows:
                    if row.cells[header].strip().lower() not in NO:
                        self.complain(_l("This column is not supported."), place(sheet.name, row.number, header))
            else:
                self.complain(_l("This column is not known."), place(sheet.name, rows[0].number, header))
        return known

    def rows(self, sheet: Sheet) -> Iterator[Cells]:
        """Read every row of a sheet, with its texts clean and by language."""
        columns = self.columns(sheet)
        for row in sheet.rows:
            yield self._cells(row, sheet.name, columns)

    def _cells(self, row: Row, sheet: str, columns: Mapping[str, Column]) -> Cells:
        plain: dict[str, str] = {}
        texts: dict[str, dict[str, str]] = {}
        headers: dict[str, str] = {}
        for header, written in row.cells.items():
            column = columns.get(header)
            if column is None:
                continue
            try:
                text = clean_text(written, multiline=True)
            except TextError as error:
                self.complain(error.message, place(sheet, row.number, header))
                continue
            if not text:
                continue
            headers.setdefault(column.field, header)
            if column.field in TRANSLATED:
                if "${" in text:
                    self.complain(_l("Answers inside a text are not supported."), place(sheet, row.number, header))
                texts.setdefault(column.field, {})[column.language or self.fallback] = text
            else:
                plain[column.field] = text
        return Cells(row.number, plain, texts, headers)


def _same(one: Column, other: Column, fallback: str) -> bool:
    return one.field == other.field and (one.language or fallback) == (other.language or fallback)
