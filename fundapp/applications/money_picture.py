"""The picture of a call's budget as plain geometry, in percent of its width: paid for by funds, decided, left."""

from dataclasses import dataclass
from typing import Final

WIDTH: Final = 100.0
"""Percent for the whole budget."""


@dataclass(frozen=True)
class BudgetPlot:
    """One bar: what funds give, what is decided beyond that, what is left; each begins where the one before ends."""

    funded: float
    decided_x: float
    decided: float
    left_x: float
    left: float


def budget_plot(*, budget: int, decided: int, funded: int) -> BudgetPlot:
    """Return the picture of amounts in minor units of one currency; nothing is drawn beyond the budget."""
    unit = WIDTH / max(1, budget)
    end = min(decided, budget)
    paid_for = min(funded, end)
    return BudgetPlot(
        funded=round(paid_for * unit, 2),
        decided_x=round(paid_for * unit, 2),
        decided=round((end - paid_for) * unit, 2),
        left_x=round(end * unit, 2),
        left=round((budget - end) * unit, 2),
    )
