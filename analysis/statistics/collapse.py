"""Runs that have collapsed: far below the other runs of their configuration, such as a network that stayed at chance.

One such run among twelve moves a mean by more than the differences that a study looks for. A collapse is therefore
counted as an outcome of its own, a rate with an interval, and set aside from the mean of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from scipy import special

from analysis.statistics.intervals import LEVEL, check_level

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from analysis.statistics.arrays import Floats
    from trainables.settings import CollapseRule

K = TypeVar("K", bound="Hashable")
R = TypeVar("R", bound="Hashable")

MIN_POINTS = 5.0  # of accuracy below the median; less is no collapse, however small the spread
MIN_SDS = 8.0  # robust standard deviations below the median
SCARCITY = 8.0  # the threshold grows by the factor 1 + SCARCITY / df, as few runs may underestimate their spread
MIN_SKEW = 3.0  # times as far below the median as the configuration's highest run lies above it
NORMAL_MAD = 1.4826  # standard deviation of a normal variable over its median absolute deviation
# The residuals from a median of n runs are too small: median |residual| of a normal sample is 0.6745 sd / factor.
# From 200,000 simulated runs for each n; beyond the table, 1 + 1.3 / n.
SMALL_SAMPLE = {2: 1.414, 3: 2.154, 4: 1.387, 5: 1.377, 6: 1.278, 7: 1.223, 8: 1.199, 9: 1.160, 10: 1.150, 11: 1.123}
MIN_RUNS = 3  # of two runs that differ, neither is known to be the odd one


@dataclass(frozen=True)
class Collapses(Generic[K, R]):
    """Which runs are set aside.

    Attributes:
        sound: configuration -> run -> score of the runs that are not set aside, in the caller's order.
        collapsed: configuration -> the runs that are set aside; a configuration without any is absent.
        undecided: configurations of which one half lies as far below the other as a collapse does. Nothing of them is
            set aside: another run would show which half is the rule.

    """

    sound: dict[K, dict[R, float]]
    collapsed: dict[K, tuple[R, ...]]
    undecided: tuple[K, ...]

    def without(self, scores: Mapping[K, Mapping[R, float]]) -> dict[K, dict[R, float]]:
        """Return any scores of the same runs less those of the collapsed runs."""
        return {
            key: {run: score for run, score in runs.items() if run not in self.collapsed.get(key, ())}
            for key, runs in scores.items()
        }

    def rates(self) -> dict[K, Rate]:
        """Return the share of collapsed runs of each configuration that has any."""
        return {key: collapse_rate(len(out), len(out) + len(self.sound[key])) for key, out in self.collapsed.items()}


def find_collapses(scores: Mapping[K, Mapping[R, float]], point: float) -> Collapses[K, R]:
    """Find the runs that have collapsed.

    A run has collapsed if it lies below its configuration's median by more than the largest of 5 points, 8 robust
    standard deviations, and 3 times the distance of the configuration's highest run above the median (a heavy tail
    reaches to both sides, a collapse to one). The robust standard deviation is 1.4826 times the median absolute
    residual, corrected for small samples: that of all configurations together or of the configuration itself,
    whichever is larger, because a configuration may scatter more than the others. Where the data leave few degrees of
    freedom (runs minus configurations), it is multiplied by 1 + 8 / df.

    Simulated with 1, 2 and 9 configurations of 3 to 12 runs: of normal scores with equal spreads, or spreads that
    differ by a factor of 4, at most 0.6 % of studies have a run set aside; with Student's t of 3 degrees of freedom,
    one run in 1,500 is.

    Fewer than half of a configuration's runs are ever set aside.

    Args:
        scores: configuration -> run (such as its seed) -> score.
        point: one point of accuracy in the unit of the scores: 1 for points, 0.01 for fractions.

    Raises:
        ValueError: a score is not finite, or ``point`` is not above 0.

    """
    if not point > 0:
        msg = f"point = {point}: one point of accuracy is above 0 in any unit"
        raise ValueError(msg)
    values = {key: np.array(list(runs.values()), dtype=np.float64) for key, runs in scores.items() if runs}
    if not all(np.isfinite(of).all() for of in values.values()):
        msg = "scores must be finite"
        raise ValueError(msg)
    pooled, scarcity = _pooled_sd(list(values.values()))
    collapsed: dict[K, tuple[R, ...]] = {}
    undecided = []
    for key, of in values.items():
        least = max(MIN_POINTS * point, MIN_SDS * scarcity * max(pooled, _own_sd(of)))
        below = float(np.median(of)) - of
        out = below > max(least, -MIN_SKEW * float(below.min()))
        if _halves_apart(of, least):
            undecided.append(key)
        elif out.any():
            collapsed[key] = tuple(run for run, is_out in zip(scores[key], out, strict=True) if is_out)
    sound = {
        key: {run: score for run, score in runs.items() if run not in collapsed.get(key, ())}
        for key, runs in scores.items()
    }
    return Collapses(sound, collapsed, tuple(undecided))


def sound_means(scores: Mapping[K, Mapping[R, float]], rule: CollapseRule) -> dict[K, float]:
    """Return the mean of each configuration that has a score, without collapsed runs unless they count.

    Args:
        scores: configuration -> run -> score, a fraction.
        rule: ``set_aside`` or ``counts``.

    """
    sound = find_collapses(scores, point=0.01).sound if rule == "set_aside" else scores
    return {key: fmean(runs.values()) for key, runs in sound.items() if runs}


def _pooled_sd(values: list[Floats]) -> tuple[float, float]:
    """Return the robust standard deviation within configurations, and the factor for few degrees of freedom."""
    residuals = [np.abs(of - np.median(of)) * _small_sample(of.size) for of in values if of.size > 1]
    if not residuals:
        return 0.0, 1.0
    df = sum(of.size - 1 for of in residuals)
    return NORMAL_MAD * float(np.median(np.concatenate(residuals))), 1 + SCARCITY / df


def _own_sd(of: Floats) -> float:
    """Return the robust standard deviation of one configuration's runs; 0 below three, which show no odd one."""
    if of.size < MIN_RUNS:
        return 0.0
    return NORMAL_MAD * _small_sample(of.size) * float(np.median(np.abs(of - np.median(of))))


