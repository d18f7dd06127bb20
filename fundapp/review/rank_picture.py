"""The picture of a ranking as plain geometry: each entry's rank, and the ranks that it may truly have.

Entries stand from left to right in the order of their ranks; ranks go from the best above to the last below. Parts of
a panel have ranks of their own and stand side by side. It is measured in units of its own, WIDTH by HEIGHT, that a page
stretches to the room there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

WIDTH: Final = 1_000
HEIGHT: Final = 260
WIDEST: Final = 40.0
"""Units from one entry to the next, at most."""


@dataclass(frozen=True)
class RankPicture:
    """Bars from the best to the worst rank that an entry may have, dots for its own; walls between parts; a path each.

    `line_y` is below the last place and None without one, and where there are parts; `last` is the last rank.
    """

    bars: str
    dots: str
    walls: str
    line_y: float | None
    places: int
    last: int
    width: int = WIDTH
    height: int = HEIGHT


def rank_picture(parts: Sequence[Sequence[tuple[int, int, int]]], places: int) -> RankPicture | None:
    """Return the picture of (rank, best rank, worst rank), part by part, best first; None of fewer than two entries."""
    ranked, last = [each for part in parts for each in part], max(map(len, parts), default=0)
    if len(ranked) < 2:
        return None
    step, unit = min(WIDEST, WIDTH / len(ranked)), HEIGHT / last
    ends = list(accumulate(map(len, parts)))[:-1]

    def across(number: float) -> str:
        return _short((number + 0.5) * step)

    def down(rank: int) -> str:
        return _short((rank - 0.5) * unit)

    rows = [(across(number), *map(down, ranks)) for number, ranks in enumerate(ranked)]
    return RankPicture(
        bars="".join(f"M{x} {best}V{worst}" for x, _, best, worst in rows),
        dots="".join(f"M{x} {rank}h0" for x, rank, _, _ in rows),
        walls="".join(f"M{across(end - 0.5)} 0V{HEIGHT}" for end in ends),
        line_y=round(places * unit, 1) if 0 < places < last and len(parts) == 1 else None,
        places=places,
        last=last,
    )


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
