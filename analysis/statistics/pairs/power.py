"""The number of further seeds that an answer needs, from Student's t and its noncentral distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.statistics.intervals import ALPHA, LEVEL, check_level, t_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_SEEDS = 10_000  # in total; larger numbers are of no practical use
POWER = 0.8
MIN_FOR_SPREAD = 2  # a single seed shows no spread
MAX_NONCENTRALITY = 1e4  # the power is 1 here; far beyond, scipy's distribution is NaN


def seeds_to_halve(n: int, level: float = LEVEL) -> int | None:
    """Return how many more seeds would halve the width of a t-interval, if the spread stays the same; None below two.

    That is fewer than 3 n: with few seeds, part of the width is due to the uncertainty of the spread.

    Args:
        n: number of seeds so far.
        level: of the interval, in (0, 1).

    Raises:
        ValueError: the level is outside (0, 1).

    """
    check_level(level)
    if n < MIN_FOR_SPREAD:
        return None

    def width(m: int) -> float:
        return float(stats.t.ppf((1 + level) / 2, m - 1)) / math.sqrt(m)

    half = width(n) / 2
    return _smallest(lambda m: width(m) <= half, n, 4 * n) - n  # 4 n always suffices, as the quantile decreases


def seeds_to_separate(differences: Sequence[float], power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Return how many more seeds would show a difference as large as the observed one.

    With these, the two-sided paired t test of level alpha would find the difference with probability ``power`` if the
    true mean and spread were the observed ones. As they are only estimates, the number is a guide; it is too low if
    the pair was selected for its large difference.

    Args:
        differences: first minus second, one per shared seed (``paired_tests.differences``).
        power: in (alpha, 1).
        alpha: in (0, 1).

    Returns:
        Additional seeds, 0 if the present ones suffice; None if more than 10,000 would be needed in total, or if the
        differences show no spread.

    Raises:
        ValueError: power or alpha is outside its range, a difference is not finite, or there is none.

    """
    if not 0 < alpha < power < 1:
        msg = f"power = {power}, alpha = {alpha}: 0 < alpha < power < 1"
        raise ValueError(msg)
    interval = t_interval(differences)
    if interval.half_width is None:
        return None
    effect = abs(interval.mean) / float(np.std(differences, ddof=1))
    if power_of(effect, MAX_SEEDS, alpha) < power:
        return None
    return max(0, _smallest(lambda n: power_of(effect, n, alpha) >= power, MIN_FOR_SPREAD, MAX_SEEDS) - interval.n)


def power_of(effect: float, n: int, alpha: float = ALPHA) -> float:
    """Return the power of the two-sided paired t test.

    Args:
        effect: the true mean difference in standard deviations of the differences, at least 0.
        n: pairs, at least 2.
        alpha: level of the test, in (0, 1).

    """
    critical = float(stats.t.isf(alpha / 2, n - 1))
    noncentrality = min(effect * math.sqrt(n), MAX_NONCENTRALITY)
    lower = float(stats.nct.cdf(-critical, n - 1, noncentrality))  # NaN for some arguments where it is close to 0
    return float(stats.nct.sf(critical, n - 1, noncentrality)) + (lower if math.isfinite(lower) else 0.0)


def _smallest(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the smallest number from low to high for which a monotone condition holds, by bisection."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
