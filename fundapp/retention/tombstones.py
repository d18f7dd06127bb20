"""The list of what was erased, kept in a file beside the database: a restored backup must not bring it back.

One line of JSON each, with ids only. It belongs on other storage than the backups, and is never restored from one.
"""

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

FILE: Final = "erased.jsonl"


@dataclass(frozen=True)
class Tombstone:
    """One application or person that was erased."""

    object_type: str
    object_id: UUID
    erased_at: datetime


def append(path: Path, tombstone: Tombstone) -> None:
    """Add a line, unless it is there already, and see it onto the disk."""
    with path.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if tombstone in _read(file.read()):
            return
        line = {"object": tombstone.object_type, "id": str(tombstone.object_id), "at": tombstone.erased_at.isoformat()}
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> list[Tombstone]:
    """Return the list, the oldest first. Raises OSError when there is no file, ValueError for a damaged line."""
    return _read(path.read_text(encoding="ascii"))


def _read(text: str) -> list[Tombstone]:
    lines = (json.loads(line) for line in text.splitlines())
    return [Tombstone(line["object"], UUID(line["id"]), datetime.fromisoformat(line["at"])) for line in lines]
