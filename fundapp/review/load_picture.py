"""The picture of loads as plain geometry: how many reviewers have how much, now and under a plan."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 200
MARGIN: Final = 36
MOST_BARS: Final = 24
WIDEST: Final = 40


@dataclass(frozen=True)
class Bar:
    """How many reviewers have a load: now (left half) and under the plan (right half)."""

    label: str
    x: float
    width: float
    before_y: float
    after_y: float
    before: int
    after: int


@dataclass(frozen=True)
class LoadPlot:
    """Loads from left to right, numbers of reviewers from bottom to top."""

    bars: Sequence[Bar]
    most: int
    width: int = WIDTH
    height: int = HEIGHT
    margin: int = MARGIN

    @property
    def floor(self) -> int:
        """Return where the bars stand."""
        return self.height - self.margin


def load_plot(before: Collection[int], after: Collection[int]) -> LoadPlot:
    """Return the picture of loads before and after; equal steps of several loads share a bar where there are many."""
    highest = max([*before, *after], default=0)
    step = highest // MOST_BARS + 1
    counts = [Counter(load // step for load in loads) for loads in (before, after)]
    most = max([*counts[0].values(), *counts[1].values()], default=0)
    number = highest // step + 1
    width = min(WIDEST, (WIDTH - 2 * MARGIN) / number)

    def top(count: int) -> float:
        return round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * count / max(1, most), 1)

    bars = [
        Bar(
            label=str(each * step) if step == 1 else f"{each * step}-{(each + 1) * step - 1}",
            x=round(MARGIN + each * width, 1),
            width=round(width, 1),
            before_y=top(counts[0][each]),
            after_y=top(counts[1][each]),
            before=counts[0][each],
            after=counts[1][each],
        )
        for each in range(number)
    ]
    return LoadPlot(bars, most)
