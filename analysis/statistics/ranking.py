"""Choose a configuration by its validation accuracy. No test accuracy is accessible here.

A study selects on all validation clips or on the verified ones (``select_on``); both are validation accuracies here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from analysis.results.runs_table import Key, scores
from analysis.statistics.intervals import LEVEL, Interval, paired_difference, t_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

MIN_RUNS_FOR_SPREAD = 2  # a single run shows no spread


@dataclass(frozen=True)
class ValidationTable:
    """Validation accuracies of complete runs: configuration -> seed -> fraction in [0, 1], in the plan's order.

    The table covers one subset, because each subset holds out its own validation clips: a higher accuracy on another
    subset may only mean cleaner labels. If verified clips decide, it may cover all subsets; ``subset`` is then None.
    """

    subset: str | None
    scores: Mapping[Key, Mapping[int, float]]

    @classmethod
    def from_runs(cls, runs: pd.DataFrame, subset: str | None) -> ValidationTable:
        """Copy the accuracy to select on of the complete runs of one subset, or of all, and nothing else."""
        selection = scores(runs if subset is None else runs[runs["subset"] == subset], "selection")
        return cls(subset, MappingProxyType({key: MappingProxyType(values) for key, values in selection.items()}))


@dataclass(frozen=True)
class Ranking:
    """Configurations ranked by their mean over the seeds that all share; other means are not comparable."""

    keys: tuple[Key, ...]  # highest mean first; equal ones in the plan's order
    scores: Mapping[Key, Mapping[int, float]]  # over the common seeds, in the plan's order
    too_few: tuple[Key, ...]  # not ranked: too few seeds in common with the others


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


def rank(table: ValidationTable) -> Ranking:
    """Rank the configurations by their mean validation accuracy over the seeds that all of them share.

    Configurations are added by descending number of complete runs, equal ones in the plan's order. One that would leave
    fewer than two common seeds, or fewer than half as many as the largest number of runs, is not ranked. If no
    configuration has a second run, one common seed suffices.
    """
    most_runs = max((len(values) for values in table.scores.values()), default=0)
    min_shared = max(min(MIN_RUNS_FOR_SPREAD, most_runs), (most_runs + 1) // 2)
    common: set[int] = set()
    ranked: set[Key] = set()
    for key in sorted(table.scores, key=lambda key: -len(table.scores[key])):
        shared = common & set(table.scores[key]) if ranked else set(table.scores[key])
        if len(shared) >= min_shared:
            common = shared
            ranked.add(key)
    scores = {key: {seed: table.scores[key][seed] for seed in sorted(common)} for key in table.scores if key in ranked}
    keys = sorted(scores, key=lambda key: -t_interval(scores[key].values()).mean)
    return Ranking(tuple(keys), scores, tuple(key for key in table.scores if key not in ranked))


def choose(table: ValidationTable, level: float = LEVEL) -> Choice | None:
    """Choose the configuration with the highest mean validation accuracy; return None if no run is complete.

    Every other ranked configuration is compared with it by the t-interval of the differences paired by seed, at the
    level 1 - (1 - level) / (number of others). The truly best configuration is then wrongly declared worse with
    probability at most (1 - level) / 2, although the choice was made on the same data: for that, some other
    configuration must beat it in a paired comparison, and the bound sums over all of these (Hsu 1981, multiple
    comparisons with the best, by Bonferroni).
    """
    ranking = rank(table)
    if not ranking.keys:
        return None
    best = ranking.keys[0]
    others = [key for key in ranking.scores if key != best]
    comparisons = tuple(_compare(ranking, best, other, level, len(others)) for other in others)
    return Choice(best, t_interval(ranking.scores[best].values(), level), ranking, comparisons, level)


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
