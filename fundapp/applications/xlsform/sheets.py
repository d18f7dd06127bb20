"""The sheets of an XLSForm as rows of cells, and every cell that the reader would have passed over in silence."""

import difflib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Any, Final

import regex
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables import inspect_workbook

MAX_BYTES: Final = 5 * 1024 * 1024

SHEETS: Final = ("survey", "choices", "external_choices", "settings")
REFUSED_SHEETS: Final = ("entities", "osm")


@dataclass(frozen=True)
class Row:
    """A row of a sheet; `number` as in a spreadsheet, where the headings are row 1. Only cells that hold text."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its headings and its rows that hold anything. `kind` is "choices" for a list in a file of its own."""

    name: str
    kind: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def place(sheet: str, row: int, column: str = "") -> str:
    """Say where in a form something stands, in the words of the spreadsheet: "survey row 5, column constraint"."""
    return f"{sheet} row {row}, column {column}" if column else f"{sheet} row {row}"


def read_sheets(data: bytes, filename: str, warnings: list[Problem]) -> tuple[Mapping[str, Sheet], list[Problem]]:
    """Return the sheets of a form by name, and the cells that nothing would read.

    `warnings` gets the cells that stand beside the table. Raises RuleViolations for a file that is too large, of
    another kind, or broken.
    """
    suffix = PurePath(filename).suffix.lower()
    _check_file(data, suffix, filename)
    stray = list(_stray_markdown(data.decode("utf-8"))) if suffix == ".md" else []
    if stray:
        # pyxform would drop these lines or stumble over them, so there is nothing to read yet.
        raise RuleViolations(stray)
    try:
        book = get_xlsform(data, file_type=suffix)
    except Exception as error:
        # openpyxl raises almost anything on a broken workbook; whatever it is, the file cannot be read.
        message = _l("No XLSForm can be read from this file.")
        if isinstance(error, PyXFormError) and not str(error).startswith("Argument"):
            message = _l("This file cannot be read as a form: %(reason)s", reason=str(error))
        raise RuleViolations([Problem(message, place=filename)]) from error
    sheets = {}
    for name in (*SHEETS, *REFUSED_SHEETS):
        rows = getattr(book, name) or ()
        headers = tuple(header for heading in getattr(book, f"{name}_header") or () for header in heading)
        sheets[name] = Sheet(
            name,
            name,
            tuple(header for header in headers if header is not None),
            tuple(Row(number, cells) for number, cells in enumerate(rows, 2) if cells),
        )
    if suffix == ".xlsx":
        stray = list(_stray_xlsx(data, sheets, warnings))
    return sheets, stray


def _check_file(data: bytes, suffix: str, filename: str) -> None:
    def refuse(message: str) -> RuleViolations:
        return RuleViolations([Problem(message, place=filename)])

    if suffix not in {".md", ".xlsx"}:
        raise refuse(_l("A form is an .xlsx workbook or an .md table. Save it as one of these."))
    if len(data) > MAX_BYTES:
        raise refuse(_l("This form is larger than %(limit)s MB.", limit=MAX_BYTES // 1024**2))
    if suffix == ".md":
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise refuse(_l("This file is not text in UTF-8 (byte %(place)s).", place=error.start)) from error
        if "\x00" in text:
            raise refuse(_l("This file is not text: it holds NUL characters."))
        return
    if not zipfile.is_zipfile(BytesIO(data)):
        raise refuse(_l("This is not an .xlsx workbook, whatever its name says."))
    inspect_workbook(data, filename)


# -- What pyxform's readers pass over --------------------------------------------------------------------------------

_TABLE_LINE: Final = regex.compile(r"\s*\|(.*)\|\s*(?:#[^|]*)?")
_SEPARATOR: Final = regex.compile(r"[|\s:-]+")
_PIPE: Final = regex.compile(r"(?<!\\)\|")


def _stray_markdown(text: str) -> Iterator[Problem]:
    """Name the lines of a markdown form that pyxform's reader would drop or read as something else."""
    sheet, headers, row = "", 0, 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"form.md line {number}"
        match = _TABLE_LINE.fullmatch(line)
        if not match:
            yield Problem(_l("This line is not a row of a table: a row starts and ends with |."), place=where)
            continue
        if _SEPARATOR.fullmatch(match[1]):
            if regex.search(r"[\s:]", match[1]) and "-" in match[1]:
                yield Problem(_l("Take this line out, or write it without spaces: |---|---|."), place=where)
            continue
        first, *cells = (cell.strip() for cell in _PIPE.split(match[1]))
        if first:
            if first.lower() not in (*SHEETS, *REFUSED_SHEETS):
                yield Problem(_l("A form has no sheet “%(name)s”.", name=first), place=where)
            sheet, headers, row = first.lower(), 0, 0
        if not any(cells):
            continue
        if not sheet:
            yield Problem(_l("Name the sheet (survey, choices, settings) above its first row."), place=where)
            continue
        row += 1
        if row == 1:
            headers = len(cells)
            if "" in cells[: len(cells) - 1]:
                yield Problem(_l("A heading is empty."), place=place(sheet, 1))
            for heading in sorted({cell for cell in cells if cell and cells.count(cell) > 1}):
                yield Problem(_l("This heading stands there twice."), place=place(sheet, 1, heading))
        elif any(cells[headers:]):
            yield Problem(_l("This row has more cells than there are headings."), place=place(sheet, row))


def _stray_xlsx(data: bytes, sheets: Mapping[str, Sheet], warnings: list[Problem]) -> Iterator[Problem]:
    """Name the cells of a workbook that hold something and were not read: far away, or no value.

    Cells under no heading are remarks beside the table; ODK's tools pass over them too. Texts get back the no-break
    spaces that pyxform's reader makes plain ones: in French they belong to the spelling.
    """
    book = load_workbook(BytesIO(data), read_only=True)
    try:
        alone = len(book.sheetnames) == 1
        for title in book.sheetnames:
            name = title.strip().lower()
            if alone and name not in sheets:
                name = "survey"
            if name in sheets:
                yield from _stray_cells(book[title], sheets[name], warnings)
            elif close := difflib.get_close_matches(name, sheets, n=1, cutoff=0.75):
                yield Problem(_l("Is this sheet meant to be “%(name)s”?", name=close[0]), place=title)
    finally:
        book.close()


def _stray_cells(worksheet: Any, sheet: Sheet, warnings: list[Problem]) -> Iterator[Problem]:
    # The size that a workbook states for a sheet can be wrong; without it, every cell is looked at.
    worksheet.reset_dimensions()
    read = {row.number: row.cells for row in sheet.rows}
    headers: dict[int, str] = {}
    for number, cells in enumerate(worksheet.iter_rows(), 1):
        for column, cell in enumerate(cells, 1):
            value = cell.value
            if value is None or not str(value).strip():
                continue
            if number == 1:
                headers[column] = regex.sub(" +", " ", str(value).strip())
                if headers[column] not in sheet.headers:
                    yield Problem(
                        _l("This heading stands too far to the right to be read."),
                        place=place(sheet.name, 1, get_column_letter(column)),
                    )
            elif column not in headers:
                where = place(sheet.name, number, get_column_letter(column))
                warnings.append(Problem(_l("This cell stands under no heading and is left out."), place=where))
            elif headers[column] not in read.get(number, {}):
                yield Problem(
                    _l(
                        "This cell could not be read. If it is a formula, put its value there; "
                        "if there are many empty rows above it, take them out."
                    ),
                    place=place(sheet.name, number, headers[column]),
                )
            elif "\xa0" in str(value):
                read[number][headers[column]] = str(value).strip()
