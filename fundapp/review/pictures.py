"""Pictures as plain geometry: a template draws them as SVG, with the same figures in the table below.

Pictures are as wide as there is room: across they are measured in percent, down in pixels. So their words stay as large
on a phone as on a wide screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
    """One entry or reader of the tally's picture: the marks as a line from lowest to highest, their mean as a dot."""

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
    """Entries or readers from left to right, on the scale of marks from bottom to top."""

    height: int
    columns: Sequence[Column]
    ticks: Sequence[Tick]
    left: float = LEFT
    right: float = RIGHT


def tally_plot(rows: Sequence[tuple[str, EntryTally]], scale: Scale) -> TallyPlot:
    """Return the picture of ranked entries, (label, figures) best first; entries without a mean are left out."""
    marks = [(label, [float(mark.mark) for mark in each.marks], each.mean) for label, each in rows]
    return marks_plot(
        [(label, min(given), max(given), float(mean)) for label, given, mean in marks if mean is not None], scale
    )


def marks_plot(rows: Sequence[tuple[str, float, float, float]], scale: Scale) -> TallyPlot:
    """Return the picture of marks, (label, lowest, highest, mean) from left to right."""
    step = min(MOST_SPREAD, (RIGHT - LEFT) / max(1, len(rows)))

    def height_of(value: float) -> float:
        share = (value - float(scale.lowest)) / float(scale.highest - scale.lowest)
        return round(PLOT_HEIGHT - MARGIN - share * (PLOT_HEIGHT - 2 * MARGIN), 1)

    columns = [
        Column(label, round(LEFT + (number + 0.5) * step, 3), height_of(low), height_of(high), height_of(mean))
        for number, (label, low, high, mean) in enumerate(rows)
    ]
    ends = float(scale.lowest), float(scale.highest)
    ticks = [Tick(f"{value:g}", height_of(value)) for value in (ends[0], sum(ends) / 2, ends[1])]
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
