"""Differences between configurations paired by seed: tests of a family of pairs, effect sizes, and equivalence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from analysis.statistics.independent_means import from_half_width
from analysis.statistics.intervals import LEVEL, difference_interval, paired_difference, shared_seeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.results.runs_table import Key
    from analysis.statistics.intervals import Interval
    from analysis.statistics.ranking import Scores

MARGIN = 0.5  # points of accuracy; arms that differ by less are called equivalent
MIN_PAIRS_FOR_HEDGES = 3  # Hedges' correction is undefined for fewer


@dataclass(frozen=True)
class PairedTest:
    """First minus second over the shared seeds, in the unit of the scores.

    Attributes:
        first: a configuration.
        second: another.
        interval: the difference with its t-interval, at the level of a single comparison; None without a shared seed.
        p: two-sided p-value of Student's t test; None if the differences show no spread.
        adjusted: p after Holm 1979, over the whole family; None if p is None.
        effect: Cohen's d_z, the mean difference in standard deviations of the differences; None if p is None.
        corrected: d_z times Hedges' correction, which removes its upward bias; None below three pairs.

    """

    first: Key
    second: Key
    interval: Interval | None
    p: float | None
    adjusted: float | None
    effect: float | None
    corrected: float | None


def paired_tests(scores: Scores, pairs: Sequence[tuple[Key, Key]], level: float = LEVEL) -> tuple[PairedTest, ...]:
    """Test the difference within each pair of configurations; Holm's p-values are for the family of all pairs.

    The caller chooses which configuration represents an arm (``ranking.best_per_arm`` does so on validation accuracy).
    The choice must not depend on these scores, because the p-values do not account for it.

    Args:
        scores: configuration -> seed -> value; a configuration without scores may be absent.
        pairs: (first, second), fixed before the scores are known.
        level: of each interval, in (0, 1).

    Raises:
        ValueError: a value is not finite, or the level is outside (0, 1).

    """
    gaps = [differences(scores.get(first, {}), scores.get(second, {})) for first, second in pairs]
    intervals = [difference_interval(gap, level) if gap else None for gap in gaps]
    p_values = [p_value(interval) for interval in intervals]
    adjusted = holm([1.0 if p is None else p for p in p_values])
    return tuple(
        PairedTest(*pair, interval, p, None if p is None else p_adjusted, *_effect(gap, p))
        for pair, gap, interval, p, p_adjusted in zip(pairs, gaps, intervals, p_values, adjusted, strict=True)
    )


def differences(first: Mapping[int, float], second: Mapping[int, float]) -> list[float]:
    """Return first minus second for each shared seed, in ascending order of the seeds."""
    return [first[seed] - second[seed] for seed in shared_seeds(first, second)]


def p_value(interval: Interval | None) -> float | None:
    """Return the two-sided p-value of "the mean is 0" for a t-interval; None if the values show no spread."""
    if interval is None or interval.half_width is None:
        return None
    return from_half_width(interval.mean, interval.half_width, interval.n, interval.level).p


def standard_error(interval: Interval) -> float:
    """Return the standard error behind a t-interval; NaN if the values show no spread."""
    if interval.half_width is None:
        return math.nan
    return from_half_width(interval.mean, interval.half_width, interval.n, interval.level).error


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values adjusted for the whole family, in the given order (Holm 1979, Scand. J. Statist. 6, 65).

    The i-th smallest of m is multiplied by m - i + 1; adjusted p-values are made non-decreasing and at most 1.
    """
    adjusted = [0.0] * len(p_values)
    previous = 0.0
    for place, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        previous = max(previous, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = previous
    return tuple(adjusted)


def _effect(gap: Sequence[float], p: float | None) -> tuple[float | None, float | None]:
    if p is None:
        return None, None
    d = float(np.mean(gap) / np.std(gap, ddof=1))
    return d, d * hedges(len(gap) - 1) if len(gap) >= MIN_PAIRS_FOR_HEDGES else None


def hedges(df: int) -> float:
    """Return the factor that makes Cohen's d unbiased: G(df/2) / (sqrt(df/2) G((df - 1)/2)), for df >= 2.

    Hedges 1981, Journal of Educational Statistics 6, 107. Approximately 1 - 3 / (4 df - 1).
    """
    return math.exp(float(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))) / math.sqrt(df / 2)


@dataclass(frozen=True)
class Equivalence:
    """Whether two configurations differ by less than a margin: two one-sided t tests.

    Attributes:
        alpha: level of the tests.
        interval: first minus second at the level 1 - 2 alpha, in the unit of the scores.
        p: the larger of the two one-sided p-values; None if the differences show no spread.

    """

    alpha: float
    interval: Interval
    p: float | None

    @property
    def shown(self) -> bool:
        """Whether the data show that the difference is below the margin. If not, the difference may still be small."""
        return self.p is not None and self.p < self.alpha


def equivalence(
    first: Mapping[int, float], second: Mapping[int, float], margin: float, alpha: float = 0.05
) -> Equivalence | None:
    """Test whether two configurations differ by less than a margin, paired by seed; None without a shared seed.

    Two one-sided tests (Schuirmann 1987, J. Pharmacokin. Biopharm. 15, 657): two configurations are equivalent at level
    alpha exactly if the t-interval of level 1 - 2 alpha lies within the margin on both sides.

    Args:
        first: seed -> value (a fraction).
        second: seed -> value (a fraction).
        margin: in points, above 0; fixed before the scores are known.
        alpha: in (0, 0.5).

    Raises:
        ValueError: margin or alpha is outside its range, or a value is not finite.

    """
    if not 0 < margin < math.inf or not 0 < alpha < 0.5:  # noqa: PLR2004 -- at 0.5 the interval is empty
        msg = f"margin = {margin}, alpha = {alpha}: a margin lies above 0, and alpha between 0 and 0.5"
        raise ValueError(msg)
    interval = paired_difference(first, second, 1 - 2 * alpha)
    if interval is None or interval.half_width is None:
        return None if interval is None else Equivalence(alpha, interval, None)
    statistic = (margin / 100 - abs(interval.mean)) / standard_error(interval)
    return Equivalence(alpha, interval, float(stats.t.sf(statistic, interval.n - 1)))