def _small_sample(n: int) -> float:
    return SMALL_SAMPLE.get(n, 1 + 1.3 / n)


def _halves_apart(of: Floats, least: float) -> bool:
    """Return whether the lower half of the runs lies further below the upper half than ``least``."""
    if of.size % 2:
        return False
    ordered = np.sort(of)
    return bool(ordered[of.size // 2] - ordered[of.size // 2 - 1] > least)


@dataclass(frozen=True)
class Rate:
    """A share of runs, k of n, with its interval; all in [0, 1]."""

    k: int
    n: int
    low: float
    high: float
    level: float

    def text(self) -> str:
        """Return ``1 of 12 (1 to 33 %)``."""
        return f"{self.k} of {self.n} ({100 * self.low:.0f} to {100 * self.high:.0f} %)"


def collapse_rate(k: int, n: int, level: float = LEVEL) -> Rate:
    """Return the rate k / n with Jeffreys' interval: quantiles of Beta(k + 1/2, n - k + 1/2).

    The lower end is 0 if k = 0 and the upper end 1 if k = n (Brown, Cai and DasGupta 2001, Statistical Science 16,
    101), so that the interval covers a rate of 0 or 1.

    Args:
        k: number of collapsed runs, 0 to n.
        n: number of runs, at least 1.
        level: of the interval, in (0, 1).

    Raises:
        ValueError: an argument is outside its range.

    """
    check_level(level)
    if not 0 <= k <= n or n < 1:
        msg = f"k = {k}, n = {n}: 0 <= k <= n, n >= 1"
        raise ValueError(msg)
    shape = (k + 0.5, n - k + 0.5)
    low = 0.0 if k == 0 else float(special.betaincinv(*shape, (1 - level) / 2))
    high = 1.0 if k == n else float(special.betaincinv(*shape, (1 + level) / 2))
    return Rate(k, n, low, high, level)
