"""Sums and differences of independent means of which only the mean and its standard error are known (Welch 1947)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from analysis.statistics.intervals import LEVEL, check_level

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class KnownMean:
    """A mean, or a weighted sum of means, in any unit.

    Attributes:
        value: the mean.
        error: its standard error, above 0.
        df: degrees of freedom of the standard error.

    """

    value: float
    error: float
    df: float

    def half_width(self, level: float = LEVEL) -> float:
        """Return the half width of the t-interval; ``level`` is in (0, 1)."""
        check_level(level)
        return float(special.stdtrit(self.df, (1 + level) / 2)) * self.error

    @property
    def p(self) -> float:
        """The two-sided p-value of Student's t test of "the value is 0"."""
        return float(2 * special.stdtr(self.df, -abs(self.value) / self.error))


def from_half_width(mean: float, half_width: float, n: int, level: float = LEVEL) -> KnownMean:
    """Return the mean behind a printed interval, read as the t-interval of n independent values.

    Args:
        mean: as printed.
        half_width: as printed, above 0, in the same unit.
        n: number of values, at least 2.
        level: of the printed interval, in (0, 1).

    """
    check_level(level)
    return KnownMean(mean, half_width / float(special.stdtrit(n - 1, (1 + level) / 2)), n - 1)


def weighted_sum(weights: Sequence[float], means: Sequence[KnownMean]) -> KnownMean:
    """Return the sum of weight times mean, with the degrees of freedom of Welch and Satterthwaite.

    The variance is the sum of w^2 e^2, with e the standard errors; its degrees of freedom are
    (sum of w^2 e^2)^2 / sum of (w^2 e^2)^2 / df (Satterthwaite 1946, Biometrics Bulletin 2, 110).
    """
    variances = [(weight * mean.error) ** 2 for weight, mean in zip(weights, means, strict=True)]
    total = sum(variances)
    df = total**2 / sum(variance**2 / mean.df for variance, mean in zip(variances, means, strict=True))
    value = sum(weight * mean.value for weight, mean in zip(weights, means, strict=True))
    return KnownMean(value, math.sqrt(total), df)


def difference(first: KnownMean, second: KnownMean) -> KnownMean:
    """Return first minus second."""
    return weighted_sum((1, -1), (first, second))
