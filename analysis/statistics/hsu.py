"""The configurations that may be the best, by Hsu's multiple comparisons with the best.

Each configuration i gets an interval for mu_i - max over j != i of mu_j. All intervals hold simultaneously with the
stated probability, so the set contains the truly best configuration with at least that probability, even though the
data decide which one looks best. Sources: Hsu 1981 (Annals of Statistics 9, 1026), Hsu 1984 (Annals of Statistics 12,
1136), and for unequal sizes Hsu 1996 (Multiple Comparisons, ch. 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.statistics.dunnett import one_sided
from analysis.statistics.intervals import LEVEL, check_level, no_spread
from analysis.statistics.two_way import two_way_table

if TYPE_CHECKING:
    from analysis.results.runs_table import Key
    from analysis.statistics.arrays import Floats
    from analysis.statistics.two_way import Scores

Design = Literal["blocks", "unpaired"]


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
        left_out: configurations with too few runs to be compared.
        design: ``blocks``: an additive model with seeds as blocks, over the seeds that all candidates share;
            ``unpaired``: a one-way layout of all runs.
        level: of all intervals together.
        df: degrees of freedom of ``sd``.
        sd: residual standard deviation of the model, in the unit of the scores; None without spread: then there are no
            intervals, and nothing is ruled out.

    """

    candidates: tuple[Contender, ...]
    left_out: tuple[Key, ...]
    design: Design
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
        sizes = sorted({candidate.n for candidate in self.candidates})
        runs = f"n = {sizes[0]}" if len(sizes) == 1 else f"n = {sizes[0]} to {sizes[-1]}"
        if self.sd is None:
            return f"no interval: no spread seen, {runs}"
        model = "seeds as blocks of an additive model" if self.design == "blocks" else "unpaired runs"
        return (
            f"{100 * self.level:g} % simultaneous intervals, Hsu's comparisons with the best, {model}, one variance "
            f"for all configurations, {self.df} degrees of freedom, {runs}"
        )


def best_set(scores: Scores, level: float = LEVEL, *, paired: bool = True) -> BestSet | None:
    """Compare every configuration with the best of the others; return None without any score.

    Both designs assume that all configurations scatter equally. With 7 configurations of equal mean and 12 seeds, the
    95 % set contains a given one in 95 % of simulated studies: in 89 % if it scatters twice as much as the others, 87 %
    if three times, 99 % if a third as much. The pairwise comparisons of ``ranking.choose`` are wider and do not
    assume this.

    Args:
        scores: configuration -> seed -> value; a higher value is better.
        level: probability in (0, 1) with which all intervals hold simultaneously.
        paired: compare over the seeds that all configurations share (``ranking.rank``), with seeds as blocks. Otherwise
            all runs are used, for configurations with different seeds; if seeds are paired after all, the intervals are
            then too wide.

    Raises:
        ValueError: a value is not finite, or the level is outside (0, 1).

    """
    check_level(level)
    return _blocks(scores, level) if paired else _unpaired(scores, level)


def _blocks(scores: Scores, level: float) -> BestSet | None:
    table = two_way_table(scores)
    if table is None:
        return None
    sd = None if table.variance is None else math.sqrt(table.variance)
    sizes = [len(table.seeds)] * len(table.keys)
    candidates = _candidates(table.keys, table.means, sizes, sd, table.df, level)
    return BestSet(candidates, table.left_out, "blocks", level, table.df, sd)


def _unpaired(scores: Scores, level: float) -> BestSet | None:
    keys = tuple(key for key, by_seed in scores.items() if by_seed)
    if not keys:
        return None
    runs = [np.fromiter(scores[key].values(), np.float64) for key in keys]
    pooled = np.concatenate(runs)
    if not np.isfinite(pooled).all():
        msg = f"{int((~np.isfinite(pooled)).sum())} of {pooled.size} values are not finite"
        raise ValueError(msg)
    df = pooled.size - len(keys)
    means = np.array([values.mean() for values in runs])
    sd = math.sqrt(sum(float(((values - values.mean()) ** 2).sum()) for values in runs) / df) if df else None
    sd = None if sd is None or no_spread(sd, pooled) else sd
    candidates = _candidates(keys, means, [values.size for values in runs], sd, df, level)
    left_out = tuple(key for key in scores if key not in keys)
    return BestSet(candidates, left_out, "unpaired", level, df, sd)


def _candidates(  # noqa: PLR0913, PLR0917 -- the sufficient statistics of either design
    keys: tuple[Key, ...], means: Floats, sizes: list[int], sd: float | None, df: int, level: float
) -> tuple[Contender, ...]:
    gaps = means[:, None] - means  # (K, K), row minus column
    others = ~np.eye(len(keys), dtype=bool)
    differences = [float(row[other].min()) if other.any() else None for row, other in zip(gaps, others, strict=True)]
    if sd is None or len(keys) == 1:
        ends: list[tuple[float | None, float | None]] = [(None, None)] * len(keys)
    else:
        ends = [*_constrained(gaps, _allowances(sizes, sd, df, level))]
    return tuple(
        Contender(key, float(mean), n, difference, *end)
        for key, mean, n, difference, end in zip(keys, means, sizes, differences, ends, strict=True)
    )


def _allowances(sizes: list[int], sd: float, df: int, level: float) -> Floats:
    """Return the critical value with i as the control times the standard error of i minus j; shape (K, K)."""
    critical: dict[int, float] = {}
    for i, size in enumerate(sizes):
        if size not in critical:
            critical[size] = one_sided(size, [*sizes[:i], *sizes[i + 1 :]], df, level)
    n = np.array(sizes, dtype=np.float64)
    return np.array([critical[size] for size in sizes])[:, None] * sd * np.sqrt(1 / n[:, None] + 1 / n)


def _constrained(gaps: Floats, allowances: Floats) -> list[tuple[float, float]]:
    """Return the constrained interval of each configuration (Hsu 1984; Hsu 1996 for unequal sizes).

    The upper end is the positive part of the minimum of gap + allowance. The lower end is the minimum of the negative
    parts of gap - allowance over the others whose upper end is above 0; without such others, it is 0.
    """
    count = len(gaps)
    highs = [max(0.0, min(gaps[i, j] + allowances[i, j] for j in range(count) if j != i)) for i in range(count)]
    possible = [j for j in range(count) if highs[j] > 0]
    # i is bounded from below because j, if it were the best, would not be much better: hence the allowance of j.
    lows = [
        min((min(0.0, gaps[i, j] - allowances[j, i]) for j in possible if j != i), default=0.0) for i in range(count)
    ]
    return [(float(low), float(high)) for low, high in zip(lows, highs, strict=True)]
