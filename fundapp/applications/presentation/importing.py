"""What a table holds and what became of its rows, for whoever takes it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.applications.importing import ImportedApplications
from fundapp.core.errors import Problem

MAX_SHOWN: Final = 200
"""So many problems are shown; with more, something is wrong with the whole table."""


@dataclass(frozen=True)
class ImportShown:
    """What an import did, or would do; `matched` are pairs of a heading and the name of its question."""

    rows: int
    is_taken: bool
    taken: int
    unchanged: int
    refused: int
    matched: Sequence[tuple[str, str]]
    unmapped: Sequence[str]
    problems: Sequence[Problem]
    left_out: int


def import_shown(done: ImportedApplications, *, rows: int, is_taken: bool) -> ImportShown:
    """Return what an import did with a table of so many rows, or would do."""
    return ImportShown(
        rows=rows,
        is_taken=is_taken,
        taken=done.taken,
        unchanged=done.unchanged,
        refused=done.refused,
        matched=list(done.matched.items()),
        unmapped=done.unmapped,
        problems=done.problems[:MAX_SHOWN],
        left_out=max(0, len(done.problems) - MAX_SHOWN),
    )
