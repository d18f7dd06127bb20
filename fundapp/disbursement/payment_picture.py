"""The picture of what became of awarded money, as plain geometry: parts of one bar, across in percent.

It is measured as those of review.pictures are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fundapp.disbursement.payment_rules import Standing

PARTS = (
    (Standing.RECEIVED,),
    (Standing.SENT,),
    (Standing.APPROVED, Standing.IN_FILE, Standing.RELEASED),
    (Standing.PLANNED, Standing.WAITS),
)
"""What a bar is made of, from its beginning: received, sent, approved, planned."""


@dataclass(frozen=True)
class BarPart:
    """A part of a bar: where it begins and how long it is."""

    x: float
    width: float


def bar_of(amounts: Sequence[int], whole: int) -> list[BarPart]:
    """Return the parts of a bar for amounts in the order in which they come; all of it is `whole`."""
    unit = 100 / max(1, whole)
    starts = [sum(amounts[:place]) for place in range(len(amounts))]
    return [BarPart(round(start * unit, 2), round(each * unit, 2)) for start, each in zip(starts, amounts, strict=True)]
