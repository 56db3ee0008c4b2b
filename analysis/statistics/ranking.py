"""Choose a configuration by its validation accuracy.

A study selects on all validation clips or on the verified ones (``select_on``); both are validation accuracies here.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

from analysis.statistics.intervals import LEVEL, Interval, accuracy_interval, paired_difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.results.runs_table import Key

Scores: TypeAlias = "Mapping[Key, Mapping[int, float]]"  # configuration -> seed -> value
MIN_RUNS_FOR_SPREAD = 2  # a single run shows no spread


@dataclass(frozen=True)
class CommonSeeds:
    """Configurations over the seeds that all of them share; their means over other seeds are not comparable."""

    scores: Scores  # over the common seeds, in the plan's order
    too_few: tuple[Key, ...]  # left out: too few seeds in common with the others


@dataclass(frozen=True)
class Ranking(CommonSeeds):
    """Configurations ranked by their mean over the seeds that all of them share."""

    keys: tuple[Key, ...]  # highest mean first; equal ones in the plan's order


@dataclass(frozen=True)
class Comparison:
    """The chosen configuration against another: chosen minus other in validation accuracy, paired by seed."""

    other: Key
    difference: Interval | None  # None without a shared seed
    apart: bool  # whether the whole interval lies above zero


@dataclass(frozen=True)
class Choice:
    """The configuration with the highest mean validation accuracy, compared with every other one."""

    key: Key
    validation: Interval  # over the seeds that all ranked configurations share
    ranking: Ranking
    comparisons: tuple[Comparison, ...]  # with every other ranked configuration, in the plan's order
    level: float  # of all comparisons together

    @property
    def not_told_apart(self) -> tuple[Key, ...]:
        """The configurations not shown to be worse than the chosen one."""
        return tuple(comparison.other for comparison in self.comparisons if not comparison.apart)


def on_common_seeds(scores: Scores) -> CommonSeeds:
    """Select the seeds over which configurations are comparable.

    Configurations are added by descending number of runs, equal ones in the plan's order. One that would leave fewer
    than two common seeds, or fewer than half as many as the largest number of runs, is left out. If no configuration
    has a second run, one common seed suffices.
    """
    most_runs = max(map(len, scores.values()), default=0)
    min_shared = max(min(MIN_RUNS_FOR_SPREAD, most_runs), (most_runs + 1) // 2)
    common: set[int] = set()
    kept: set[Key] = set()
    for key in sorted(scores, key=lambda key: -len(scores[key])):
        shared = common & set(scores[key]) if kept else set(scores[key])
        if len(shared) >= min_shared:
            common = shared
            kept.add(key)
    return CommonSeeds(
        {key: {seed: scores[key][seed] for seed in sorted(common)} for key in scores if key in kept},
        tuple(key for key in scores if key not in kept),
    )


def rank(scores: Scores) -> Ranking:
    """Rank configurations by their mean validation accuracy over the seeds that all of them share.

    Args:
        scores: validation accuracies of complete runs, as fractions. They are of one subset, because each subset holds
            out its own validation clips: a higher accuracy on another subset may only mean cleaner labels. If verified
            clips decide, they may be of all subsets.

    """
    common = on_common_seeds(scores)
    keys = sorted(common.scores, key=lambda key: -fmean(common.scores[key].values()))
    return Ranking(common.scores, common.too_few, tuple(keys))


def choose(scores: Scores, level: float = LEVEL) -> Choice | None:
    """Choose the configuration with the highest mean validation accuracy; return None if no run is complete.

    Every other ranked configuration is compared with it by the t-interval of the differences paired by seed, at the
    level 1 - (1 - level) / (number of others). The truly best configuration is then wrongly declared worse with
    probability at most (1 - level) / 2, although the choice was made on the same data: for that, some other
    configuration must beat it in a paired comparison, and the bound sums over all of these (Hsu 1981, multiple
    comparisons with the best, by Bonferroni).

    Args:
        scores: validation accuracies, as for ``rank``.
        level: of all comparisons together, in (0, 1).

    """
    ranking = rank(scores)
    if not ranking.keys:
        return None
    best = ranking.keys[0]
    others = [key for key in ranking.scores if key != best]
    comparisons = tuple(_compare(ranking, best, other, level, len(others)) for other in others)
    return Choice(best, accuracy_interval(ranking.scores[best].values(), level), ranking, comparisons, level)


def _compare(ranking: Ranking, best: Key, other: Key, level: float, comparisons: int) -> Comparison:
    difference = paired_difference(ranking.scores[best], ranking.scores[other], level, comparisons)
    apart = difference is not None and difference.low is not None and difference.low > 0
    return Comparison(other, difference, apart)


def best_per_arm(ranking: Ranking) -> dict[str, Key]:
    """Return each arm's configuration with the highest mean validation accuracy, best arm first.

    An arm without a ranked configuration comes last, represented by the first of its configurations in the plan.
    """
    best: dict[str, Key] = {}
    for key in (*ranking.keys, *ranking.too_few):
        best.setdefault(key.arm, key)
    return best
