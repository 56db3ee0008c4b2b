"""Which configurations may be the best: Hsu's multiple comparisons with the best.

Hsu 1981 (Annals of Statistics 9, 1026) and 1984 (Annals of Statistics 12, 1136); for unequal sizes Hsu 1996, Multiple
Comparisons, ch. 4. Each configuration i gets an interval for mu_i - max over j != i of mu_j. All of them hold at once
with the stated probability, and so the truly best configuration is in the set with at least that probability, although
the data decide which one looks best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.statistics.dunnett import one_sided
from analysis.statistics.intervals import LEVEL
from analysis.statistics.two_way import no_spread, two_way_table

if TYPE_CHECKING:
    from analysis.results.runs_table import Key
    from analysis.statistics.arrays import Floats
    from analysis.statistics.two_way import Scores

Design = Literal["blocks", "unpaired"]


@dataclass(frozen=True)
class Contender:
    """One configuration, and its mean minus the best of the others, in the unit of the scores.

    ``low`` is at most 0 and ``high`` at least 0: the intervals are constrained, which is what makes them narrow. They
    are None where there is no interval.
    """

    key: Key
    mean: float
    n: int
    difference: float | None  # None when there is no other
    low: float | None
    high: float | None

    @property
    def may_be_best(self) -> bool:
        """Whether it is not ruled out: its interval reaches above 0, or there is none."""
        return self.high is None or self.high > 0


@dataclass(frozen=True)
class BestSet:
    """The configurations compared, and which of them may be the best.

    Attributes:
        candidates: in the plan's order.
        left_out: configurations with too few runs to be compared.
        design: ``blocks``: seeds are blocks of an additive model, over the seeds that all candidates have;
            ``unpaired``: every run for itself, all runs of a configuration, one variance for all.
        level: of the whole set.
        df: degrees of freedom of ``sd``.
        sd: of what the model leaves over, in the unit of the scores; None where it shows no spread: then there is no
            interval, and nothing is ruled out.

    """

    candidates: tuple[Contender, ...]
    left_out: tuple[Key, ...]
    design: Design
    level: float
    df: int
    sd: float | None

    @property
    def members(self) -> tuple[Key, ...]:
        """The configurations that may be the best, the highest mean first."""
        found = [each for each in self.candidates if each.may_be_best]
        return tuple(each.key for each in sorted(found, key=lambda each: -each.mean))

    def label(self) -> str:
        """Return what the intervals are, for a table's note."""
        sizes = sorted({each.n for each in self.candidates})
        runs = f"n = {sizes[0]}" if len(sizes) == 1 else f"n = {sizes[0]} to {sizes[-1]}"
        if self.sd is None:
            return f"no interval: no spread seen, {runs}"
        model = "seeds as blocks of an additive model" if self.design == "blocks" else "unpaired runs"
        return (
            f"{100 * self.level:g} % simultaneous intervals, Hsu's comparisons with the best, {model}, one variance "
            f"for all configurations, {self.df} degrees of freedom, {runs}"
        )


def best_set(scores: Scores, level: float = LEVEL, *, paired: bool = True) -> BestSet | None:
    """Compare every configuration with the best of the others; None without any score.

    Args:
        scores: configuration -> seed -> value, as in ``select.ValidationTable``; a higher value is better.
        level: probability in (0, 1) with which all intervals hold at once.
        paired: compare over the seeds that all configurations have (``select.rank``), with seeds as blocks: right for
            a study whose seeds are paired. Else every run counts, for configurations with different seeds; where seeds
            are paired after all, that makes the intervals too wide.

    Both take the spread to be the same in all configurations. With 7 configurations of equal mean and 12 seeds, the set
    at 95 % holds a given one in 95 % of simulated studies; in 89 % where that one scatters twice as much as the others,
    87 % three times, 99 % a third as much. ``select.choose`` compares pair by pair, is wider, and needs no such thing.

    Raises:
        ValueError: a value is not finite, or the level is outside (0, 1).

    """
    if not 0 < level < 1:
        msg = f"level = {level}: a confidence level lies between 0 and 1, both excluded"
        raise ValueError(msg)
    return _blocks(scores, level) if paired else _unpaired(scores, level)


