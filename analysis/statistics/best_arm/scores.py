"""The scores of K values, by value and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.statistics.intervals import no_spread

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from analysis.statistics.arrays import Floats, Integers

UNKNOWN_LEVEL = (50.0, 100.0)  # mean and sd of the values' common level, in points, without any score


class Scores(NamedTuple):
    """The scores of K values on S seeds, and the runs in flight.

    Attributes:
        seeds: the S seeds that have a run, ascending.
        score: (K, S), in points minus ``centre``; 0 without a score.
        scored: (K, S), 1 where there is a score, otherwise 0.
        planned: (K, S), 1 where there is a score or a run in flight, otherwise 0.
        centre: mean of the values' means, in points.
        spread: range of the values' means, in points.
        variance: of all scores together, in points^2; 0 if they are equal up to rounding.

    """

    seeds: tuple[int, ...]
    score: Floats
    scored: Floats
    planned: Floats
    centre: float
    spread: float
    variance: float

    @property
    def seen(self) -> Integers:
        """Indices of the values with a score."""
        return np.flatnonzero(self.scored.any(axis=1))

    @property
    def runs(self) -> int:
        """The number of scores."""
        return int(self.scored.sum())


def arrange(scores: Sequence[Mapping[int, float]], pending: Sequence[Collection[int]] | None = None) -> Scores:
    """Return the scores as arrays; neither the order of a value's runs nor the numbers of the seeds matter.

    Args:
        scores: each value's scores: seed -> points.
        pending: each value's seeds in flight.

    Raises:
        ValueError: there is no value, a score is not finite, the lengths differ, or a seed with a score is in flight.

    """
    if not scores:
        msg = "a posterior needs at least one value"
        raise ValueError(msg)
    in_flight = [frozenset[int]()] * len(scores) if pending is None else [frozenset(seeds) for seeds in pending]
    if len(in_flight) != len(scores):
        msg = f"{len(scores)} values have scores, {len(in_flight)} have a set of seeds in flight"
        raise ValueError(msg)
    seeds = sorted({seed for by_seed in scores for seed in by_seed}.union(*in_flight))
    column = {seed: i for i, seed in enumerate(seeds)}
    score, scored, planned = (np.zeros((len(scores), len(seeds))) for _ in range(3))
    for i, (by_seed, flying) in enumerate(zip(scores, in_flight, strict=True)):
        if not flying.isdisjoint(by_seed):
            msg = f"value {i}: seed {min(flying.intersection(by_seed))} has a score and is in flight"
            raise ValueError(msg)
        at = [column[seed] for seed in by_seed]
        score[i, at] = list(by_seed.values())
        scored[i, at] = 1
        planned[i, [*at, *(column[seed] for seed in flying)]] = 1
    if not np.isfinite(score).all():
        msg = f"value {int(np.flatnonzero(~np.isfinite(score).all(axis=1))[0])} has a score that is not finite"
        raise ValueError(msg)
    means = score.sum(axis=1)[scored.any(axis=1)] / scored.sum(axis=1)[scored.any(axis=1)]
    every = score[scored > 0]
    centre = float(means.mean()) if means.size else UNKNOWN_LEVEL[0]
    spread = float(np.ptp(means)) if means.size else 0.0
    equal = not every.size or no_spread(float(every.std()), every)
    variance = 0.0 if equal else float(every.var())
    return Scores(tuple(seeds), (score - centre) * scored, scored, planned, centre, spread, variance)
