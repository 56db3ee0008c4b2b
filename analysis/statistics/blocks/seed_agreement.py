"""The effect of the seeds: how far configurations agree on which seeds are good, and whether pairing by seed helps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import stats

from analysis.statistics.blocks.two_way import MIN_FOR_DIFFERENCE
from analysis.statistics.intervals import LEVEL, check_level
from trainables.numerals import ends, fixed

if TYPE_CHECKING:
    from analysis.statistics.blocks.two_way import TwoWayTable


@dataclass(frozen=True)
class SeedAgreement:
    """Intraclass correlations of the seeds, over K configurations and S seeds (Shrout and Fleiss 1979).

    Attributes:
        agreement: ICC(2,1), the seeds' share of the total variance, including that between the configurations' means;
            None where they show no such variance, as for two configurations and two seeds with equal means.
        consistency: ICC(3,1), the correlation between configurations over seeds, at most 1; it decides about pairing.
        low: lower end of the F interval of the consistency, exact for the additive normal model.
        high: upper end of this interval.
        level: of the interval.
        configurations: K.
        seeds: S.
        width_ratio: expected width of the t-interval of a difference of two means paired by seed, divided by its width
            between runs of different seeds. The variances have the ratio 1 - consistency; that of the widths is less
            favourable, because pairs have S - 1 degrees of freedom and separate runs 2 (S - 1).

    """

    agreement: float | None
    consistency: float
    low: float
    high: float
    level: float
    configurations: int
    seeds: int
    width_ratio: float

    @property
    def pairing_helps(self) -> bool:
        """Whether pairing is estimated to make intervals narrower."""
        return self.width_ratio < 1

    def text(self) -> str:
        """Return a sentence that states the agreement and the effect of pairing."""
        effect = "narrows" if self.pairing_helps else "does not narrow"
        return (
            f"ICC(3,1) = {fixed(self.consistency, 2)} ({ends(self.low, self.high, 2)}; {self.configurations} "
            f"configurations, {self.seeds} seeds): pairing by seed {effect} the intervals of differences (they are "
            f"{self.width_ratio:.2f} times as wide as without it)."
        )


def seed_agreement(table: TwoWayTable, level: float = LEVEL) -> SeedAgreement | None:
    """Return how far configurations agree about the seeds; None below two of either, or without any spread.

    Args:
        table: the values of the configurations over their common seeds.
        level: of the interval, in (0, 1).

    Raises:
        ValueError: the level is outside (0, 1).

    """
    check_level(level)
    if min(table.values.shape) < MIN_FOR_DIFFERENCE or table.variance is None:
        return None
    return _agreement(table, table.variance, level)


def _agreement(table: TwoWayTable, residual: float, level: float) -> SeedAgreement:
    k, n = table.values.shape
    rows, columns = table.seed_square, table.configuration_square
    within = (rows + (k - 1) * residual) / k  # the pooled variance within a configuration
    total = rows + (k - 1) * residual + k * (columns - residual) / n
    f = rows / residual
    upper = float(stats.f.ppf((1 + level) / 2, n - 1, table.df))
    lower = float(stats.f.ppf((1 - level) / 2, n - 1, table.df))
    quantile = [float(stats.t.ppf((1 + level) / 2, df)) for df in (n - 1, 2 * (n - 1))]
    return SeedAgreement(
        agreement=(rows - residual) / total if total > 0 else None,
        consistency=1 - residual / within,
        low=(f / upper - 1) / (f / upper + k - 1),
        high=(f / lower - 1) / (f / lower + k - 1),
        level=level,
        configurations=k,
        seeds=n,
        width_ratio=quantile[0] / quantile[1] * math.sqrt(residual / within),
    )