def _blocks(scores: Scores, level: float) -> BestSet | None:
    layout = two_way_table(scores)
    if layout is None:
        return None
    sd = None if layout.variance is None else math.sqrt(layout.variance)
    sizes = [len(layout.seeds)] * len(layout.keys)
    found = _candidates(layout.keys, layout.means, sizes, sd, layout.df, level)
    return BestSet(found, layout.left_out, "blocks", level, layout.df, sd)


def _unpaired(scores: Scores, level: float) -> BestSet | None:
    keys = tuple(key for key, own in scores.items() if own)
    if not keys:
        return None
    runs = [np.fromiter(scores[key].values(), np.float64) for key in keys]
    every = np.concatenate(runs)
    if not np.isfinite(every).all():
        msg = f"{int((~np.isfinite(every)).sum())} of {every.size} values are not finite"
        raise ValueError(msg)
    df = every.size - len(keys)
    means = np.array([own.mean() for own in runs])
    sd = math.sqrt(sum(float(((own - own.mean()) ** 2).sum()) for own in runs) / df) if df else None
    sd = None if sd is None or no_spread(sd, every) else sd
    found = _candidates(keys, means, [own.size for own in runs], sd, df, level)
    left_out = tuple(key for key in scores if key not in keys)
    return BestSet(found, left_out, "unpaired", level, df, sd)


def _candidates(  # noqa: PLR0913, PLR0917 -- what a one-way or two-way layout comes down to
    keys: tuple[Key, ...], means: Floats, sizes: list[int], sd: float | None, df: int, level: float
) -> tuple[Contender, ...]:
    gaps = means[:, None] - means  # (K, K), row minus column
    off = ~np.eye(len(keys), dtype=bool)
    nearest = [float(row[own].min()) if own.any() else None for row, own in zip(gaps, off, strict=True)]
    if sd is None or len(keys) == 1:
        ends: list[tuple[float | None, float | None]] = [(None, None)] * len(keys)
    else:
        ends = [*_constrained(gaps, _allowances(sizes, sd, df, level))]
    return tuple(
        Contender(key, float(mean), n, difference, *end)
        for key, mean, n, difference, end in zip(keys, means, sizes, nearest, ends, strict=True)
    )


def _allowances(sizes: list[int], sd: float, df: int, level: float) -> Floats:
    """Return (K, K): row i has critical value times standard error of i minus each other, with i as the control."""
    critical: dict[int, float] = {}
    for i, size in enumerate(sizes):
        if size not in critical:
            critical[size] = one_sided(size, [*sizes[:i], *sizes[i + 1 :]], df, level)
    n = np.array(sizes, dtype=np.float64)
    return np.array([critical[size] for size in sizes])[:, None] * sd * np.sqrt(1 / n[:, None] + 1 / n)


def _constrained(gaps: Floats, allowances: Floats) -> list[tuple[float, float]]:
    """Return each configuration's interval (Hsu 1984; Hsu 1996 for unequal sizes).

    The upper end is the positive part of the least of gap + allowance. The lower end is the least of the negative
    parts of gap - allowance over the others whose upper end is above 0; 0 when there is no such other.
    """
    count = len(gaps)
    highs = [max(0.0, min(gaps[i, j] + allowances[i, j] for j in range(count) if j != i)) for i in range(count)]
    able = [j for j in range(count) if highs[j] > 0]
    # What bounds i from below is that j, were it the best, is not much better: so j's own allowance counts.
    lows = [min((min(0.0, gaps[i, j] - allowances[j, i]) for j in able if j != i), default=0.0) for i in range(count)]
    return [(float(low), float(high)) for low, high in zip(lows, highs, strict=True)]
