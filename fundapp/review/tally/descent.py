"""The least value of a function of one or two numbers, without its derivatives.

Source: the simplex method of Nelder and Mead 1965, with their own coefficients.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from fundapp.review.tally.panel import Numbers

MOST_STEPS: Final = 500


def least(function: Callable[[Numbers], float], start: Numbers, *, step: float, close: float) -> Numbers:
    """Return where the function is least, as far as a walk downhill from `start` finds; `start` may be empty.

    The first steps are `step` long; the walk ends when it stays within `close` on every axis.
    """
    corners = [start, *(start + step * axis for axis in np.eye(len(start)))]
    simplex = sorted(((function(corner), tuple(corner)) for corner in corners), key=lambda each: each[0])
    for _ in range(MOST_STEPS if len(start) else 0):
        points = np.array([point for _, point in simplex])
        if np.ptp(points, axis=0).max() < close:
            break
        centre, worst = points[:-1].mean(axis=0), points[-1]

        def tried(way: float, centre: Numbers = centre, worst: Numbers = worst) -> tuple[float, tuple[float, ...]]:
            point = centre + way * (worst - centre)
            return function(point), tuple(point)

        reflected = tried(-1.0)
        if reflected[0] < simplex[0][0]:
            new = min(reflected, tried(-2.0))
        elif reflected[0] < simplex[-2][0]:
            new = reflected
        else:
            new = min(tried(-0.5), tried(0.5)) if reflected[0] < simplex[-1][0] else tried(0.5)
        if new[0] < simplex[-1][0]:
            simplex[-1] = new
        else:
            shrunk = (np.array(point) * 0.5 + points[0] * 0.5 for _, point in simplex[1:])
            simplex = [simplex[0], *((function(point), tuple(point)) for point in shrunk)]
        simplex.sort(key=lambda each: each[0])
    return np.array(simplex[0][1])
