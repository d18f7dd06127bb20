"""The picture of loads as plain geometry: how many reviewers have how much, now and under a plan.

It is measured as those of review.pictures are: across in percent, down in pixels.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 200
MARGIN: Final = 36
"""Pixels above the bars, and below them for their labels."""
LEFT: Final = 10.0
"""Percent for the numbers of reviewers, at the left end."""
RIGHT: Final = 98.0
MOST_BARS: Final = 24
MOST_LABELS: Final = 6
"""So many fit beside each other on a phone."""
WIDEST: Final = 8.0
"""Percent that one bar takes at most."""


@dataclass(frozen=True)
class Bar:
    """How many reviewers have a load: now (left half) and under the plan (right half).

    `is_labelled` where there is room to write the load below it.
    """

    label: str
    is_labelled: bool
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
    height: int = HEIGHT
    margin: int = MARGIN
    left: float = LEFT
    right: float = RIGHT

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
    width = min(WIDEST, (RIGHT - LEFT) / number)

    def top(count: int) -> float:
        return round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * count / max(1, most), 1)

    bars = [
        Bar(
            label=str(each * step) if step == 1 else f"{each * step}-{(each + 1) * step - 1}",
            is_labelled=each % -(-number // MOST_LABELS) == 0,
            x=round(LEFT + each * width, 2),
            width=round(width, 2),
            before_y=top(counts[0][each]),
            after_y=top(counts[1][each]),
            before=counts[0][each],
            after=counts[1][each],
        )
        for each in range(number)
    ]
    return LoadPlot(bars, most)
