"""Configurations x seeds as a two-way layout: what a configuration does, what a seed does, and what is left.

The additive model is y_is = mu_i + b_s + e_is with independent e_is of one variance. Its sums of squares are in every
textbook (Scheffe 1959, The Analysis of Variance, ch. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import stats

from analysis.statistics.intervals import ROUNDING, p_text
from analysis.statistics.ranking import ValidationTable, rank

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.results.runs_table import Key
    from analysis.statistics.arrays import Floats

Scores: TypeAlias = "Mapping[Key, Mapping[int, float]]"
MIN_FOR_DIFFERENCE = 2  # the fewest configurations, and the fewest seeds, that show a difference
MIN_SEEDS_FOR_SPREADS = 5  # the fewest seeds that show whether spreads differ


@dataclass(frozen=True)
class TwoWayTable:
    """Every configuration's value with every seed; no cell is empty.

    Attributes:
        keys: the K configurations, in the plan's order.
        seeds: the S seeds that all of them have, ascending.
        values: (K, S), in the unit of the scores.
        left_out: configurations with too few seeds in common with the others (``select.rank``).

    """

    keys: tuple[Key, ...]
    seeds: tuple[int, ...]
    values: Floats
    left_out: tuple[Key, ...]

    @cached_property
    def means(self) -> Floats:
        """Each configuration's mean over the common seeds; shape (K,)."""
        return np.asarray(self.values.mean(axis=1))

    @property
    def df(self) -> int:
        """Degrees of freedom of the residual: (K - 1) (S - 1), at least 0."""
        return (len(self.keys) - 1) * (len(self.seeds) - 1)

    @property
    def configuration_square(self) -> float:
        """Mean square between configurations; needs two of them."""
        return len(self.seeds) * float(np.var(self.means, ddof=1))

    @property
    def seed_square(self) -> float:
        """Mean square between seeds; needs two of them."""
        return len(self.keys) * float(np.var(self.values.mean(axis=0), ddof=1))

    @cached_property
    def variance(self) -> float | None:
        """Residual mean square, which estimates the variance of e_is; None where it shows no spread, or has no df.

        No spread means that every two configurations differ by the same amount in every seed: see ``Interval``.
        """
        if not self.df:
            return None
        found = float((self.residuals**2).sum()) / self.df
        return None if no_spread(math.sqrt(found), self.values) else found

    @cached_property
    def residuals(self) -> Floats:
        """What configuration and seed leave of each value; shape (K, S)."""
        return np.asarray(self.values - self.means[:, None] - self.values.mean(axis=0) + self.values.mean())


def no_spread(sd: float, values: Floats) -> bool:
    """Say whether a standard deviation is no more than the rounding of sums of these values."""
    return sd <= ROUNDING * max(1.0, float(np.abs(values).max()))


def two_way_table(scores: Scores) -> TwoWayTable | None:
    """Lay out the seeds that all configurations have, by the rule of ``select.rank``; None without any score.

    Args:
        scores: configuration -> seed -> value, as in ``select.ValidationTable``.

    Raises:
        ValueError: a value is not finite.

    """
    # The rule looks at which seeds there are; what the accuracies are of makes no difference to it.
    ranking = rank(ValidationTable(None, {key: own for key, own in scores.items() if own}))
    if not ranking.keys:
        return None
    seeds = tuple(next(iter(ranking.scores.values())))
    values = np.array([[own[seed] for seed in seeds] for own in ranking.scores.values()], dtype=np.float64)
    return TwoWayTable(tuple(ranking.scores), seeds, values, ranking.too_few)


@dataclass(frozen=True)
class Effect:
    """The F test of "all configurations have the same mean", with its degrees of freedom."""

    f: float
    df: tuple[int, int]
    p: float

    def text(self) -> str:
        """Return ``F(8, 88) = 1.20, p = 0.31``."""
        return f"F({self.df[0]}, {self.df[1]}) = {self.f:.2f}, {p_text(self.p)}"


@dataclass(frozen=True)
class Unevenness:
    """Whether configurations scatter alike: Brown and Forsythe's test of the residuals, and their standard deviations.

    Attributes:
        p: of "all configurations have one variance".
        low: the smallest standard deviation of a configuration's residuals, in the unit of the scores.
        high: the largest.

    """

    p: float
    low: float
    high: float


def unevenness(layout: TwoWayTable) -> Unevenness | None:
    """Test whether the configurations have one variance (Brown and Forsythe 1974, J. Am. Stat. Assoc. 69, 364).

    Residuals of a two-way layout depend on one another, which makes the test cautious: of simulated studies of 9
    configurations and 12 seeds, it rejects at 5 % in 2 % where all have one variance, in 37 % where one scatters twice
    as much as the others and in 85 % where three times. With 5 seeds the last is 15 %, and below it is not made.
    """
    if layout.variance is None or len(layout.seeds) < MIN_SEEDS_FOR_SPREADS or len(layout.keys) <= MIN_FOR_DIFFERENCE:
        return None  # two configurations' residuals mirror each other
    sds = layout.residuals.std(axis=1, ddof=1)
    return Unevenness(
        float(stats.levene(*layout.residuals, center="median").pvalue), float(sds.min()), float(sds.max())
    )


def effect(layout: TwoWayTable) -> Effect | None:
    """Test whether the configurations differ at all, seeds being blocks; None where the residual shows no spread."""
    if layout.variance is None:
        return None
    df = (len(layout.keys) - 1, layout.df)
    f = layout.configuration_square / layout.variance
    return Effect(f, df, float(stats.f.sf(f, *df)))
