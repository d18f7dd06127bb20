"""Rules of moving up from the reserve: who comes next; no database, no web."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class MoveStatus(StrEnum):
    """Where the decision that an entry moves up stands."""

    PROPOSED = "proposed"
    RATIFIED = "ratified"
    RELEASED = "released"
    SENT_BACK = "sent_back"
    """It does not move up by this decision; another one may be made."""


@dataclass(frozen=True)
class InReserve:
    """An entry of the reserve as it was released: its pool ("" of the whole call) and its rank (None: no score)."""

    entry_id: str
    pool: str
    rank: int | None
    moves_up: bool
    """A decision that it moves up stands, or it cannot any more: nobody passes it over."""


def passed_over(reserve: Iterable[InReserve], entry_id: str) -> list[str]:
    """Return the entries of the same pool that stand before one in the order of the reserve and do not move up.

    Entries of equal rank pass nobody over; one without a rank stands behind all that have one.
    """
    rows = list(reserve)
    chosen = next(row for row in rows if row.entry_id == entry_id)
    return [
        row.entry_id
        for row in rows
        if row.pool == chosen.pool
        and not row.moves_up
        and row.rank is not None
        and (chosen.rank is None or row.rank < chosen.rank)
    ]
