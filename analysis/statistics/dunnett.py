"""The critical value of Dunnett's one-sided comparisons with a control, to four digits and without random numbers.

``scipy.stats.dunnett`` computes p-values by quasi-random integration. A report made twice must be identical, so the
integral is computed by quadrature here; the tests compare it with Dunnett's table and ``scipy.stats.multivariate_t``.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.statistics.arrays import Floats

NODES = 96  # of each quadrature
RANGE_SD = 8.5  # standard deviations integrated over; the probability beyond is below 1e-16
BRACKET_MARGIN = 0.05  # exceeds the quadrature error at the ends of the bracket


def one_sided(control: float, others: Sequence[float], df: int, level: float) -> float:
    """Return d with P(every (x_j - x_0) / standard error < d) = level, if all true means are equal.

    The statistics have a multivariate t distribution with correlations l_i l_j, l_j = sqrt(n_j / (n_0 + n_j)), where
    n_0 and n_j are the sample sizes (Dunnett 1955). Given the common part z and the ratio s of estimated to true
    standard deviation, they are independent, so P is the expectation over s and z of the product over j of
    Phi((d s + l_j z) / sqrt(1 - l_j^2)). If some n_j is several hundred times n_0, the last digits are lost.

    Args:
        control: size n_0 of the control sample, above 0.
        others: sizes of the other samples, each above 0; at least one.
        df: degrees of freedom of the pooled standard deviation, at least 1.
        level: in (0, 1).

    Raises:
        ValueError: an argument is outside its range.

    """
    if not others or min(control, *others) <= 0 or df < 1 or not 0 < level < 1:
        msg = f"sizes {control} and {list(others)}, df = {df}, level = {level}: sizes > 0, df >= 1, 0 < level < 1"
        raise ValueError(msg)
    counts = Counter(math.sqrt(size / (control + size)) for size in others)
    return _solved(tuple(sorted(counts.items())), df, level)


@lru_cache(maxsize=1024)
def _solved(loadings: tuple[tuple[float, int], ...], df: int, level: float) -> float:
    """Solve for d, given (loading l_j, number of samples with this loading)."""
    others = sum(count for _, count in loadings)
    p_one = float(stats.t.ppf(level, df))
    p_all = float(stats.t.isf((1 - level) / others, df))  # Bonferroni: an upper bound
    if others == 1:
        return p_one
    scale, scale_weight = _ratios(df)
    z, z_weight = _normal()

    def excess(d: float) -> float:
        logs = np.zeros((NODES, NODES))
        for loading, count in loadings:
            logs += count * special.log_ndtr((d * scale[:, None] + loading * z) / math.sqrt(1 - loading**2))
        return float(scale_weight @ np.exp(logs) @ z_weight) - level

    return float(optimize.brentq(excess, p_one - BRACKET_MARGIN, p_all + BRACKET_MARGIN, xtol=1e-8))


def _normal() -> tuple[Floats, Floats]:
    """Return nodes and weights for the expectation over a standard normal variable."""
    x, weight = np.polynomial.legendre.leggauss(NODES)
    z = RANGE_SD * x
    return z, _normalised(weight * stats.norm.pdf(z))


def _ratios(df: int) -> tuple[Floats, Floats]:
    """Return nodes and weights for the expectation over s = sqrt(chi-square(df) / df)."""
    x, weight = np.polynomial.legendre.leggauss(NODES)
    tail = 1e-12
    low, high = (math.sqrt(float(stats.chi2.ppf(p, df))) for p in (tail, 1 - tail))
    root = (low + high) / 2 + (high - low) / 2 * x
    return root / math.sqrt(df), _normalised(weight * stats.chi.pdf(root, df))


def _normalised(weight: Floats) -> Floats:
    return np.asarray(weight / weight.sum())
