"""Almost stochastic order: whether one configuration's scores are higher in almost all quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.statistics.intervals import LEVEL, check_level, no_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.statistics.arrays import Floats

DRAWS = 1000
MIN_RUNS = 10  # of each configuration; of fewer, quantiles are too coarse and are not resampled


@dataclass(frozen=True)
class StochasticOrder:
    """By how much the order "the first is higher in every quantile" is violated.

    Attributes:
        violation: of the given scores: 0 if the first is higher in every quantile, 1 if it is lower in every one.
        bound: upper confidence bound of the violation of the distributions, in [0, 1]; below 0.5 the first is almost
            stochastically larger. Ulmer et al. 2022 (arXiv:2204.06815) advise to require less than 0.2.

    """

    violation: float
    bound: float


def almost_stochastic_order(
    first: Sequence[float], second: Sequence[float], seed: int, level: float = LEVEL, draws: int = DRAWS
) -> StochasticOrder | None:
    """Bound by how much stochastic order is violated (Dror et al. 2019, ACL; del Barrio et al. 2018).

    The violation is the share of the squared Wasserstein distance between the two distributions that comes from
    quantiles in which the first is lower. Its bound is the violation minus sqrt((n + m) / (n m)) s z, where z is the
    normal quantile of 1 - level and s the standard deviation of the scaled violation over bootstrap draws of both
    samples.

    Args:
        first: scores, one per run; in any unit.
        second: scores of another configuration.
        seed: of the draws; equal seeds yield equal bounds.
        level: of the bound, in (0, 1).
        draws: number of bootstrap draws, at least 1.

    Returns:
        None with fewer than ``MIN_RUNS`` scores of either, or if both have the same distribution.

    Raises:
        ValueError: the level is outside (0, 1), or draws is below 1.

    """
    check_level(level)
    if draws < 1:
        msg = f"draws = {draws}: a bootstrap draws at least once"
        raise ValueError(msg)
    one, other = np.sort(np.asarray(first, dtype=np.float64)), np.sort(np.asarray(second, dtype=np.float64))
    if min(len(one), len(other)) < MIN_RUNS or no_spread(float(_distance(one, other)), np.concatenate([one, other])):
        return None
    violation = float(_violation(one, other))
    rng = np.random.default_rng(seed)
    drawn = (np.sort(rng.choice(sample, (draws, len(sample))), axis=1) for sample in (one, other))
    spread = float(np.std(_violation(*drawn) - violation))
    bound = violation - spread * float(special.ndtri(1 - level))
    return StochasticOrder(violation, min(1.0, max(0.0, bound)))


def _violation(first: Floats, second: Floats) -> Floats:
    """Return the violation of sorted samples of shape (..., n) and (..., m); 0.5 where they are equal."""
    gaps, widths = _gaps(first, second)
    total = (gaps**2 * widths).sum(axis=-1)
    below = (np.minimum(gaps, 0) ** 2 * widths).sum(axis=-1)
    return np.asarray(np.divide(below, total, out=np.full_like(total, 0.5), where=total > 0))


def _distance(first: Floats, second: Floats) -> float:
    gaps, widths = _gaps(first, second)
    return math.sqrt(float((gaps**2 * widths).sum()))


def _gaps(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return the differences of the quantile functions, first minus second, on the steps of both, and their widths."""
    n, m = first.shape[-1], second.shape[-1]
    steps = np.unique(np.concatenate([np.arange(n + 1) * m, np.arange(m + 1) * n]))  # in units of 1 / (n m)
    left = steps[:-1]
    return np.asarray(first[..., left // m] - second[..., left // n]), np.asarray(np.diff(steps) / (n * m))
