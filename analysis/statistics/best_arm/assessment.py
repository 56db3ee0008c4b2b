"""The choice between explored configurations, and its confidence: used by the ``settle`` method and by the report."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from analysis.statistics.best_arm.posterior import fit
from analysis.statistics.collapse import find_collapses

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping, Sequence

    from analysis.statistics.arrays import Floats
    from analysis.statistics.best_arm.guarantee import Goal
    from analysis.statistics.best_arm.posterior import Posterior

T = TypeVar("T", bound="Hashable")

CHALLENGERS = 8  # drawn for each run
MIN_FAILURES = 2  # runs without a score before a configuration can be excluded
MIN_FREEDOM = 6  # runs beyond one per configuration; with fewer, a lucky small spread passes for certainty
REGRET_SHARE = 1 / 3  # of the tolerance: a smaller expected regret is not worth more runs, once there are many
REGRET_RUNS = 10  # runs per configuration after which a small regret suffices

StoppingRule = Literal["confidence", "regret"]


@dataclass(frozen=True)
class Explored:
    """The results of the exploring runs of a configuration.

    Attributes:
        arm: name of its arm.
        varied: values of the arm's open parameters.
        scores: of the complete runs: seed -> points.
        unscored: number of runs that ended without a score.
        pending: seeds of the runs in flight.

    """

    arm: str
    varied: Mapping[str, float | str]
    scores: Mapping[int, float]
    unscored: int = 0
    pending: Collection[int] = ()

    @property
    def out_of_race(self) -> bool:
        """Whether it fails too often to be chosen."""
        return out_of_race(len(self.scores), self.unscored)


@dataclass(frozen=True)
class Assessment(Generic[T]):
    """The current choice among K configurations, and the posterior behind it.

    Attributes:
        keys: the configurations, in the caller's order.
        chosen: the one most probably within the tolerance of the best.
        within: (K,), each configuration's probability of being within the tolerance of the best.
        best: (K,), each configuration's probability of being the best.
        regrets: (K,), by how many points each configuration is expected to be below the best.
        runs: number of runs that the posterior has seen, those in flight included.
        undecided: configurations of which half the runs may have collapsed; one more run of each would tell.
        collapsed: configuration -> seeds of its runs that have collapsed and that the posterior leaves out.
        posterior: of the configurations' mean accuracies, in points.

    """

    keys: tuple[T, ...]
    chosen: T
    within: Floats
    best: Floats
    regrets: Floats
    posterior: Posterior
    runs: int
    undecided: tuple[T, ...] = ()
    collapsed: Mapping[T, tuple[int, ...]] = field(default_factory=dict)

    @property
    def index(self) -> int:
        """Position of the chosen configuration in ``keys``."""
        return self.keys.index(self.chosen)

    @property
    def confidence(self) -> float:
        """The probability that the chosen configuration is within the tolerance of the best."""
        return float(self.within[self.index])

    @property
    def regret(self) -> float:
        """By how many points the chosen configuration is expected to be below the best."""
        return float(self.regrets[self.index])

    def stops(self, goal: Goal) -> StoppingRule | None:
        """Return the rule by which exploring may end with this choice; None if neither is met.

        Neither is met while too few runs show how much seeds scatter. A small expected regret suffices only after many
        runs. It is the answer where several configurations are as good as the best: which of them is the best cannot
        be seen, and does not matter. Met early, it is only a lower confidence than the requested one.
        """
        if len(self.keys) > 1 and self.runs - len(self.keys) < MIN_FREEDOM:
            return None
        if self.confidence >= goal.probability:
            return "confidence"
        many = self.runs >= REGRET_RUNS * len(self.keys)
        small = goal.small_regret_suffices and self.regret <= REGRET_SHARE * goal.within
        return "regret" if many and small else None


def assess_explored(
    explored: Mapping[T, Explored], within: float, *, set_aside_collapses: bool
) -> Assessment[T] | None:
    """Assess the configurations of a ``settle`` study; None if no configuration in the race has a score.

    The method and the report both call this function, so they state the same numbers.

    Args:
        explored: configuration -> its exploring runs. Confirming runs are excluded: the choice would confirm itself.
        within: tolerance, in points of accuracy.
        set_aside_collapses: whether runs that have collapsed are left out (``collapse``).

    """
    race = {key: runs for key, runs in explored.items() if not runs.out_of_race}
    x = scale([runs.arm for runs in race.values()], [runs.varied for runs in race.values()])
    scores = {key: runs.scores for key, runs in race.items()}
    pending = [runs.pending for runs in race.values()]
    if not set_aside_collapses:
        return assess(scores, x, within, pending)
    collapses = find_collapses(scores, point=1)
    assessment = assess(collapses.sound, x, within, pending)
    return assessment and replace(assessment, undecided=collapses.undecided, collapsed=collapses.collapsed)


def assess(
    scores: Mapping[T, Mapping[int, float]],
    x: Sequence[float] | None,
    within: float,
    pending: Sequence[Collection[int]] | None = None,
) -> Assessment[T] | None:
    """Choose a configuration, with its confidence; None if no configuration has a score.

    The choice maximises the probability that is then reported. This is rarely a configuration other than the one with
    the highest mean; if it is, it is nearly as good and better known.

    Args:
        scores: configuration -> its scores, seed -> points; their order does not matter.
        x: positions of the configurations on the parameter's scale (``scale``); None if they have no order.
        within: tolerance, in points of accuracy.
        pending: seeds in flight of each configuration; these runs are taken to land on their expectation.

    Raises:
        ValueError: a score is not finite, x or pending differs in length from scores, or a pending seed has a score.

    """
    if not any(scores.values()):
        return None
    keys = tuple(scores)
    posterior = fit([scores[key] for key in keys], x, pending)
    near = posterior.probability_within(within)
    scored = [i for i, key in enumerate(keys) if scores[key]]
    index = max(scored, key=lambda i: (near[i], posterior.mean[i], -i))
    runs = sum(map(len, scores.values())) + sum(map(len, pending or ()))
    return Assessment(keys, keys[index], near, posterior.probability_best(), posterior.regret(), posterior, runs)


def scale(arms: Sequence[str], varied: Sequence[Mapping[str, float | str]]) -> list[float] | None:
    """Return the positions of configurations on the scale of the one number in which they differ.

    The scale is log10 if every number is positive, otherwise the number itself.

    Returns:
        One position per configuration; None if they have no order, because they belong to several arms, or differ in
        more than one parameter or in one that is not a number.

    """
    names = {name for values in varied for name in values}
    differing = [name for name in sorted(names) if len({values.get(name) for values in varied}) > 1]
    if len(set(arms)) != 1 or len(differing) != 1:
        return None
    values = [values.get(differing[0]) for values in varied]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values):
        return None
    return [math.log10(number) for number in numbers] if min(numbers) > 0 else numbers


def out_of_race(scored: int, unscored: int) -> bool:
    """Return whether a configuration fails too often to be chosen: at least twice, and in most of its runs."""
    return unscored >= MIN_FAILURES and unscored > scored


def challengers(assessment: Assessment[T], within: float) -> Floats:
    """Return each configuration's probability of being the best, given that the choice is wrong; shape (K,).

    The choice is wrong if some configuration is more than ``within`` points better. All probabilities are 0 if it is
    never wrong in the draws.
    """
    draws = assessment.posterior.fixed_draws
    wrong = draws[draws.max(axis=1) > draws[:, assessment.index] + within]
    counts = np.bincount(wrong.argmax(axis=1), minlength=len(assessment.keys))
    return counts / max(1, len(wrong))
