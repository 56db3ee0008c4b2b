"""Confidence intervals that state their method, their level and their number of runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from trainables.naming import counted
from trainables.numerals import ends, hundredfold, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analysis.statistics.arrays import Floats

LEVEL = 0.95
ALPHA = 0.05  # level of a test; 1 - LEVEL
MIN_SEEDS = 5  # of fewer, the runs themselves are shown: an interval could be wider than the scale; none is resampled
LEAST_P = 0.001  # of a smaller p-value only that is stated
ROUNDING = 1e-12  # for values of order one, a smaller spread is rounding error of floating-point sums


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval, in the unit of the values.

    ``half_width``, ``low`` and ``high`` are None if the values show no spread: there is one, or all are equal. A few
    equal values reveal as little about the spread as a single one, and must not pass for certainty.

    ``values`` are the values themselves if they are to be shown instead: from two to ``MIN_SEEDS`` - 1 of them.
    """

    mean: float
    half_width: float | None
    low: float | None
    high: float | None
    n: int
    level: float
    method: str
    values: tuple[float, ...] = ()

    def moved(self, by: float) -> Interval:
        """Return the interval of values that all differ by a constant."""
        low, high = (None if end is None else end + by for end in (self.low, self.high))
        return replace(self, mean=self.mean + by, low=low, high=high)

    @property
    def has_width(self) -> bool:
        """Whether to write or draw the interval; if not, it has no width, or the values are shown instead."""
        return self.half_width is not None and not self.values

    @property
    def cut(self) -> bool:
        """Whether one end was cut, so that the interval is not symmetric about the mean."""
        if self.low is None or self.high is None:
            return False
        below, above = self.mean - self.low, self.high - self.mean
        return max(below, above) - min(below, above) > ROUNDING

    def percent(self, sign: Literal["", "+"] = "") -> str:
        """Return the fraction in percent: ``75.3 ± 0.5``; ``75.3`` without an interval, or where values are shown.

        An interval that was cut is written by its ends: ``99.0 (96.8 to 100.0)``. ``sign`` is "+" to write that of
        positive numbers too.
        """
        mean = hundredfold(self.mean, sign=sign)
        if self.half_width is None or self.low is None or self.high is None or self.values:
            return mean
        if self.cut:
            return f"{mean} ({ends(100 * self.low, 100 * self.high)})"
        return f"{mean} ± {hundredfold(self.half_width)}"

    def label(self, unit: str = "") -> str:
        """Return a description of the interval, such as ``95 % t-interval, n = 12``, or the values in percent.

        Args:
            unit: what n counts, such as ``fresh seed``; empty for runs.

        """
        n = f"n = {counted(self.n, unit) if unit else self.n}"
        if self.values:
            return f"{n}: {self._listed()}"
        if self.half_width is None:
            return f"{'no interval' if self.n == 1 else 'no spread seen'}, {n}"
        return f"{percent(self.level)} {self.method}-interval, {n}"

    def cell(self, sign: Literal["", "+"] = "", usual: int = 0) -> str:
        """Return ``75.3 ± 0.5 (n = 12)``, or ``75.3 (75.0, 75.6)`` of few; ``CELL`` explains them.

        Args:
            sign: "+" to write that of positive numbers too.
            usual: the number of values that is not stated.

        """
        if self.values:
            return f"{self.percent(sign)} ({self._listed(sign)})"
        number = [] if self.n == usual else [f"n = {self.n}"]
        spread = [] if self.n == 1 or self.half_width is not None else ["no spread seen"]
        about = ", ".join((*number, *spread))
        return f"{self.percent(sign)} ({about})" if about else self.percent(sign)

    def _listed(self, sign: Literal["", "+"] = "") -> str:
        return ", ".join(hundredfold(value, sign=sign) for value in self.values)


CELL = (
    f"mean ± half width of the {percent(LEVEL)} t-interval, cut at 0 and 100 (n complete runs); of fewer than "
    f"{MIN_SEEDS} runs, the mean (the runs themselves)"
)


def check_level(level: float) -> None:
    """Raise ValueError unless a confidence level is in (0, 1)."""
    if not 0 < level < 1:
        msg = f"level = {level}: a confidence level lies between 0 and 1, both excluded"
        raise ValueError(msg)


def no_spread(sd: float, values: Floats) -> bool:
    """Return whether a standard deviation is no larger than the rounding error of sums of these values."""
    return sd <= ROUNDING * max(1.0, float(np.abs(values).max()))


def shared_seeds(first: Mapping[int, object], second: Mapping[int, object]) -> list[int]:
    """Return the seeds that both have, in ascending order."""
    return sorted(set(first) & set(second))


