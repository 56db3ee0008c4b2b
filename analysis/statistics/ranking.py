"""Choose a configuration by its validation accuracy.

A study selects on all validation clips or on the verified ones (``select_on``); both are validation accuracies here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.hsu import BestSet, best_set, equal
from analysis.statistics.intervals import LEVEL, Interval, accuracy_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.results.runs_table import Key
    from analysis.statistics.blocks.block_model import BlockModel

Scores: TypeAlias = "Mapping[Key, Mapping[int, float]]"  # configuration -> seed -> value
MIN_SHARE = 0.5  # of the largest number of runs; with fewer, a configuration is chosen only if it stands out


@dataclass(frozen=True, eq=False)
class Ranking:
    """Configurations ranked by their mean, adjusted for the seeds where runs are missing.

    Attributes:
        keys: every configuration with a score. Those with at least half as many runs as the largest number (and with
            two, if any has) come first; each group by its mean, the highest first, equal ones in the plan's order.
        model: the means, and what they rest on; None without a score.

    """

    keys: tuple[Key, ...]
    model: BlockModel | None

    @property
    def means(self) -> dict[Key, float]:
        """The mean of each configuration, in the unit of the scores."""
        return dict(zip(self.model.keys, map(float, self.model.means), strict=True)) if self.model else {}

    def tied_with(self, key: Key) -> tuple[Key, ...]:
        """Return the configurations whose mean equals that of one of them, itself included, in the plan's order."""
        means = self.means
        return tuple(other for other, mean in means.items() if equal(mean, means[key]))


@dataclass(frozen=True, eq=False)
class Choice:
    """The configuration with the highest mean validation accuracy, and which others may be the best as well.

    Attributes:
        key: the chosen configuration; it is always in the set of those that may be the best.
        validation: of its own runs.
        mean: its mean, adjusted for the seeds where runs are missing.
        ranking: of all configurations with a score.
        best_set: which of them may be the best.

    """

    key: Key
    validation: Interval
    mean: float
    ranking: Ranking
    best_set: BestSet

    @property
    def tied(self) -> tuple[Key, ...]:
        """The configurations with the mean of the chosen one, itself included, in the plan's order."""
        return self.ranking.tied_with(self.key)

    @property
    def others(self) -> tuple[Key, ...]:
        """The configurations with which it was compared, in the plan's order."""
        return tuple(candidate.key for candidate in self.best_set.candidates if candidate.key != self.key)


def rank(scores: Scores) -> Ranking:
    """Rank configurations by their mean validation accuracy over all their runs.

    Where runs are missing, the means are adjusted for the seeds (``block_model``), so that configurations with other
    seeds, even without any in common, are comparable.

    Args:
        scores: validation accuracies of complete runs, as fractions. They are of one subset, because each subset holds
            out its own validation clips: a higher accuracy on another subset may only mean cleaner labels. If verified
            clips decide, they may be of all subsets.

    """
    model = block_model(scores)
    return Ranking(order(model), model) if model else Ranking((), None)


def order(model: BlockModel) -> tuple[Key, ...]:
    """Return the configurations of a model in the order of ``Ranking.keys``."""
    most = model.counts.max()
    enough = model.counts >= max(MIN_SHARE * most, min(2, most))
    means = [round(float(mean), 12) for mean in model.means]  # equal means may differ by rounding
    return tuple(model.keys[i] for i in sorted(range(len(model.keys)), key=lambda i: (not enough[i], -means[i])))


def choose(scores: Scores, level: float = LEVEL) -> Choice | None:
    """Choose the configuration with the highest mean validation accuracy; return None if no run is complete.

    A configuration with fewer than half as many runs as another is chosen only if no other one may be the best: the
    mean of few runs is the highest too easily.

    Args:
        scores: validation accuracies, as for ``rank``.
        level: probability with which the set of those that may be the best holds the truly best one, in (0, 1).

    """
    ranking = rank(scores)
    if ranking.model is None:
        return None
    bests = best_set(ranking.model, level)
    key = next(key for key in ranking.keys if key in bests.members)
    return Choice(key, accuracy_interval(scores[key].values(), level), ranking.means[key], ranking, bests)


def best_per_arm(ranking: Ranking) -> dict[str, Key]:
    """Return each arm's configuration with the highest mean validation accuracy, best arm first."""
    best: dict[str, Key] = {}
    for key in ranking.keys:
        best.setdefault(key.arm, key)
    return best
