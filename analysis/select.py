"""Choose a configuration by its validation accuracy; nothing here can see a test accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from analysis.frames import Key, scores
from analysis.intervals import LEVEL, Interval, paired_difference, t_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

TWO = 2  # the fewest runs whose spread can be seen


@dataclass(frozen=True)
class ValidationTable:
    """Validation accuracies of complete runs: configuration -> seed -> fraction in [0, 1], in the plan's order.

    It covers one subset, because each subset holds out its own validation clips: a higher accuracy on another subset
    may only mean cleaner labels.
    """

    subset: str
    scores: Mapping[Key, Mapping[int, float]]

    @classmethod
    def from_runs(cls, runs: pd.DataFrame, subset: str) -> ValidationTable:
        """Copy the validation accuracies of a subset's complete runs; the other columns stay behind."""
        found = scores(runs[runs["subset"] == subset], "validation")
        return cls(subset, MappingProxyType({key: MappingProxyType(values) for key, values in found.items()}))


@dataclass(frozen=True)
class Comparison:
    """The chosen configuration against another: chosen minus other in validation accuracy, paired by seed."""

    other: Key
    difference: Interval | None  # None when they share no seed
    apart: bool  # the whole interval lies above zero


@dataclass(frozen=True)
class Choice:
    """The configuration of the highest mean validation accuracy, and how sure that is."""

    key: Key
    validation: Interval
    comparisons: tuple[Comparison, ...]  # with every other configuration, in the plan's order
    level: float  # of all the comparisons together

    @property
    def not_told_apart(self) -> tuple[Key, ...]:
        """The configurations that the study does not tell apart from the chosen one."""
        return tuple(comparison.other for comparison in self.comparisons if not comparison.apart)


def ranked(table: ValidationTable) -> list[Key]:
    """Return the configurations by mean validation accuracy, the highest first; equal ones in the plan's order.

    Configurations with a single complete run come after those with two or more, whatever they scored: one lucky seed
    must not win against a mean.
    """

    def order(key: Key) -> tuple[bool, float]:
        values = table.scores[key].values()
        return len(values) < TWO, -t_interval(values).mean

    return sorted(table.scores, key=order)


def choose(table: ValidationTable, level: float = LEVEL) -> Choice | None:
    """Choose the configuration with the highest mean validation accuracy, or None when no run is complete.

    Every other configuration is compared with it by the t-interval of the differences paired by seed, at the level
    1 - (1 - level) / (number of others). The truly best configuration is thereby wrongly set apart from the chosen one
    with probability at most (1 - level) / 2, although the chosen one was picked from the same data: that takes one of
    the others to beat it in a paired comparison, and the bound adds up over all of them (Hsu 1981, the multiple
    comparisons with the best, by Bonferroni).
    """
    order = ranked(table)
    if not order:
        return None
    best = order[0]
    others = [key for key in table.scores if key != best]
    comparisons = tuple(_compare(table, best, other, level, len(others)) for other in others)
    return Choice(best, t_interval(table.scores[best].values(), level), comparisons, level)


def _compare(table: ValidationTable, best: Key, other: Key, level: float, comparisons: int) -> Comparison:
    difference = paired_difference(table.scores[best], table.scores[other], level, comparisons)
    apart = difference is not None and difference.low is not None and difference.low > 0
    return Comparison(other, difference, apart)


def best_per_arm(table: ValidationTable) -> dict[str, Key]:
    """Return each arm's configuration of the highest mean validation accuracy; arms in order of that accuracy."""
    best: dict[str, Key] = {}
    for key in ranked(table):
        best.setdefault(key.arm, key)
    return best
