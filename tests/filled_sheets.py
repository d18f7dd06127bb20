"""Workbooks as people fill them in, for tests."""

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl


def opened(data: bytes) -> Any:
    """Open a workbook, as a spreadsheet program would."""
    with warnings.catch_warnings(action="ignore"):
        return openpyxl.load_workbook(io.BytesIO(data))


def saved(book: Any) -> bytes:
    """Return a workbook as the bytes of its file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def filled(
    data: bytes, answers: Mapping[str, Any], entries: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
) -> bytes:
    """Return a blank workbook with answers in it, by their hidden keys, and entries by the title of their sheet."""
    book = opened(data)
    cells = cells_of(book)
    for key, value in answers.items():
        book.worksheets[0][cells[key]] = value
    for title, rows in (entries or {}).items():
        sheet = book[title]
        columns = {cell.value: cell.column for cell in sheet[2] if cell.value and cell.column > 1}
        for number, row in enumerate(rows, 5):
            for key, value in row.items():
                sheet.cell(number, columns[key]).value = value
    return saved(book)


def cells_of(book: Any) -> dict[str, str]:
    """Return the cell of each answer outside repeats, by its hidden key."""
    return {row[0].value: f"D{row[0].row}" for row in book.worksheets[0].iter_rows() if row[0].value and row[0].row > 1}
