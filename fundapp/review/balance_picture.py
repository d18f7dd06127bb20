"""The picture of a balance as plain geometry: which share of the money each group has, here and elsewhere.

It is measured as those of review.pictures are: across in percent, down in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 80.0
"""Percent for a share of one; behind it stands the figure."""
LABEL_HEIGHT: Final = 18
BAR_HEIGHT: Final = 12
BAR_STEP: Final = 15
GROUP_SPACE: Final = 14
"""Pixels for a name, for its bars one below the other, and for the room to the next one."""


@dataclass(frozen=True)
class GroupShares:
    """The shares of one group, from 0 to 1, in the order of the things that are compared; None: not known."""

    label: str
    shares: Sequence[float | None]


@dataclass(frozen=True)
class ShareBar:
    """One bar: `series` is the number of what is compared, `words` its figure, which stands at `end`."""

    y: int
    width: float
    end: float
    series: int
    words: str


@dataclass(frozen=True)
class ShareGroup:
    """The name of a group at `y`, and its bars below."""

    label: str
    y: int
    bars: Sequence[ShareBar]


@dataclass(frozen=True)
class BalancePlot:
    """Groups one below the other."""

    height: int
    groups: Sequence[ShareGroup]
    bar_height: int = BAR_HEIGHT


def balance_plot(groups: Sequence[GroupShares]) -> BalancePlot:
    """Return the picture of shares, groups in the order in which they come."""
    drawn, y = [], 0
    for group in groups:
        known = [(number, share) for number, share in enumerate(group.shares) if share is not None]
        bars = [
            ShareBar(
                y=y + LABEL_HEIGHT + place * BAR_STEP,
                width=round(share * LONGEST, 2),
                end=round(share * LONGEST, 2),
                series=number,
                words=f"{round(share * 100)} %",
            )
            for place, (number, share) in enumerate(known)
        ]
        drawn.append(ShareGroup(group.label, y, bars))
        y += LABEL_HEIGHT + len(bars) * BAR_STEP + GROUP_SPACE
    return BalancePlot(max(1, y), drawn)


def share_of(part: int, whole: int) -> float:
    """Return a part of a whole, from 0 to 1."""
    return min(1.0, part / whole) if whole else 0.0
