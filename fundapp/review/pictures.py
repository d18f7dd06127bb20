"""The picture of a tally as plain geometry: a template draws it as SVG, with the same figures in the table below."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from fundapp.review.tally import EntryTally, Scale

WIDTH: Final = 720
PLOT_HEIGHT: Final = 260
MARGIN: Final = 36
MOST_SPREAD: Final = 40
"""Points of the tally's picture never stand further apart than this."""


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

    width: int
    height: int
    columns: Sequence[Column]
    ticks: Sequence[Tick]
    margin: int = MARGIN


def tally_plot(rows: Sequence[tuple[str, EntryTally]], scale: Scale) -> TallyPlot:
    """Return the picture of ranked entries, (label, figures) best first; entries without a mean are left out."""
    shown = [(label, figures, figures.mean) for label, figures in rows if figures.mean is not None]
    step = min(MOST_SPREAD, (WIDTH - 2 * MARGIN) / max(1, len(shown)))

    def height_of(value: Fraction) -> float:
        share = (value - scale.lowest) / (scale.highest - scale.lowest)
        return round(PLOT_HEIGHT - MARGIN - float(share) * (PLOT_HEIGHT - 2 * MARGIN), 1)

    columns = [
        Column(
            label,
            round(MARGIN + (number + 0.5) * step, 1),
            height_of(min(mark.mark for mark in figures.marks)),
            height_of(max(mark.mark for mark in figures.marks)),
            height_of(mean),
        )
        for number, (label, figures, mean) in enumerate(shown)
    ]
    middle = (scale.lowest + scale.highest) / 2
    ticks = [Tick(f"{float(value):g}", height_of(value)) for value in (scale.lowest, middle, scale.highest)]
    return TallyPlot(WIDTH, PLOT_HEIGHT, columns, ticks)
