"""Confidence intervals that say their method, their level and how many runs they rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEVEL = 0.95
ROUNDING = 1e-12  # a smaller spread, for values of order one, is that of floating-point sums


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval, in the unit of the values.

    ``half_width``, ``low`` and ``high`` are None when the values show no spread: there is one, or all are equal. A few
    equal values say as little about the spread as a single one does, and must not pass for certainty.
    """

    mean: float
    half_width: float | None
    low: float | None
    high: float | None
    n: int
    level: float
    method: str

    def percent(self) -> str:
        """Return ``75.3 ± 0.5`` for a fraction, or ``75.3`` where there is no interval."""
        mean = f"{100 * self.mean:.1f}"
        return mean if self.half_width is None else f"{mean} ± {100 * self.half_width:.1f}"

    def label(self) -> str:
        """Return what the interval is, as in ``95 % t-interval, n = 12``."""
        if self.half_width is None:
            return f"{'no interval' if self.n == 1 else 'no spread seen'}, n = {self.n}"
        return f"{100 * self.level:g} % {self.method}-interval, n = {self.n}"

    def cell(self) -> str:
        """Return ``75.3 ± 0.5 (n = 12)``, for a table whose note names level and method."""
        seen = "" if self.n == 1 or self.half_width is not None else ", no spread seen"
        return f"{self.percent()} (n = {self.n}{seen})"


def t_interval(values: Iterable[float], level: float = LEVEL) -> Interval:
    """Return the mean of independent values with Student's t-interval.

    The half width is t((1 + level) / 2, n - 1) * s / sqrt(n), with s the sample standard deviation (n - 1).
    With 12 runs its coverage is close to its level, where a percentile bootstrap's is too low.

    Args:
        values: one value per run, in any unit.
        level: probability in (0, 1) that the interval covers the mean of the values' distribution.

    Raises:
        ValueError: there is no value, one is not finite, or the level is outside (0, 1).

    """
    array = np.asarray(list(values), dtype=np.float64)
    if not 0 < level < 1:
        msg = f"level = {level}: a confidence level lies between 0 and 1, both excluded"
        raise ValueError(msg)
    if array.size == 0:
        msg = "an interval needs at least one value, and there is none"
        raise ValueError(msg)
    if not np.isfinite(array).all():
        msg = f"an interval needs finite values; {int((~np.isfinite(array)).sum())} of {array.size} are not"
        raise ValueError(msg)
    n = int(array.size)
    mean = float(array.mean())
    spread = float(array.std(ddof=1)) if n > 1 else 0.0
    if spread <= ROUNDING * max(1.0, float(np.abs(array).max())):
        return Interval(mean, None, None, None, n, level, "t")
    half_width = float(special.stdtrit(n - 1, (1 + level) / 2)) * spread / math.sqrt(n)
    return Interval(mean, half_width, mean - half_width, mean + half_width, n, level, "t")


def paired_difference(
    first: Mapping[int, float], second: Mapping[int, float], level: float = LEVEL, comparisons: int = 1
) -> Interval | None:
    """Return the t-interval of ``first - second`` over the seeds that both have, or None when they share no seed.

    Seeds are paired: seed s gives every configuration the same initial weights, order and split, so the difference
    seed by seed varies less than the two values do.

    Args:
        first: seed -> value.
        second: seed -> value.
        level: of the whole family of comparisons, in (0, 1).
        comparisons: size of the family, at least 1; each interval gets the level 1 - (1 - level) / comparisons
            (Bonferroni), so that all of them hold at once with probability ``level`` or more.

    Raises:
        ValueError: a value is not finite, the level is outside (0, 1), or comparisons is below 1.

    """
    if comparisons < 1:
        msg = f"comparisons = {comparisons}: a family has at least one comparison"
        raise ValueError(msg)
    seeds = sorted(set(first) & set(second))
    if not seeds:
        return None
    return t_interval([first[seed] - second[seed] for seed in seeds], 1 - (1 - level) / comparisons)


def p_text(p: float) -> str:
    """Write a p-value as ``p = 0.031`` or ``p < 0.001``; it never rounds down to 0."""
    least = 0.001
    return f"p < {least}" if p < least else f"p = {p:.2g}"
