"""How sure a choice between configurations is: what the ``settle`` method decides by, and what the report states."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from analysis.statistics.gp_posterior import fit

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from analysis.statistics.arrays import Floats
    from analysis.statistics.gp_posterior import Posterior

T = TypeVar("T", bound="Hashable")

MOST_FAILURES = 2  # runs without a score at which a configuration is out, when they are most of its runs


@dataclass(frozen=True)
class Explored:
    """What the exploring runs of one configuration gave.

    Attributes:
        arm: its arm's name.
        varied: the values of what the arm leaves open.
        scores: of the complete runs, in points.
        unscored: how many ended without a score.
        pending: how many are in flight.

    """

    arm: str
    varied: Mapping[str, float | str]
    scores: Sequence[float]
    unscored: int = 0
    pending: int = 0

    @property
    def out_of_race(self) -> bool:
        """Whether it fails too often to be chosen."""
        return out_of_race(len(self.scores), self.unscored)


@dataclass(frozen=True)
class Assessment(Generic[T]):
    """What is known of K configurations, and which one would be chosen now.

    Attributes:
        keys: the configurations, in the caller's order.
        chosen: the one that is most probably within the tolerance of the best.
        within: (K,), of each configuration the probability that the best is at most the tolerance better.
        best: (K,), of each configuration the probability that it is the best.
        posterior: of the configurations' mean accuracies, in points.

    """

    keys: tuple[T, ...]
    chosen: T
    within: Floats
    best: Floats
    posterior: Posterior

    @property
    def index(self) -> int:
        """Where the chosen configuration stands in ``keys``."""
        return self.keys.index(self.chosen)

    @property
    def confidence(self) -> float:
        """The probability that the chosen configuration is within the tolerance of the best."""
        return float(self.within[self.index])


def stand(explored: Mapping[T, Explored], within: float) -> Assessment[T] | None:
    """Say where a study that settles stands; None when no configuration that is in the race has a score.

    Both the method and the report ask here, so that they state the same numbers.

    Args:
        explored: configuration -> its exploring runs; those that confirm stay out, or the choice would confirm itself.
        within: points of accuracy that make no difference.

    """
    race = {key: each for key, each in explored.items() if not each.out_of_race}
    x = scale([each.arm for each in race.values()], [each.varied for each in race.values()])
    scores = {key: each.scores for key, each in race.items()}
    return assess(scores, x, within, [each.pending for each in race.values()])


def assess(
    scores: Mapping[T, Sequence[float]],
    x: Sequence[float] | None,
    within: float,
    pending: Sequence[int] | None = None,
) -> Assessment[T] | None:
    """Say which configuration to choose and how sure that is; None when no configuration has a score.

    The choice maximises the very probability that is then stated. That is seldom another configuration than the one of
    the highest mean, and then one that is nearly as good and better known.

    Args:
        scores: configuration -> its scores, in points; their order does not matter.
        x: where the configurations lie on the parameter's scale (``scale``); None when they have no order.
        within: points of accuracy that make no difference.
        pending: each configuration's number of runs in flight, taken to land on their expectation.

    Raises:
        ValueError: a score is not finite, or x or pending has another length than scores.

    """
    if not any(scores.values()):
        return None
    keys = tuple(scores)
    # Sums of floats depend on their order, and the order in which runs end must not matter.
    posterior = fit([sorted(scores[key]) for key in keys], x, pending)
    near = posterior.probability_within(within)
    scored = [i for i, key in enumerate(keys) if scores[key]]
    index = max(scored, key=lambda i: (near[i], posterior.mean[i], -i))
    return Assessment(keys, keys[index], near, posterior.probability_best(), posterior)


def scale(arms: Sequence[str], varied: Sequence[Mapping[str, float | str]]) -> list[float] | None:
    """Return where configurations lie on the scale of the one number in which they differ; None when they do not.

    The scale is the logarithm to base 10 where every number is positive, else the number itself. Configurations of
    several arms, or that differ in more than one parameter or in a name, have no order.
    """
    names = {name for each in varied for name in each}
    differing = [name for name in sorted(names) if len({each.get(name) for each in varied}) > 1]
    if len(set(arms)) != 1 or len(differing) != 1:
        return None
    values = [each.get(differing[0]) for each in varied]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values):
        return None
    return [math.log10(number) for number in numbers] if min(numbers) > 0 else numbers


def out_of_race(scored: int, unscored: int) -> bool:
    """Say whether a configuration fails too often to be chosen: at least twice, and more often than not."""
    return unscored >= MOST_FAILURES and unscored > scored


def challengers(standing: Assessment[T], within: float) -> Floats:
    """Return with which probability each configuration is the best, where the choice is wrong; shape (K,).

    The choice is wrong where some configuration is more than ``within`` points better. All are 0 when it never is.
    """
    draws = standing.posterior.fixed_draws
    wrong = draws[draws.max(axis=1) > draws[:, standing.index] + within]
    found = np.bincount(wrong.argmax(axis=1), minlength=len(standing.keys))
    return found / max(1, len(wrong))
