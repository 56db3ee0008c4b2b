"""Which configurations of a study may be the best: one set, which every text, table, figure and file shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.statistics.hsu import equal
from analysis.statistics.intervals import LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from analysis.results.runs_table import Key
    from analysis.statistics.best_arm.assessment import Assessment
    from analysis.statistics.hsu import BestSet
    from analysis.statistics.ranking import Choice
    from trainables.records import SelectionMetric


@dataclass(frozen=True)
class Bests:
    """The configurations that may be the best, by the accuracy that the study selects on.

    Attributes:
        members: those that may be the best: by descending mean, or by descending probability of being the best.
        compared: every configuration that was compared, in the plan's order.
        chosen: the study's choice; None if it has none. It is a member, unless a baseline rules it out.
        tied: the compared configurations with the highest mean, which is one unless means are equal; empty where
            members are ordered by probability.
        baselines: the compared configurations that are never chosen.
        level: probability with which the set holds the truly best one.
        rule: ``hsu``: Hsu's comparisons with the best over runs, simultaneous confidence; ``posterior``: the fewest
            values whose probabilities of being the best sum to the level.
        metric: the accuracy that was compared.
        decided: whether the data allow to rule anything out; one run of each configuration does not.

    """

    members: tuple[Key, ...]
    compared: tuple[Key, ...]
    chosen: Key | None
    tied: tuple[Key, ...]
    baselines: frozenset[Key]
    level: float
    rule: Literal["hsu", "posterior"]
    metric: SelectionMetric
    decided: bool

    @property
    def winner(self) -> Key | None:
        """The only configuration that may be the best; None if there are several, or nothing was compared."""
        return self.members[0] if len(self.members) == 1 < len(self.compared) else None

    def named(self, name: Callable[[Key], str]) -> tuple[str, ...] | None:
        """Return what the members are called; None if there was nothing to compare."""
        return tuple(map(name, self.members)) if len(self.compared) > 1 else None

    @property
    def ruled_out(self) -> tuple[Key, ...]:
        """The configurations that are not the best, in the plan's order."""
        return tuple(key for key in self.compared if key not in self.members)

    @property
    def beaten_by_baselines(self) -> bool:
        """Whether only baselines may be the best, although the study chose something else."""
        return self.chosen in self.compared and self.chosen not in self.members


def bests_by_comparison(
    best_set: BestSet, chosen: Key | None, metric: SelectionMetric, baselines: Collection[Key] = ()
) -> Bests:
    """Return the set by Hsu's comparisons.

    Args:
        best_set: the comparisons.
        chosen: the study's choice.
        metric: the accuracy that was compared.
        baselines: configurations that are never chosen.

    """
    means = {candidate.key: candidate.mean for candidate in best_set.candidates}
    highest = max(means.values())
    tied = tuple(key for key, mean in means.items() if equal(mean, highest))
    compared = tuple(means)
    return Bests(
        members=best_set.members,
        compared=compared,
        chosen=chosen,
        tied=tied,
        baselines=frozenset(baselines).intersection(compared),
        level=best_set.level,
        rule="hsu",
        metric=metric,
        decided=best_set.sd is not None,
    )


def bests_of_choice(choice: Choice, metric: SelectionMetric) -> Bests:
    """Return the set that a choice was made from."""
    return bests_by_comparison(choice.best_set, choice.key, metric)


def bests_by_posterior(assessment: Assessment[Key], metric: SelectionMetric, level: float = LEVEL) -> Bests:
    """Return the fewest configurations whose summed probability of being the best reaches a level.

    Args:
        assessment: of the explored configurations.
        metric: the accuracy that was compared.
        level: in (0, 1).

    """
    order = sorted(range(len(assessment.keys)), key=lambda i: (-assessment.best[i], i))
    members: list[Key] = []
    total = 0.0
    for i in order:
        if total >= level:
            break
        members.append(assessment.keys[i])
        total += float(assessment.best[i])
    return Bests(
        members=tuple(members),
        compared=assessment.keys,
        chosen=assessment.chosen,
        tied=(),
        baselines=frozenset(),
        level=level,
        rule="posterior",
        metric=metric,
        decided=True,
    )
