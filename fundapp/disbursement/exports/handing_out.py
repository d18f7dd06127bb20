"""Tables that leave the house: each with a manifest of what it is, and each on record with its hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib.metadata import version
from typing import Final

from fundapp.accounts.models import Person
from fundapp.accounts.permissions import Actor, Role
from fundapp.applications.models import Call
from fundapp.core.audit import canonical_time, record
from fundapp.core.db import db
from fundapp.core.tables import Cell, write_csv, write_json, write_xlsx
from fundapp.review.offline import ZipPart, zip_stream

ZIP: Final = "application/zip"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Format(StrEnum):
    """What kind of file a table becomes."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True)
class Export:
    """A table of a call before it is a file. `filters` say what was chosen, and `beside` is what goes with it."""

    what: str
    call: Call
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    filters: Mapping[str, str]
    is_anonymised: bool = False
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of its file, without the format; a sample says so."""
        anonymised = "-anonymised" if self.is_anonymised else ""
        return f"{self.what}{anonymised}-{self.call.slug}{'-SAMPLE' if self.call.is_sample else ''}"


@dataclass(frozen=True)
class HandedOut:
    """The files of an export: the table, and what goes with it. A workbook has its manifest in itself."""

    name: str
    format: Format
    table: bytes
    beside: Mapping[str, bytes]
    made_at: datetime
    record: Mapping[str, object]
    """What is put on record of it."""

    @property
    def files(self) -> dict[str, bytes]:
        """Return the files by the end of their names: ".csv", "-manifest.json"."""
        return {f".{self.format}": self.table, **self.beside}

    def download(self) -> tuple[str, str, bytes]:
        """Return name, content type and bytes of what a browser saves: a workbook, or a zip of the files."""
        if not self.beside:
            return f"{self.name}.{self.format}", XLSX, self.table
        parts = [ZipPart(f"{self.name}{ending}", [data]) for ending, data in self.files.items()]
        return f"{self.name}.zip", ZIP, b"".join(zip_stream(parts, self.made_at))


def hand_out(*, actor: Actor, export: Export, file_format: Format, now: datetime, for_excel: bool = False) -> HandedOut:
    """Make the files of an export, and put on record that they left. The caller has asked for the permission."""
    handed = files_of(actor=actor, export=export, file_format=file_format, made_at=now, for_excel=for_excel)
    note(actor=actor, call=export.call, what=handed.record, now=now)
    return handed


def note(*, actor: Actor, call: Call, what: Mapping[str, object], now: datetime) -> None:
    """Put on record that a table was made for somebody who takes it out of the house."""
    record(actor=actor, action="export:make", subject=call, now=now, call_id=call.id, data=dict(what))


def files_of(
    *, actor: Actor, export: Export, file_format: Format, made_at: datetime, for_excel: bool = False
) -> HandedOut:
    """Make the files of an export: the same rows of the same instant give the same bytes.

    `for_excel` puts a byte order mark before CSV.
    """
    plain = write_csv(export.columns, export.rows)
    manifest = _manifest(actor, export, file_format, made_at) | {"sha256_as_csv": _sha256(plain)}
    if file_format is Format.XLSX:
        title = f"SAMPLE {export.what}" if export.call.is_sample else export.what.capitalize()
        table = write_xlsx(title, export.columns, export.rows, manifest={k: _flat(v) for k, v in manifest.items()})
        beside = dict(export.beside)
    else:
        if file_format is Format.JSON:
            table = write_json(export.columns, export.rows)
        else:
            table = write_csv(export.columns, export.rows, bom=True) if for_excel else plain
        whole = manifest | {"sha256": _sha256(table)}
        beside = {"-manifest.json": json.dumps(whole, ensure_ascii=False, indent=1).encode(), **export.beside}
    told = {
        "what": export.what,
        "format": file_format.value,
        "is_anonymised": export.is_anonymised,
        "rows": len(export.rows),
        "sha256": _sha256(table),
        "sha256_as_csv": _sha256(plain),
    }
    return HandedOut(export.name, file_format, table, beside, made_at, told)


def _manifest(actor: Actor, export: Export, file_format: Format, made_at: datetime) -> dict[str, object]:
    """Return what is said of a table. An anonymised one names nobody: the record knows who made it."""
    person = db.session.get(Person, actor.person_id) if actor.person_id else None
    return {
        "export": export.what,
        "call": export.call.slug,
        "is_sample": export.call.is_sample,
        "is_anonymised": export.is_anonymised,
        "made_by": None if person is None or export.is_anonymised else person.name,
        "made_as": [role for role in actor.roles_in(export.call.id) if role != Role.APPLICANT],
        "made_at": canonical_time(made_at),
        "filters": dict(export.filters),
        "columns": list(export.columns),
        "rows": len(export.rows),
        "format": file_format.value,
        "fundapp": version("fundapp"),
    }


def _flat(value: object) -> Cell:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return "; ".join(f"{name}: {each}" for name, each in value.items())
        case list():
            return "; ".join(map(str, value))
        case int() | None:
            return value
        case _:
            return str(value)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
