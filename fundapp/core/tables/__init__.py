"""Tables that come in and go out: CSV and XLSX.

Reading tells by row and column what it cannot take and drops nothing. Writing makes cells that no spreadsheet program
runs as a formula.
"""

from fundapp.core.tables.filled import MAX_FILLED_BYTES, cell_text, digits, first_cell, grid, is_formula, open_filled
from fundapp.core.tables.reading import MAX_BYTES, Row, Table, TableError, inspect_workbook, read_table
from fundapp.core.tables.writing import Cell, write_csv, write_json, write_xlsx

__all__ = [
    "MAX_BYTES",
    "MAX_FILLED_BYTES",
    "Cell",
    "Row",
    "Table",
    "TableError",
    "cell_text",
    "digits",
    "first_cell",
    "grid",
    "inspect_workbook",
    "is_formula",
    "open_filled",
    "read_table",
    "write_csv",
    "write_json",
    "write_xlsx",
]
