"""Configurations x seeds as a two-way table: the effects of configurations and seeds, and the residuals.

The additive model is y_is = mu_i + b_s + e_is with independent e_is of equal variance (Scheffe 1959, The Analysis of
Variance, ch. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.statistics.arrays import two_way_residuals
from analysis.statistics.intervals import f_text, no_spread

if TYPE_CHECKING:
    from analysis.results.runs_table import Key
    from analysis.statistics.arrays import Floats
    from analysis.statistics.blocks.block_model import BlockModel
    from analysis.statistics.ranking import Scores

MIN_FOR_DIFFERENCE = 2  # configurations, or seeds, needed to show a difference


@dataclass(frozen=True)
class TwoWayTable:
    """The value of every configuration with every seed; no cell is empty.

    Attributes:
        keys: the K configurations, in the plan's order.
        seeds: the S seeds that all of them share, ascending.
        values: (K, S), in the unit of the scores.

    """

    keys: tuple[Key, ...]
    seeds: tuple[int, ...]
    values: Floats

    @cached_property
    def means(self) -> Floats:
        """The mean of each configuration over the seeds; shape (K,)."""
        return np.asarray(self.values.mean(axis=1))

    @property
    def df(self) -> int:
        """Degrees of freedom of the residual: (K - 1) (S - 1), at least 0."""
        return (len(self.keys) - 1) * (len(self.seeds) - 1)

    @property
    def configuration_square(self) -> float:
        """Mean square between configurations; requires two."""
        return len(self.seeds) * float(np.var(self.means, ddof=1))

    @property
    def seed_square(self) -> float:
        """Mean square between seeds; requires two."""
        return len(self.keys) * float(np.var(self.values.mean(axis=0), ddof=1))

    @cached_property
    def variance(self) -> float | None:
        """Residual mean square, the estimate of the variance of e_is; None without degrees of freedom or spread.

        Without spread, every two configurations differ by the same amount in every seed; see ``Interval``.
        """
        if not self.df:
            return None
        variance = float((self.residuals**2).sum()) / self.df
        return None if no_spread(math.sqrt(variance), self.values) else variance

    @cached_property
    def residuals(self) -> Floats:
        """The values minus the effects of configuration and seed; shape (K, S)."""
        return two_way_residuals(self.values)


def two_way_table(scores: Scores) -> TwoWayTable | None:
    """Return the table over seeds that most configurations share; None without any score.

    Configurations are added by descending number of runs, equal ones in the plan's order. One that would leave fewer
    than two common seeds, or fewer than half as many as the largest number of runs, is left out. If no configuration
    has a second run, one common seed suffices.

    Raises:
        ValueError: a value is not finite.

    """
    most_runs = max(map(len, scores.values()), default=0)
    min_shared = max(min(2, most_runs), (most_runs + 1) // 2)
    common: set[int] = set()
    kept: set[Key] = set()
    for key in sorted(scores, key=lambda key: -len(scores[key])):
        shared = common & set(scores[key]) if kept else set(scores[key])
        if len(shared) >= min_shared:
            common = shared
            kept.add(key)
    if not kept:
        return None
    keys, seeds = tuple(key for key in scores if key in kept), tuple(sorted(common))
    values = np.array([[scores[key][seed] for seed in seeds] for key in keys], dtype=np.float64)
    if not np.isfinite(values).all():
        msg = f"{int((~np.isfinite(values)).sum())} of {values.size} values are not finite"
        raise ValueError(msg)
    return TwoWayTable(keys, seeds, values)


@dataclass(frozen=True)
class Effect:
    """The F test of "all configurations have the same mean", with its degrees of freedom."""

    f: float
    df: tuple[int, int]
    p: float

    def text(self) -> str:
        """Return ``F(8, 88) = 1.20, p = 0.31``."""
        return f_text(self.f, self.df, self.p)


def effect(model: BlockModel) -> Effect | None:
    """Test whether the configurations differ at all, with seeds as blocks; None if the residuals show no spread.

    Where runs are missing it is Wald's test with the median degrees of freedom of a difference, which errs on the side
    of "no difference".
    """
    count = len(model.keys)
    if model.variance is None or count < MIN_FOR_DIFFERENCE:
        return None
    if model.complete:
        f, rest = model.seeds * float(np.var(model.means, ddof=1)) / model.variance, model.df
    else:
        pairs = [model.differences_from(i) for i in range(count)]
        variances, rest = np.array([pair[0] for pair in pairs]), float(np.median([pair[1] for pair in pairs]))
        centring = np.eye(count) - 1 / count
        covariance = -centring @ variances @ centring / 2  # of the means, each minus their average
        f = float(model.means @ np.linalg.pinv(covariance, hermitian=True) @ model.means) / (count - 1)
    df = (count - 1, int(rest))
    return Effect(f, df, float(stats.f.sf(f, *df)))
