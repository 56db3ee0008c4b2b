"""The critical value of Dunnett's one-sided comparisons with a control, to four digits and without random numbers.

``scipy.stats.dunnett`` gives p-values, by quasi-random integration. A report made twice must say the same, so the
integral is taken by quadrature here; the tests compare it with Dunnett's table and with ``scipy.stats.multivariate_t``.
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
REACH = 8.5  # standard deviations; what lies beyond has a probability below 1e-16
SLACK = 0.05  # more than the quadrature moves an end of the bracket


def one_sided(control: float, others: Sequence[float], df: int, level: float) -> float:
    """Return d with P(every (x_j - x_0) / standard error < d) = level, where all true means are equal.

    By Dunnett 1955: with sizes n_0 and n_j, the statistics have a multivariate t distribution of correlations
    l_i l_j, l_j = sqrt(n_j / (n_0 + n_j)). Given the common part z and the standard deviation's ratio s they are
    independent: P = E over s and z of the product of Phi((d s + l_j z) / sqrt(1 - l_j^2)). Where some n_j is several
    hundred times n_0, the last digits are lost.

    Args:
        control: size n_0 of the control's sample, above 0.
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
    """Solve for d, given how often each loading l_j occurs."""
    others = sum(times for _, times in loadings)
    p_one = float(stats.t.ppf(level, df))
    p_all = float(stats.t.isf((1 - level) / others, df))  # Bonferroni: never below the exact value
    if others == 1:
        return p_one
    scale, scale_weight = _ratios(df)
    z, z_weight = _normal()

    def excess(d: float) -> float:
        logs = np.zeros((NODES, NODES))
        for loading, times in loadings:
            logs += times * special.log_ndtr((d * scale[:, None] + loading * z) / math.sqrt(1 - loading**2))
        return float(scale_weight @ np.exp(logs) @ z_weight) - level

    return float(optimize.brentq(excess, p_one - SLACK, p_all + SLACK, xtol=1e-8))


def _normal() -> tuple[Floats, Floats]:
    """Return nodes and weights of an integral over the standard normal distribution."""
    x, weight = np.polynomial.legendre.leggauss(NODES)
    z = REACH * x
    return z, _to_one(weight * stats.norm.pdf(z))


def _ratios(df: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of an integral over s = sqrt(chi-square(df) / df)."""
    x, weight = np.polynomial.legendre.leggauss(NODES)
    tail = 1e-12
    low, high = (math.sqrt(float(stats.chi2.ppf(p, df))) for p in (tail, 1 - tail))
    root = (low + high) / 2 + (high - low) / 2 * x
    return root / math.sqrt(df), _to_one(weight * stats.chi.pdf(root, df))


def _to_one(weight: Floats) -> Floats:
    return np.asarray(weight / weight.sum())
