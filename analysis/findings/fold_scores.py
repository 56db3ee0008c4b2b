"""Accuracies by fold, and differences from the choice over folds, where each fold is the test set in turn.

Intervals over seeds cover the luck of training on these data; the spread over folds shows what other clips would
change.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.results.runs_table import folds_of, scores_of_folds
from analysis.statistics.intervals import LEVEL, accuracy_interval, difference_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key
    from analysis.statistics.intervals import Interval

OfSeeds = dict[int, dict[str, float]]  # seed -> fold -> accuracy, a fraction


@dataclass(frozen=True)
class FoldGap:
    """By how much a configuration scores higher than the choice, paired by fold.

    Attributes:
        interval: of the mean of the folds' differences; with few folds these themselves.
        ahead: in how many folds it scores higher.

    """

    interval: Interval
    ahead: int


@dataclass(frozen=True)
class FoldScores:
    """The accuracies of a configuration by fold.

    Attributes:
        key: the configuration.
        of_folds: fold -> mean over its seeds, a fraction; in the order of the folds.
        mean: over the folds that it has, with the t-interval over folds.
        gap: from the choice; None for the choice itself, for configurations that are not compared with it, and without
            a run that both have of every fold.

    """

    key: Key
    of_folds: dict[str, float]
    mean: Interval
    gap: FoldGap | None

    @property
    def lowest(self) -> str:
        """The fold of the lowest accuracy."""
        return min(self.of_folds, key=self.of_folds.__getitem__)

    @property
    def highest(self) -> str:
        """The fold of the highest accuracy."""
        return max(self.of_folds, key=self.of_folds.__getitem__)


def fold_scores(finding: Finding) -> dict[str, tuple[FoldScores, ...]]:
    """Return subset -> the reported accuracy of each configuration by fold, in the plan's order; empty without folds.

    The choice on a subset is compared with the best configurations of the other arms on validation; from both, the luck
    is subtracted that a choice by the same runs shares with their accuracy, as in all comparisons of arms. Seeds that
    have collapsed are left out.
    """
    folds = folds_of(finding.reported.runs)
    if not folds:
        return {}
    collapsed = finding.collapses.collapsed
    every = {
        key: {seed: of_folds for seed, of_folds in of_seeds.items() if seed not in collapsed.get(key, ())}
        for key, of_seeds in scores_of_folds(finding.reported.runs, finding.metric).items()
    }
    return {subset: tuple(_on_subset(finding, every, subset, folds)) for subset in finding.subsets}


def _on_subset(finding: Finding, every: Mapping[Key, OfSeeds], subset: str, folds: Sequence[str]) -> list[FoldScores]:
    choice = finding.choices.get(subset)
    chosen = choice.key if choice else None
    rows = []
    for key, of_seeds in every.items():
        if key.subset != subset or not of_seeds:
            continue
        values = {fold: [of[fold] for of in of_seeds.values() if fold in of] for fold in folds}
        of_folds = {fold: fmean(of_fold) for fold, of_fold in values.items() if of_fold}
        gap = None
        if chosen is not None and chosen in every and key != chosen and key in finding.representatives:
            gap = _gap(of_seeds, every[chosen], folds, _luck(finding, key) - _luck(finding, chosen))
        rows.append(FoldScores(key, of_folds, accuracy_interval(of_folds.values(), LEVEL), gap))
    return rows


def _luck(finding: Finding, key: Key) -> float:
    """Return the luck that is subtracted from a configuration's accuracies when arms are compared."""
    plain, less = (scores.get(key, {}) for scores in (finding.scores(finding.metric), finding.compared_scores))
    return next((plain[seed] - less[seed] for seed in less), 0.0)


def _gap(first: OfSeeds, second: OfSeeds, folds: Sequence[str], less: float) -> FoldGap | None:
    """Return the difference over folds, each the mean over the seeds that both have; None if a fold has none."""
    gaps = []
    for fold in folds:
        of_seeds = [
            first[seed][fold] - second[seed][fold]
            for seed in first.keys() & second.keys()
            if fold in first[seed] and fold in second[seed]
        ]
        if not of_seeds:
            return None
        gaps.append(fmean(of_seeds) - less)
    return FoldGap(difference_interval(gaps, LEVEL), sum(gap > 0 for gap in gaps))