def t_interval(values: Iterable[float], level: float = LEVEL) -> Interval:
    """Return the mean of independent values with Student's t-interval.

    The half width is t((1 + level) / 2, n - 1) * s / sqrt(n), with s the sample standard deviation (divisor n - 1).
    With 12 runs its coverage is close to the level, whereas that of a percentile bootstrap is too low.

    Args:
        values: one value per run, in any unit.
        level: probability in (0, 1) that the interval covers the mean of the values' distribution.

    Raises:
        ValueError: there is no value, a value is not finite, or the level is outside (0, 1).

    """
    check_level(level)
    array = np.asarray(list(values), dtype=np.float64)
    if array.size == 0:
        msg = "an interval needs at least one value"
        raise ValueError(msg)
    if not np.isfinite(array).all():
        msg = f"an interval needs finite values; {int((~np.isfinite(array)).sum())} of {array.size} are not"
        raise ValueError(msg)
    n = int(array.size)
    mean = float(array.mean())
    spread = float(array.std(ddof=1)) if n > 1 else 0.0
    if no_spread(spread, array):
        return Interval(mean, None, None, None, n, level, "t")
    half_width = float(special.stdtrit(n - 1, (1 + level) / 2)) * spread / math.sqrt(n)
    return Interval(mean, half_width, mean - half_width, mean + half_width, n, level, "t")


def accuracy_interval(values: Iterable[float], level: float = LEVEL, less: float = 0.0) -> Interval:
    """Return the mean of independent accuracies, fractions in [0, 1], with Student's t-interval cut to [0, 1].

    Cutting costs no coverage, because the mean of their distribution lies in [0, 1]. With fewer than ``MIN_SEEDS``
    values, the interval has them, to be shown instead.

    Args:
        values: one accuracy per run.
        level: in (0, 1).
        less: what is subtracted from the mean and its interval before it is cut; the values to be shown stay.

    Raises:
        ValueError: see ``t_interval``.

    """
    accuracies = tuple(values)
    interval = t_interval(accuracies, level).moved(-less)
    if interval.low is not None and interval.high is not None:
        interval = replace(interval, low=max(0.0, interval.low), high=min(1.0, interval.high))
    return _with_few(interval, accuracies)


def difference_interval(differences: Sequence[float], level: float = LEVEL) -> Interval:
    """Return the mean of independent differences with Student's t-interval; few of them are to be shown instead.

    Raises:
        ValueError: see ``t_interval``.

    """
    return _with_few(t_interval(differences, level), differences)


def _with_few(interval: Interval, values: Sequence[float]) -> Interval:
    """Add the values to an interval if they are to be shown instead; one value is the mean."""
    return replace(interval, values=tuple(values)) if 1 < interval.n < MIN_SEEDS else interval


def next_accuracy(interval: Interval) -> Interval | None:
    """Return the prediction interval of the accuracy of one more run, a fraction, from that of the mean.

    The half width is t((1 + level) / 2, n - 1) * s * sqrt(1 + 1 / n), sqrt(n + 1) times that of the mean's t-interval;
    the ends are cut to [0, 1]. It holds a further run of the same configuration with probability ``level`` where
    accuracies are normal over seeds.

    Args:
        interval: of the mean accuracy.

    Returns:
        None if the interval has no width.

    """
    if interval.half_width is None:
        return None
    half_width = interval.half_width * math.sqrt(interval.n + 1)
    low, high = max(0.0, interval.mean - half_width), min(1.0, interval.mean + half_width)
    return replace(interval, half_width=half_width, low=low, high=high, method="prediction")


def paired_difference(
    first: Mapping[int, float], second: Mapping[int, float], level: float = LEVEL, comparisons: int = 1
) -> Interval | None:
    """Return the t-interval of ``first - second`` over the shared seeds; None without a shared seed.

    Seeds are paired: a seed determines initial weights, order and split of every configuration, so the difference
    between two runs of a seed varies less than the runs themselves.

    Args:
        first: seed -> value.
        second: seed -> value.
        level: of the whole family of comparisons, in (0, 1).
        comparisons: size of the family, at least 1. Each interval has the level 1 - (1 - level) / comparisons
            (Bonferroni), so all of them hold simultaneously with probability at least ``level``.

    Raises:
        ValueError: a value is not finite, the level is outside (0, 1), or comparisons is below 1.

    """
    if comparisons < 1:
        msg = f"comparisons = {comparisons}: a family has at least one comparison"
        raise ValueError(msg)
    seeds = shared_seeds(first, second)
    if not seeds:
        return None
    return difference_interval([first[seed] - second[seed] for seed in seeds], 1 - (1 - level) / comparisons)


def p_text(p: float) -> str:
    """Format a p-value as ``p = 0.031`` or ``p < 0.001``, never as 0."""
    return f"p < {LEAST_P}" if p < LEAST_P else f"p = {p:.2g}"


def p_cell(p: float) -> str:
    """Format a p-value for a column of a table, with three decimals: ``0.031`` or ``< 0.001``."""
    return f"< {LEAST_P}" if p < LEAST_P else f"{p:.3f}"


def f_text(f: float, df: tuple[int, int], p: float) -> str:
    """Format an F test as ``F(8, 88) = 1.20, p = 0.31``."""
    return f"F({df[0]}, {df[1]}) = {f:.2f}, {p_text(p)}"
