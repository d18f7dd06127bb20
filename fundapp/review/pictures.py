"""Pictures as plain geometry: a template draws them as SVG, with the same figures in the table below.

Pictures are as wide as there is room: across they are measured in percent, down in pixels. So their words stay as large
on a phone as on a wide screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from fundapp.review.tally import EntryTally, Scale

PLOT_HEIGHT: Final = 260
MARGIN: Final = 36
"""Pixels above and below the scale of the tally's picture."""
LEFT: Final = 10.0
"""Percent for the numbers of the scale, at the left end of the tally's picture."""
RIGHT: Final = 98.0
MOST_SPREAD: Final = 6.0
"""Points of the tally's picture never stand further apart than this, in percent."""


@dataclass(frozen=True)
class Column:
    """One entry of the tally's picture: its marks as a line from lowest to highest, its mean as a dot."""

    label: str
    x: float
    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class Tick:
    """A line across the picture at a value of the scale."""

    label: str
    y: float


@dataclass(frozen=True)
class TallyPlot:
    """The ranked entries from left to right, on the scale of marks from bottom to top."""

    height: int
    columns: Sequence[Column]
    ticks: Sequence[Tick]
    left: float = LEFT
    right: float = RIGHT


def tally_plot(rows: Sequence[tuple[str, EntryTally]], scale: Scale) -> TallyPlot:
    """Return the picture of ranked entries, (label, figures) best first; entries without a mean are left out."""
    shown = [(label, figures, figures.mean) for label, figures in rows if figures.mean is not None]
    step = min(MOST_SPREAD, (RIGHT - LEFT) / max(1, len(shown)))

    def height_of(value: Fraction) -> float:
        share = (value - scale.lowest) / (scale.highest - scale.lowest)
        return round(PLOT_HEIGHT - MARGIN - float(share) * (PLOT_HEIGHT - 2 * MARGIN), 1)

    columns = [
        Column(
            label,
            round(LEFT + (number + 0.5) * step, 3),
            height_of(min(mark.mark for mark in figures.marks)),
            height_of(max(mark.mark for mark in figures.marks)),
            height_of(mean),
        )
        for number, (label, figures, mean) in enumerate(shown)
    ]
    middle = (scale.lowest + scale.highest) / 2
    ticks = [Tick(f"{float(value):g}", height_of(value)) for value in (scale.lowest, middle, scale.highest)]
    return TallyPlot(PLOT_HEIGHT, columns, ticks)


LONGEST_BAR: Final = 80.0
"""Percent for the bars; behind them stand their figures."""
LABEL_HEIGHT: Final = 18
BAR_HEIGHT: Final = 14
BAR_SPACE: Final = 44
"""Pixels for a name, its bar below it, and the room to the next one."""


@dataclass(frozen=True)
class LoadBar:
    """What one reviewer has: how many entries are done, being read, and not begun."""

    label: str
    done: int
    begun: int
    waiting: int


@dataclass(frozen=True)
class DrawnBar:
    """One reviewer's name at `y`, and the bar below it in three parts; `end` is where the figures stand."""

    label: str
    y: int
    bar_y: int
    done: float
    begun_x: float
    begun: float
    waiting_x: float
    waiting: float
    end: float
    words: str


@dataclass(frozen=True)
class LoadPlot:
    """Bars from the left, one below the other, on one scale of entries."""

    height: int
    bars: Sequence[DrawnBar]
    bar_height: int = BAR_HEIGHT


def load_plot(bars: Sequence[LoadBar]) -> LoadPlot:
    """Return the picture of how far reviewers are, in the order in which they come."""
    most = max((bar.done + bar.begun + bar.waiting for bar in bars), default=1)
    unit = LONGEST_BAR / max(1, most)

    def drawn(number: int, bar: LoadBar) -> DrawnBar:
        begun_x = bar.done * unit
        waiting_x = begun_x + bar.begun * unit
        return DrawnBar(
            label=bar.label,
            y=number * BAR_SPACE,
            bar_y=number * BAR_SPACE + LABEL_HEIGHT,
            done=round(bar.done * unit, 2),
            begun_x=round(begun_x, 2),
            begun=round(bar.begun * unit, 2),
            waiting_x=round(waiting_x, 2),
            waiting=round(bar.waiting * unit, 2),
            end=round(waiting_x + bar.waiting * unit, 2),
            words=f"{bar.done} / {bar.done + bar.begun + bar.waiting}",
        )

    return LoadPlot(max(1, len(bars)) * BAR_SPACE, [drawn(*each) for each in enumerate(bars)])
