"""Sheets of scores as reviewers fill them in, for tests: downloaded, edited with openpyxl, and brought back."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.filled_sheets import opened, saved

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = {"score": "E", "reason": "F", "comment": "G"}


def downloaded(client: FlaskClient, slug: str, *, files: str = "with", number: int = 1) -> dict[str, bytes]:
    """Return the parts of a download by their names."""
    answer = client.post(f"/reviews/calls/{slug}/offline/packets", data={"files": files, "number": number})
    assert (answer.status_code, answer.mimetype) == (200, "application/zip"), answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def row_of(book: Any, assignment_id: UUID, name: str) -> int:
    """Return the row in which a part of a review stands."""
    sheet = book.worksheets[0]
    keys = [str(row[0].value) for row in sheet.iter_rows()]
    return next(row for row, key in enumerate(keys, 1) if key.startswith(f"{assignment_id}/{name}/"))


def cell_of(data: bytes, assignment_id: UUID, name: str, column: str) -> Any:
    """Return what stands in a cell of a sheet."""
    book = opened(data)
    return book.worksheets[0][f"{COLUMNS[column]}{row_of(book, assignment_id, name)}"].value


def written(data: bytes, cells: Mapping[tuple[UUID, str, str], Any]) -> tuple[bytes, dict[tuple[UUID, str, str], str]]:
    """Return a sheet with these values, by assignment, part and column; and the names of the cells."""
    book = opened(data)
    places = {}
    for (assignment_id, name, column), value in cells.items():
        places[assignment_id, name, column] = f"{COLUMNS[column]}{row_of(book, assignment_id, name)}"
        book.worksheets[0][places[assignment_id, name, column]] = value
    return saved(book), places


def bring(client: FlaskClient, slug: str, sheet: bytes, name: str = "scores.xlsx") -> TestResponse:
    """Bring a sheet back."""
    return client.post(f"/reviews/calls/{slug}/offline", data={"sheet": (io.BytesIO(sheet), name)})
