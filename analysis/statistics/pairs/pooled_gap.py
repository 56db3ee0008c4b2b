"""The difference of two arms pooled over training subsets, and whether it depends on the subset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.statistics.arrays import two_way_residuals
from analysis.statistics.intervals import LEVEL, Interval, f_text, no_spread, t_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.statistics.arrays import Floats

MIN_SUBSETS = 2
MIN_SHARED = 2


@dataclass(frozen=True)
class Interaction:
    """The F test of "the difference is the same on every subset".

    Attributes:
        f: the mean square between subsets over that of the interaction of subsets and seeds.
        df: its degrees of freedom, B - 1 and (B - 1)(S - 1).
        epsilon: Greenhouse and Geisser's factor of both, in [1 / (B - 1), 1].
        p: p-value with the degrees of freedom times epsilon.

    """

    f: float
    df: tuple[int, int]
    epsilon: float
    p: float

    def text(self) -> str:
        """Return ``F(2, 22) = 1.20, p = 0.31``."""
        return f_text(self.f, self.df, self.p)


@dataclass(frozen=True)
class PooledGap:
    """The difference of two arms, first minus second, over several subsets.

    Attributes:
        interval: the mean over subsets with its t-interval over seeds.
        interaction: whether it depends on the subset; None if the differences show no spread beside their means.
        subsets: names of the B subsets.

    """

    interval: Interval
    interaction: Interaction | None
    subsets: tuple[str, ...]


def pooled_gap(gaps: Mapping[str, Mapping[int, float]], level: float = LEVEL) -> PooledGap | None:
    """Pool paired differences over the subsets; None with fewer than two subsets, or seeds that all of them share.

    Every subset counts alike. A seed is a block: it gives the runs on all subsets the same initial weights, so its
    differences on the subsets may be correlated. They are averaged over the subsets first, and the t-interval is over
    the seeds' averages, which are independent whatever that correlation is. The interaction is that of a
    repeated-measures analysis of variance: subsets x seeds without replication. Its F test assumes that the
    differences between every two subsets scatter alike over the seeds; Greenhouse and Geisser 1959 (Psychometrika 24,
    95) correct its degrees of freedom where they do not.

    Args:
        gaps: subset -> seed -> difference of the two arms (a fraction).
        level: of the interval, in (0, 1).

    Raises:
        ValueError: a value is not finite, or the level is outside (0, 1).

    """
    shared = sorted(set.intersection(*(set(by_seed) for by_seed in gaps.values()))) if gaps else []
    if len(gaps) < MIN_SUBSETS or len(shared) < MIN_SHARED:
        return None
    values = np.array([[by_seed[seed] for seed in shared] for by_seed in gaps.values()], dtype=np.float64)  # (B, S)
    return PooledGap(t_interval(values.mean(axis=0), level), _interaction(values), tuple(gaps))


def _interaction(values: Floats) -> Interaction | None:
    subsets, seeds = values.shape
    means = values.mean(axis=1)
    residuals = two_way_residuals(values)
    df = (subsets - 1, (subsets - 1) * (seeds - 1))
    square = float((residuals**2).sum()) / df[1]
    if no_spread(square**0.5, values):
        return None
    f = seeds * float(means.var(ddof=1)) / square
    covariance = residuals @ residuals.T  # of the subsets, free of the seeds' effects; only its shape matters
    epsilon = float(np.trace(covariance) ** 2 / (df[0] * (covariance**2).sum()))
    return Interaction(f, df, epsilon, float(stats.f.sf(f, df[0] * epsilon, df[1] * epsilon)))
