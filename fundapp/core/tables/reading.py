"""Reading: what a spreadsheet or a survey tool exports, told by row and column where it cannot be taken."""

import csv
import io
import itertools
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import openpyxl
import regex
from openpyxl.utils import get_column_letter

from fundapp.core.errors import Problem, RuleViolations
from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.text import TextError, clean_text

MAX_BYTES: Final = 30 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 120 * 1024 * 1024
MAX_PARTS: Final = 2_000
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 2_000
MAX_CELLS: Final = 5_000_000
MAX_CELL_CHARACTERS: Final = 1_000_000

# Also as UTF-16 would have it, which XML parsers read too.
_DOCUMENT_TYPE: Final = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))

# The csv module refuses cells above 128 KiB unless told otherwise; a long answer is for the form to refuse, by name.
csv.field_size_limit(MAX_CELL_CHARACTERS)


class TableError(RuleViolations):
    """A file cannot be read as a table. `place` says where: "answers.csv, row 7"."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__([Problem(message, place=place)])
        self.message = message
        self.place = place


@dataclass(frozen=True)
class Row:
    """One row of data; `number` is the row as a spreadsheet program counts it, the headings included.

    `is_wider` where it was written with more cells than the headings; the further ones are empty.
    """

    number: int
    cells: dict[str, str]
    is_wider: bool = False


@dataclass(frozen=True)
class Table:
    """What stood in a file: the headings from left to right, and every row that is not empty.

    `separator` is what stands between the cells of a CSV file; "" of a workbook.
    """

    headers: list[str]
    rows: list[Row]
    separator: str = ""
    others: Mapping[str, "Table"] = field(default_factory=dict)
    """Further sheets of a workbook, by title, where they were asked for."""


def read_table(data: bytes, filename: str, also: Collection[str] = ()) -> Table:
    """Read a CSV file (any usual encoding and separator) or the first visible sheet of an XLSX workbook.

    Of a workbook, further sheets whose title is among `also` (without regard to case) are read with it.

    What the file is goes by its content, not its name. Cells come back as text: dates in ISO 8601, numbers without
    grouping. Raises TableError.
    """
    if len(data) > MAX_BYTES:
        raise TableError(_l("This file is larger than %(limit)s MB.", limit=MAX_BYTES // 2**20), filename)
    others = {}
    separator = ""
    if data.startswith(b"PK\x03\x04"):
        has_formulas = inspect_workbook(data, filename)
        first, *more = _titles(data, filename)
        wanted = {title.casefold() for title in also}
        for title in more:
            if title.casefold() in wanted:
                name = f"{filename}, {title}"
                others[title] = _table(_sheet_rows(data, name, title, has_formulas), name)
        grid = _sheet_rows(data, filename, first, has_formulas)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError(
            _l("This is an old or password-protected Excel file. Save it as XLSX without a password, or as CSV."),
            filename,
        )
    else:
        separator, grid = _csv_rows(data, filename)
    return replace(_table(grid, filename), separator=separator, others=others)


def _table(grid: Iterator[list[str]], filename: str) -> Table:
    """Take the first row with anything in it for the headings, and what follows for data."""
    headers: list[str] | None = None
    rows: list[Row] = []
    count = most = 0
    for number, cells in enumerate(grid, start=1):
        count += len(cells)
        width = len(cells)
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        place = _l("%(file)s, row %(row)s", file=filename, row=number)
        if count > MAX_CELLS:
            raise TableError(_l("This table has more than %(limit)s cells.", limit=MAX_CELLS), place)
        if len(cells) > MAX_COLUMNS:
            raise TableError(_l("This row has more than %(limit)s columns.", limit=MAX_COLUMNS), place)
        if headers is None:
            headers, most = _headers(cells, place), width
            continue
        if len(rows) == MAX_ROWS:
            raise TableError(_l("This table has more than %(limit)s rows.", limit=MAX_ROWS), place)
        for column, cell in enumerate(cells, start=1):
            if cell.strip() and (column > len(headers) or not headers[column - 1]):
                raise TableError(
                    _l(
                        "Column %(column)s has no heading. Add one, or empty the column.",
                        column=get_column_letter(column),
                    ),
                    place,
                )
        padded = cells + [""] * (len(headers) - len(cells))
        named = {header: cell for header, cell in zip(headers, padded, strict=False) if header}
        rows.append(Row(number, named, is_wider=width > most))
    if headers is None:
        raise TableError(_l("This table is empty."), filename)
    return Table([header for header in headers if header], rows)


def _headers(cells: list[str], place: str) -> list[str]:
    headers: list[str] = []
    for column, cell in enumerate(cells, start=1):
        try:
            header = " ".join(clean_text(cell, multiline=True).split())
        except TextError as error:
            raise TableError(error.message, f"{place}, {get_column_letter(column)}") from None
        if header and header in headers:
            raise TableError(
                _l(
                    "Columns %(first)s and %(second)s have the same heading. Rename one of them.",
                    first=get_column_letter(headers.index(header) + 1),
                    second=get_column_letter(column),
                ),
                place,
            )
        headers.append(header)
    return headers


# --- CSV in ---------------------------------------------------------------------------------------------------------


def _csv_rows(data: bytes, filename: str) -> tuple[str, Iterator[list[str]]]:
    """Return what separates the cells, and the rows."""
    text = _decoded(data, filename)
    if "\0" in text:
        raise TableError(_l("This is not a table: it has zero bytes in it. Save it as CSV or XLSX."), filename)
    stated = regex.match(r"sep=([,;\t|])\r?\n", text)
    delimiter = stated[1] if stated else _delimiter(text)
    # Excel's own first line, which says what separates the cells, counts as a row.
    return delimiter, _rows_of(text[stated.end() :] if stated else text, delimiter, filename, skipped=bool(stated))


def _rows_of(text: str, delimiter: str, filename: str, *, skipped: bool) -> Iterator[list[str]]:
    if skipped:
        yield []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = int(skipped)
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            place = _l("%(file)s, row %(row)s", file=filename, row=number)
            if "field larger" in str(error):
                message = _l("A cell has more than %(limit)s characters.", limit=MAX_CELL_CHARACTERS)
            else:
                message = _l("The quotation marks in this row do not match. Save the file as CSV again, or as XLSX.")
            raise TableError(message, place) from None
        yield cells


def _decoded(data: bytes, filename: str) -> str:
    """Decode by byte order mark, else as UTF-8, else as Windows-1252 if that makes sense of the letters."""
    marked_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if marked_utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        if not marked_utf16:
            try:
                western = data.decode("cp1252")
            except UnicodeDecodeError:
                western = ""
            # In Western European spelling no three accented letters follow each other; in Arabic or Cyrillic
            # text read as if it were Western, nothing else does. Then it is better to ask than to store nonsense.
            if western and not regex.search(r"[^\W\d_\x00-\x7f]{3}", western):
                return western
    raise TableError(
        _l("The letters in this file are not in an encoding we know. Save it as “CSV UTF-8” or as XLSX."), filename
    )


def _delimiter(text: str) -> str:
    """Return the separator that cuts the first row into most cells; a comma if none does."""

    def width(delimiter: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(text[:MAX_CELL_CHARACTERS], newline=""), delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max((",", ";", "\t"), key=width)


# --- XLSX in --------------------------------------------------------------------------------------------------------


def _titles(data: bytes, filename: str) -> list[str]:
    """Return the titles of the visible sheets."""
    try:
        with warnings.catch_warnings(action="ignore"):
            workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        titles = [str(sheet.title) for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    except Exception:  # a broken workbook makes the library raise nearly anything
        titles = []
    if not titles:
        raise TableError(_l("This file cannot be read as an XLSX workbook. Save it again, or as CSV."), filename)
    return titles


def _sheet_rows(data: bytes, filename: str, title: str, has_formulas: bool) -> Iterator[list[str]]:
    try:
        # openpyxl remarks on features it leaves aside (drop-down lists, styles); no cell's value depends on them.
        with warnings.catch_warnings(action="ignore"):
            values = _sheet(data, title, results=True)
            formulas = _sheet(data, title, results=False) if has_formulas else itertools.repeat(())
            for row, formula_row in zip(values, formulas, strict=False):
                yield [
                    _as_text(cell, formula, filename)
                    for cell, formula in itertools.zip_longest(row, formula_row[: len(row)])
                ]
    except TableError:
        raise
    except Exception:  # a broken workbook makes the library raise nearly anything
        raise TableError(
            _l("This file cannot be read as an XLSX workbook. Save it again, or as CSV."), filename
        ) from None


def inspect_workbook(data: bytes, filename: str) -> bool:
    """Unpack every part once, counting, before anything is parsed; return whether some cell holds a formula.

    Sizes stated in the archive are not believed. No part of a workbook has a document type: with one, it is an attack
    on XML parsers (entities that grow, or that fetch files).
    """
    unpacked = 0
    has_formulas = False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise TableError(_l("This workbook has too many parts."), filename)
            for part in parts:
                before = b""
                with archive.open(part) as stream:
                    while chunk := stream.read(1 << 20):
                        unpacked += len(chunk)
                        if unpacked > MAX_UNPACKED_BYTES:
                            raise TableError(_l("This workbook is too large when unpacked."), filename)
                        seam = before + chunk
                        if any(mark in seam for mark in _DOCUMENT_TYPE):
                            raise TableError(_l("This workbook has unsafe XML in it."), filename)
                        has_formulas = has_formulas or b"<f" in seam
                        before = chunk[-20:]
    except TableError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        raise TableError(
            _l("This file cannot be read as an XLSX workbook. Save it again, or as CSV."), filename
        ) from None
    return has_formulas


def _sheet(data: bytes, title: str, *, results: bool) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a sheet, with the results of formulas or with the formulas themselves."""
    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=results, keep_links=False)
    sheet = workbook[title]
    # What the file says of its own size may be missing or forged.
    sheet.reset_dimensions()
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows()
    return rows


def _as_text(cell: Any, formula: Any, filename: str) -> str:
    value = cell.value
    if cell.data_type == "e":
        raise TableError(_l("This cell holds the error %(error)s.", error=value), f"{filename}, {cell.coordinate}")
    if value is None and formula is not None and formula.data_type == "f":
        raise TableError(
            _l("This cell holds a formula without its result. Open the file in Excel and save it again."),
            f"{filename}, {cell.coordinate}",
        )
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return format(Decimal(repr(value)).normalize(), "f") if value else "0"
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)
