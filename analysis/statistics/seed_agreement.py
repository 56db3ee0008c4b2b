"""What the seeds do: how far configurations agree about which seeds are good, and so whether pairing by seed helps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import stats

from analysis.statistics.intervals import LEVEL
from analysis.statistics.two_way import MIN_FOR_DIFFERENCE, two_way_table

if TYPE_CHECKING:
    from analysis.statistics.two_way import Scores, TwoWayTable


@dataclass(frozen=True)
class SeedAgreement:
    """Intraclass correlations of the seeds, over K configurations and S seeds (Shrout and Fleiss 1979).

    Attributes:
        agreement: ICC(2,1): the seeds' share of all variance, differences between the configurations' means included.
        consistency: ICC(3,1): the correlation between configurations over seeds, at most 1; it decides about pairing.
        low: of the ``level`` F interval of the consistency, exact for the additive normal model.
        high: of the same interval.
        level: of the interval.
        configurations: K.
        seeds: S.
        variance_ratio: variance of a difference of two means paired by seed, over that of the same difference between
            runs of different seeds; 1 - consistency. Below 1, pairing takes variance away.
        width_ratio: of their t-intervals' expected widths for two configurations; dearer than the variance alone says,
            because pairs leave S - 1 degrees of freedom where separate runs leave 2 (S - 1).

    """

    agreement: float
    consistency: float
    low: float
    high: float
    level: float
    configurations: int
    seeds: int
    variance_ratio: float
    width_ratio: float

    @property
    def pairing_helps(self) -> bool:
        """Whether intervals are narrower with pairs than they would be without, by these estimates."""
        return self.width_ratio < 1

    def text(self) -> str:
        """Return a sentence that says how far seeds agree, and what pairing does."""
        does = "narrows" if self.pairing_helps else "does not narrow"
        return (
            f"Seeds explain a share of {self.consistency:.2f} of the variance within configurations (ICC(3,1); "
            f"{100 * self.level:g} % F interval {self.low:.2f} to {self.high:.2f}; {self.configurations} "
            f"configurations, {self.seeds} seeds): pairing by seed {does} the intervals of differences "
            f"(by a factor of {self.width_ratio:.2f})."
        )


def seed_agreement(scores: Scores, level: float = LEVEL) -> SeedAgreement | None:
    """Say how far configurations agree about the seeds; None below two of either, or without any spread.

    Args:
        scores: configuration -> seed -> value; the seeds that all configurations have count (``select.rank``).
        level: of the interval, in (0, 1).

    Raises:
        ValueError: a value is not finite, or the level is outside (0, 1).

    """
    if not 0 < level < 1:
        msg = f"level = {level}: a confidence level lies between 0 and 1, both excluded"
        raise ValueError(msg)
    layout = two_way_table(scores)
    if layout is None or min(layout.values.shape) < MIN_FOR_DIFFERENCE or layout.variance is None:
        return None
    return _agreement(layout, layout.variance, level)


def _agreement(layout: TwoWayTable, residual: float, level: float) -> SeedAgreement:
    k, n = layout.values.shape
    rows, columns = layout.seed_square, layout.configuration_square
    within = (rows + (k - 1) * residual) / k  # the pooled variance of a configuration's runs
    f = rows / residual
    upper = float(stats.f.ppf((1 + level) / 2, n - 1, layout.df))
    lower = float(stats.f.ppf((1 - level) / 2, n - 1, layout.df))
    quantile = [float(stats.t.ppf((1 + level) / 2, df)) for df in (n - 1, 2 * (n - 1))]
    return SeedAgreement(
        agreement=(rows - residual) / (rows + (k - 1) * residual + k * (columns - residual) / n),
        consistency=1 - residual / within,
        low=(f / upper - 1) / (f / upper + k - 1),
        high=(f / lower - 1) / (f / lower + k - 1),
        level=level,
        configurations=k,
        seeds=n,
        variance_ratio=residual / within,
        width_ratio=quantile[0] / quantile[1] * math.sqrt(residual / within),
    )
