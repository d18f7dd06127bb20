"""A table that was read once, in the form in which it waits for its next batch: reading a workbook takes far longer."""

import json
from typing import Any

from fundapp.core.sealing import to_json
from fundapp.core.tables import Row, Table


def packed(table: Table) -> bytes:
    """Return a table as bytes."""
    return to_json(_packed(table))


def unpacked(data: bytes) -> Table:
    """Return the table that was packed."""
    return _unpacked(json.loads(data))


def _packed(table: Table) -> dict[str, Any]:
    return {
        "headers": table.headers,
        "rows": [[row.number, [row.cells[header] for header in table.headers]] for row in table.rows],
        "others": {title: _packed(other) for title, other in table.others.items()},
    }


def _unpacked(packed: dict[str, Any]) -> Table:
    headers = packed["headers"]
    return Table(
        headers=headers,
        rows=[Row(number, dict(zip(headers, cells, strict=True))) for number, cells in packed["rows"]],
        others={title: _unpacked(other) for title, other in packed["others"].items()},
    )
