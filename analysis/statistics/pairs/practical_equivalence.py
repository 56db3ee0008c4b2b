"""The posterior probabilities that one configuration is better, alike or worse by an amount that matters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from analysis.statistics.intervals import paired_difference
from analysis.statistics.pairs.paired_tests import standard_error

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class PracticalEquivalence:
    """Probabilities about the mean difference, first minus second; they sum to 1.

    Attributes:
        better: that it lies above the region of practical equivalence.
        alike: that it lies within.
        worse: that it lies below.

    """

    better: float
    alike: float
    worse: float


def practical_equivalence(
    first: Mapping[int, float], second: Mapping[int, float], margin: float
) -> PracticalEquivalence | None:
    """Return the probabilities that the first is better, alike or worse; None if the differences show no spread.

    The differences, paired by seed, are normal with unknown mean and variance, with the prior 1 / variance. The mean
    then has a t distribution around the mean difference with n - 1 degrees of freedom and the scale s / sqrt(n): the
    Bayesian t-test of Benavoli et al. 2017 (Journal of Machine Learning Research 18, 77; section 3.1), whose
    correlation of overlapping training sets is 0 here, since every run is a training of its own.

    Args:
        first: seed -> value (a fraction).
        second: seed -> value (a fraction).
        margin: half the width of the region of practical equivalence, in points, above 0.

    Raises:
        ValueError: the margin is not a positive number, or a value is not finite.

    """
    if not 0 < margin < math.inf:
        msg = f"margin = {margin}: a margin lies above 0"
        raise ValueError(msg)
    interval = paired_difference(first, second)
    if interval is None or interval.half_width is None:
        return None
    scale, df = standard_error(interval), interval.n - 1
    better = float(special.stdtr(df, (interval.mean - margin / 100) / scale))
    worse = float(special.stdtr(df, (-interval.mean - margin / 100) / scale))
    return PracticalEquivalence(better, max(0.0, 1 - better - worse), worse)
