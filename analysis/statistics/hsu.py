"""The configurations that may be the best, by Hsu's multiple comparisons with the best.

Each configuration i gets an interval for mu_i - max over j != i of mu_j. All intervals hold simultaneously with the
stated probability, so the set contains the truly best configuration with at least that probability, even though the
data decide which one looks best. Sources: Hsu 1981 (Annals of Statistics 9, 1026) and Hsu 1984 (Annals of Statistics
12, 1136).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.dunnett import one_sided
from analysis.statistics.intervals import LEVEL, check_level

if TYPE_CHECKING:
    from analysis.results.runs_table import Key
    from analysis.statistics.arrays import Floats
    from analysis.statistics.two_way import TwoWayTable


@dataclass(frozen=True)
class Contender:
    """A configuration, and its mean minus the best of the others, in the unit of the scores.

    The interval is constrained to ``low`` <= 0 <= ``high``, which makes it narrow. Without one, both ends are None.
    """

    key: Key
    mean: float
    n: int
    difference: float | None  # None if there is no other configuration
    low: float | None
    high: float | None

    @property
    def may_be_best(self) -> bool:
        """Whether it is not ruled out: its interval reaches above 0, or it has none."""
        return self.high is None or self.high > 0


@dataclass(frozen=True)
class BestSet:
    """The compared configurations, and which of them may be the best.

    Attributes:
        candidates: the compared configurations, in the plan's order.
        left_out: configurations with too few seeds in common with the others.
        level: of all intervals together.
        df: degrees of freedom of ``sd``.
        sd: residual standard deviation of the model, in the unit of the scores; None without spread: then there are no
            intervals, and nothing is ruled out.

    """

    candidates: tuple[Contender, ...]
    left_out: tuple[Key, ...]
    level: float
    df: int
    sd: float | None

    @property
    def members(self) -> tuple[Key, ...]:
        """The configurations that may be the best, highest mean first."""
        possible = [candidate for candidate in self.candidates if candidate.may_be_best]
        return tuple(candidate.key for candidate in sorted(possible, key=lambda candidate: -candidate.mean))

    def label(self) -> str:
        """Return a description of the intervals, for the note of a table."""
        runs = f"n = {self.candidates[0].n}"
        if self.sd is None:
            return f"no interval: no spread seen, {runs}"
        return (
            f"{100 * self.level:g} % simultaneous intervals, Hsu's comparisons with the best, seeds as blocks of an "
            f"additive model, one variance for all configurations, {self.df} degrees of freedom, {runs}"
        )


def best_set(table: TwoWayTable, level: float = LEVEL) -> BestSet:
    """Compare every configuration with the best of the others, with seeds as blocks.

    All configurations are assumed to scatter equally. With 7 configurations of equal mean and 12 seeds, the 95 % set
    contains a given one in 95 % of simulated studies: in 89 % if it scatters twice as much as the others, 87 % if three
    times, 99 % if a third as much. The pairwise comparisons of ``ranking.choose`` are wider and do not assume this.

    Args:
        table: the values; a higher one is better.
        level: probability in (0, 1) with which all intervals hold simultaneously.

    Raises:
        ValueError: the level is outside (0, 1).

    """
    check_level(level)
    count, n = table.values.shape
    sd = None if table.variance is None else math.sqrt(table.variance)
    differences: list[float | None] = [None]
    ends: list[tuple[float | None, float | None]] = [(None, None)] * count
    if count > 1:
        gaps = table.means[:, None] - table.means  # (K, K), row minus column
        least = np.array([np.delete(row, i).min() for i, row in enumerate(gaps)])
        differences = least.tolist()
        if sd is not None:
            allowance = one_sided(count - 1, table.df, level) * sd * math.sqrt(1 / n + 1 / n)
            ends = [*_constrained(gaps, allowance)]
    candidates = tuple(
        Contender(key, float(mean), n, difference, low, high)
        for key, mean, difference, (low, high) in zip(table.keys, table.means, differences, ends, strict=True)
    )
    return BestSet(candidates, table.left_out, level, table.df, sd)


def _constrained(gaps: Floats, allowance: float) -> list[tuple[float, float]]:
    """Return the constrained interval of each configuration (Hsu 1984).

    The upper end is the positive part of the minimum of gap + allowance. The lower end is the minimum of the negative
    parts of gap - allowance over the others whose upper end is above 0; without such others, it is 0.
    """
    count = len(gaps)
    highs = [max(0.0, min(gaps[i, j] + allowance for j in range(count) if j != i)) for i in range(count)]
    possible = [j for j in range(count) if highs[j] > 0]
    lows = [min((min(0.0, gaps[i, j] - allowance) for j in possible if j != i), default=0.0) for i in range(count)]
    return [(float(low), float(high)) for low, high in zip(lows, highs, strict=True)]
