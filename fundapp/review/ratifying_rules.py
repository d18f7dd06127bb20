"""How many people must ratify a list; no database, no web."""

from collections.abc import Iterable
from typing import Final

ONE: Final = 1
TWO: Final = 2


def ratifiers_needed(amounts_minor: Iterable[int], *, two_from_minor: int | None) -> int:
    """Return how many different people must ratify a list of awards of these amounts.

    Amounts are in minor units of the call's currency. Two must where any award reaches `two_from_minor`; None: never.
    """
    if two_from_minor is not None and any(amount >= two_from_minor for amount in amounts_minor):
        return TWO
    return ONE
