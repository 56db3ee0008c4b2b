"""The critical value of Dunnett's one-sided comparisons with a control, to four digits and without random numbers.

``scipy.stats.dunnett`` computes p-values by quasi-random integration. A report made twice must be identical, so the
integral is computed by quadrature here; the tests compare it with Dunnett's table and ``scipy.stats.multivariate_t``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats

NODES = 96  # of each quadrature
RANGE_SD = 8.5  # standard deviations integrated over; the probability beyond is below 1e-16
BRACKET_MARGIN = 0.05  # exceeds the quadrature error at the ends of the bracket


@lru_cache(maxsize=4096)
def one_sided(others: int, df: int, level: float, correlation: float = 0.5) -> float:
    """Return d with P(every (x_j - x_0) / standard error < d) = level, if all true means are equal.

    The statistics have a multivariate t distribution with equal correlations l^2 (Dunnett 1955). Given the common part
    z and the ratio s of estimated to true standard deviation, they are independent, so P is the expectation over s and
    z of Phi((d s + l z) / sqrt(1 - l^2)) to the power of ``others``.

    Args:
        others: number of samples compared with the control, at least 1.
        df: degrees of freedom of the pooled standard deviation, at least 1.
        level: in (0, 1).
        correlation: l^2, in [0, 1); 1/2 if all sample sizes are equal.

    Raises:
        ValueError: an argument is outside its range.

    """
    if others < 1 or df < 1 or not 0 < level < 1 or not 0 <= correlation < 1:
        msg = (
            f"others = {others}, df = {df}, level = {level}, correlation = {correlation}: others >= 1, df >= 1, "
            "0 < level < 1, 0 <= correlation < 1"
        )
        raise ValueError(msg)
    p_one = float(stats.t.ppf(level, df))
    if others == 1:
        return p_one
    p_all = float(stats.t.isf((1 - level) / others, df))  # Bonferroni: an upper bound
    scale, scale_weight = _ratios(df)
    z, z_weight = _normal()
    loading, rest = math.sqrt(correlation), math.sqrt(1 - correlation)

    def excess(d: float) -> float:
        logs = others * special.log_ndtr((d * scale[:, None] + loading * z) / rest)
        return float(scale_weight @ np.exp(logs) @ z_weight) - level

    return float(optimize.brentq(excess, p_one - BRACKET_MARGIN, p_all + BRACKET_MARGIN, xtol=1e-8))


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    x, weight = np.polynomial.legendre.leggauss(NODES)
    return x, weight


@lru_cache(maxsize=1)
def _normal() -> tuple[Floats, Floats]:
    """Return nodes and weights for the expectation over a standard normal variable."""
    x, weight = _legendre()
    z = RANGE_SD * x
    return z, _normalised(weight * stats.norm.pdf(z))


def _ratios(df: int) -> tuple[Floats, Floats]:
    """Return nodes and weights for the expectation over s = sqrt(chi-square(df) / df)."""
    x, weight = _legendre()
    tail = 1e-12
    low, high = (math.sqrt(float(stats.chi2.ppf(p, df))) for p in (tail, 1 - tail))
    root = (low + high) / 2 + (high - low) / 2 * x
    return root / math.sqrt(df), _normalised(weight * stats.chi.pdf(root, df))


def _normalised(weight: Floats) -> Floats:
    return np.asarray(weight / weight.sum())
