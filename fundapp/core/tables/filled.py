"""Workbooks that people filled in offline: opened with care, and read cell by cell."""

import io
import warnings
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import openpyxl

from fundapp.core.i18n import lazy_gettext as _l
from fundapp.core.tables.reading import TableError, inspect_workbook

MAX_FILLED_BYTES: Final = 5 * 1024 * 1024
MAX_CELL: Final = 32_767
"""Source: Excel specifications and limits; a cell with more was not made by a spreadsheet program."""
_ACTIVE: Final = ("vbaproject.bin", "externallinks/", "/activex/", "/embeddings/", "connections.xml")
"""Parts of workbooks that run programs, or fetch something from elsewhere."""


def open_filled(data: bytes, filename: str, *, not_ours: str) -> Any:
    """Open a workbook with openpyxl, formulas as they are. Raises TableError, with `not_ours` for what is no workbook.

    One that holds programs, or takes something from other files, is refused unread.
    """
    if len(data) > MAX_FILLED_BYTES:
        raise TableError(_l("This file is larger than %(limit)s MB.", limit=MAX_FILLED_BYTES // 2**20), filename)
    if not data.startswith(b"PK\x03\x04"):
        raise TableError(not_ours, filename)
    inspect_workbook(data, filename)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [part.casefold() for part in archive.namelist()]
    if any(mark in part for part in parts for mark in _ACTIVE):
        raise TableError(
            _l("This workbook holds programs, or takes something from other files. Save it as a plain XLSX file."),
            filename,
        )
    try:
        # openpyxl remarks on features that it leaves aside (drop-down lists, styles); no answer depends on them.
        with warnings.catch_warnings(action="ignore"):
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except Exception:  # a broken workbook makes the library raise nearly anything
        raise TableError(not_ours, filename) from None


def first_cell(sheet: Any) -> str:
    """Return the text of a sheet's first cell."""
    sheet.reset_dimensions()
    with warnings.catch_warnings(action="ignore"):  # as in open_filled: much is read only now
        first = next(sheet.iter_rows(max_row=1, max_col=1), ())
    return str(first[0].value or "") if first else ""


def grid(sheet: Any, filename: str, *, rows: int, columns: int) -> list[list[Any]]:
    """Return the cells of a sheet, at most so many rows and columns. Raises TableError for a cell too long."""
    sheet.reset_dimensions()
    with warnings.catch_warnings(action="ignore"):  # as in open_filled
        found = [list(row) for row in sheet.iter_rows(max_row=rows, max_col=columns)]
    if any(isinstance(cell.value, str) and len(cell.value) > MAX_CELL for row in found for cell in row):
        raise TableError(_l("A cell has more than %(limit)s characters.", limit=MAX_CELL), filename)
    return found


def is_formula(cell: Any) -> bool:
    """Say whether a cell holds a formula or an error: neither is ever computed or believed."""
    return cell.data_type in ("f", "e")


def cell_text(cell: Any) -> str:
    """Return what stands in a cell, or its formula, as text; numbers without grouping, with a point."""
    match cell.value:
        case None:
            return ""
        case bool():
            return "TRUE" if cell.value else "FALSE"
        case int() | float():
            return digits(cell.value)
        case datetime() if cell.value.time() == time.min:
            return cell.value.date().isoformat()
        case datetime() | date() | time():
            return cell.value.isoformat()
        case _:
            return str(getattr(cell.value, "text", cell.value))


def digits(number: float) -> str:
    """Return a number of a sheet as it was typed."""
    if number != number or number in (float("inf"), float("-inf")):
        return str(number)
    return format(Decimal(repr(number)).normalize(), "f") if number else "0"
