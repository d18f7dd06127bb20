"""Writing: tables in which no cell is run as a formula by any spreadsheet program."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import regex
import xlsxwriter

Cell = str | int | Decimal | date | datetime | None

# The most that one cell of a sheet can hold. Source: Excel specifications and limits.
_SHEET_CELL_CHARACTERS: Final = 32_767
# Whole numbers above this lose digits in a sheet, which keeps every number as a float.
_SHEET_EXACT: Final = 10**15
# Rows of a sheet, headings included. Source: Excel specifications and limits.
_SHEET_ROWS: Final = 1_048_576
_MADE_AT: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - what a workbook says of its making, so that equal rows give equal bytes


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> bytes:
    """Return a CSV file (UTF-8, commas, CRLF) in which no cell is a formula for any spreadsheet program.

    A cell that would be one starts with an apostrophe. Instants are ISO 8601 in UTC. With `bom` a byte order mark
    stands first, without which Excel takes letters for those of another encoding. Source: RFC 4180.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(column) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in _checked(columns, row)])
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


def write_json(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as a JSON list of objects, UTF-8: null for what is not known, decimals as text, instants in UTC."""
    objects = [dict(zip(columns, map(_json_cell, _checked(columns, row)), strict=True)) for row in rows]
    return json.dumps(objects, ensure_ascii=False, indent=1).encode("utf-8")


def write_xlsx(
    sheet_title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    manifest: Mapping[str, Cell] | None = None,
) -> bytes:
    """Return an XLSX workbook: typed cells, headings that stay in view, text never a formula or a link.

    Instants are in UTC. A text longer than a sheet's cell can hold is cut with a remark that says so. What the
    `manifest` says of the rows stands on a second sheet of that name. The same rows give the same bytes. Raises
    ValueError for more rows than a sheet can hold.
    """
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    workbook.set_properties({"created": _MADE_AT})
    _write_sheet(workbook, sheet_title, columns, rows)
    if manifest is not None:
        _write_sheet(workbook, "manifest", ("name", "value"), manifest.items())
    workbook.close()
    return out.getvalue()


def _write_sheet(workbook: Any, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = workbook.add_worksheet(regex.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or None)
    heading = workbook.add_format({"bold": True, "bottom": 1})
    formats: dict[type[date], Any] = {
        date: workbook.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    for column, name in enumerate(columns):
        sheet.write_string(0, column, name, heading)
        sheet.set_column(column, column, min(40, max(12, len(name) + 2)))
    number = 0
    for number, row in enumerate(rows, start=1):
        if number >= _SHEET_ROWS:
            raise ValueError(f"a sheet holds no more than {_SHEET_ROWS} rows")
        for column, cell in enumerate(_checked(columns, row)):
            _write_sheet_cell(sheet, number, column, cell, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, number, len(columns) - 1)


def _checked(columns: Sequence[str], row: Sequence[Cell]) -> Sequence[Cell]:
    if len(row) != len(columns):
        raise ValueError(f"{len(columns)} columns, but a row of {len(row)} cells")
    for cell in row:
        # A float has no exact form, and a truth value none that every program reads alike.
        if isinstance(cell, bool) or not isinstance(cell, Cell):
            raise TypeError(f"a cell cannot be {type(cell).__name__}")
    return row


def _write_sheet_cell(sheet: Any, row: int, column: int, cell: Cell, formats: dict[type[date], Any]) -> None:
    match cell:
        case None:
            return
        case int() | Decimal() if -_SHEET_EXACT < cell < _SHEET_EXACT:
            sheet.write_number(row, column, cell)
        case datetime():
            sheet.write_datetime(row, column, _utc(cell).replace(tzinfo=None, microsecond=0), formats[datetime])
        case date():
            sheet.write_datetime(row, column, cell, formats[date])
        case str() | int() | Decimal():
            text = str(cell)
            if len(text) > _SHEET_CELL_CHARACTERS:
                text = text[: _SHEET_CELL_CHARACTERS - 100] + " […] (cut here: the CSV file has the whole text)"
            sheet.write_string(row, column, text)


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return _written(cell)
        case date():
            return cell.isoformat()
        case str():
            return _harmless(cell)
        case int() | Decimal():
            return str(cell)


def _json_cell(cell: Cell) -> str | int | None:
    match cell:
        case datetime():
            return _written(cell)
        case date():
            return cell.isoformat()
        case Decimal():
            return str(cell)
        case "":
            return None
        case _:
            return cell


def _written(instant: datetime) -> str:
    return _utc(instant).isoformat(timespec="seconds").replace("+00:00", "Z")


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a time without a zone is no instant")
    return instant.astimezone(UTC)


# A sign that starts a formula in some program, in its plain, fullwidth or small form; also behind invisible characters.
_SIGN: Final = "[=\\-+@|＝﹦－﹣＋﹢＠﹫｜]"
_STARTS_FORMULA: Final = regex.compile(rf"[\s\p{{C}}]*{_SIGN}|[\t\r\n]")
# Plain figures stay usable: minus figures, and telephone numbers of digits and spaces.
_CLEAN_NUMBER: Final = regex.compile(r"-\d+(?:[.,]\d+)?|\+\d[\d ]{5,24}")
# Where semicolons separate cells, a program cuts a comma file at each of them, and then a formula in the middle of a
# text would come to stand at the start of a cell. Only what calls something (a function, another program) is marked,
# so that lists with dashes stay as they are.
_INNER_FORMULA: Final = regex.compile(rf"(?<=[;\t\r\n])(?=[\s\p{{C}}]*{_SIGN}[^;\t\r\n]*[(|!])")


def _harmless(text: str) -> str:
    """Put an apostrophe before whatever a spreadsheet program would run."""
    if _CLEAN_NUMBER.fullmatch(text):
        return text
    marked = _INNER_FORMULA.sub("'", text)
    return f"'{marked}" if _STARTS_FORMULA.match(text) else marked
