"""How many more seeds an answer would take, by Student's t and its noncentral distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.statistics.intervals import t_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST = 10_000  # seeds in all; a plan beyond that is none
POWER = 0.8
ALPHA = 0.05
LEVEL = 1 - ALPHA
FEWEST = 2  # seeds that show a spread
FARTHEST = 1e4  # noncentrality at which any power is 1; much beyond, scipy's distribution is NaN


def seeds_to_halve(n: int, level: float = LEVEL) -> int | None:
    """Return how many more seeds would halve a t-interval's width, if their spread stays as it is; None below two.

    That is fewer than three times as many: with few seeds, part of the width is not knowing the spread.

    Args:
        n: seeds there are.
        level: of the interval, in (0, 1).

    Raises:
        ValueError: the level is outside (0, 1).

    """
    if not 0 < level < 1:
        msg = f"level = {level}: a confidence level lies between 0 and 1, both excluded"
        raise ValueError(msg)
    if n < FEWEST:
        return None

    def width(m: int) -> float:
        return float(stats.t.ppf((1 + level) / 2, m - 1)) / math.sqrt(m)

    half = width(n) / 2
    return _smallest(lambda m: width(m) <= half, n, 4 * n) - n  # 4 n is enough: the quantile does not grow


def seeds_to_separate(differences: Sequence[float], power: float = POWER, alpha: float = ALPHA) -> int | None:
    """Return how many more seeds would show a difference as large as the one observed.

    That is: with which the two-sided paired t test of level alpha finds it with probability ``power``, were the true
    mean and spread the observed ones. They are not quite: the number is a guide, and too low when the pair was looked
    at because its difference is large.

    Args:
        differences: first minus second, one per shared seed (``paired.differences``).
        power: in (alpha, 1).
        alpha: in (0, 1).

    Returns:
        Additional seeds, 0 where those there are would do; None where more than 10,000 in all would be needed, or the
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
    if power_of(effect, MOST, alpha) < power:
        return None
    return max(0, _smallest(lambda n: power_of(effect, n, alpha) >= power, FEWEST, MOST) - interval.n)


def power_of(effect: float, n: int, alpha: float = ALPHA) -> float:
    """Return the power of the two-sided paired t test.

    Args:
        effect: the true mean difference in standard deviations of the differences, at least 0.
        n: pairs, at least 2.
        alpha: the test's level, in (0, 1).

    """
    critical = float(stats.t.isf(alpha / 2, n - 1))
    shift = min(effect * math.sqrt(n), FARTHEST)
    lower = float(stats.nct.cdf(-critical, n - 1, shift))  # NaN for some arguments where it is next to 0
    return float(stats.nct.sf(critical, n - 1, shift)) + (lower if math.isfinite(lower) else 0.0)


def _smallest(true: Callable[[int], bool], low: int, high: int) -> int:
    """Return the smallest number from low to high for which a rule holds that, once true, stays true."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if true(middle) else (middle + 1, high)
    return low
