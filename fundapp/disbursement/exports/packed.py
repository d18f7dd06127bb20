"""The rows of a table between being read and being written, with their types: text, numbers, days and instants."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from fundapp.applications.models import Call
from fundapp.core.sealing import to_json
from fundapp.core.tables import Cell
from fundapp.disbursement.exports.handing_out import Export

_READ: Final[Mapping[str, Callable[[str], Cell]]] = {
    "decimal": Decimal,
    "instant": datetime.fromisoformat,
    "day": date.fromisoformat,
}


def packed(export: Export) -> bytes:
    """Return a table as bytes. What has an order keeps it: the keys of objects would be sorted."""
    return to_json(
        {
            "what": export.what,
            "columns": list(export.columns),
            "rows": [[_packed(cell) for cell in row] for row in export.rows],
            "filters": list(export.filters.items()),
            "is_anonymised": export.is_anonymised,
            "beside": [(ending, b64encode(data).decode()) for ending, data in export.beside.items()],
        }
    )


def unpacked(data: bytes, call: Call) -> Export:
    """Return the table of a call that was packed."""
    held = json.loads(data)
    beside = {ending: b64decode(each) for ending, each in held.pop("beside")}
    rows = [[_unpacked(cell) for cell in row] for row in held.pop("rows")]
    return Export(call=call, rows=rows, filters=dict(held.pop("filters")), beside=beside, **held)


def _packed(cell: Cell) -> Any:
    match cell:
        case datetime():
            return ["instant", cell.isoformat()]
        case date():
            return ["day", cell.isoformat()]
        case Decimal():
            return ["decimal", str(cell)]
        case _:
            return cell


def _unpacked(held: Any) -> Cell:
    return _READ[held[0]](held[1]) if isinstance(held, list) else held
