"""The picture of where the money is, as plain geometry: a bar for each fund, from what is paid to what is left.

It is measured as those of review.pictures are: across in percent, down in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fundapp.disbursement.fund_rules import Sums

LONGEST: Final = 100.0
"""Percent for the bar of the largest fund; its figures stand above it."""
LABEL_HEIGHT: Final = 20
BAR_HEIGHT: Final = 16
BAR_SPACE: Final = 52
"""Pixels for a name, its bar below it, and the room to the next one."""


@dataclass(frozen=True)
class FundBar:
    """One fund's name at `y`, and the bar below it: paid, set aside and not paid, left. The last two begin at `_x`."""

    label: str
    y: int
    bar_y: int
    paid: float
    to_pay_x: float
    to_pay: float
    left_x: float
    left: float


@dataclass(frozen=True)
class FundPlot:
    """Bars from the left, one below the other, on one scale of money."""

    height: int
    bars: Sequence[FundBar]
    bar_height: int = BAR_HEIGHT


def fund_plot(rows: Sequence[tuple[str, Sums]]) -> FundPlot:
    """Return the picture of funds (label, sums) of one currency, in the order in which they come."""
    most = max((sums.promised for _label, sums in rows), default=0)
    unit = LONGEST / max(1, most)

    def drawn(number: int, label: str, sums: Sums) -> FundBar:
        to_pay_x = sums.paid * unit
        left_x = sums.allocated * unit
        return FundBar(
            label=label,
            y=number * BAR_SPACE,
            bar_y=number * BAR_SPACE + LABEL_HEIGHT,
            paid=round(to_pay_x, 2),
            to_pay_x=round(to_pay_x, 2),
            to_pay=round(sums.to_pay * unit, 2),
            left_x=round(left_x, 2),
            left=round(sums.left * unit, 2),
        )

    bars = [drawn(number, label, sums) for number, (label, sums) in enumerate(rows)]
    return FundPlot(len(bars) * BAR_SPACE, bars)
