"""The methods that are compared, each with how its answer is read: the choice, and the accuracy stated for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from racing import Racing
from simulation import CONFIRM_SEEDS, DATASET, EPOCHS, Played, World, play

from analysis.statistics.intervals import t_interval
from study.methods.grid import Grid
from study.methods.search import Search
from study.methods.search_space import ArmSpace, SampledChoices, SampledRange
from study.methods.settle import Settle
from study.spec.candidates import Candidate
from trainables.config import AdaptiveGCE, Configuration
from trainables.settings import Asha
from trainables.settings import Search as SearchSettings
from trainables.settings import Settle as SettleSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


ROUNDING = 1e-9  # points: a regret of exactly the tolerance is within it


@dataclass(frozen=True)
class Outcome:
    """What came of one method on one world; accuracies in points, costs in whole trainings."""

    before: float  # trainings before the choice is confirmed
    total: float
    within: bool  # the choice is within the tolerance of the best
    regret: float  # of the choice
    own: float  # the choice's mean in the runs that led to it, less its true accuracy
    bias: float  # of the stated accuracy
    covered: bool  # the stated 95 % interval holds the true accuracy; False where there is no interval
    stated: float | None = None  # the probability that the method states for being within


def candidates(world: World, *, ordered: bool = True) -> list[Candidate]:
    """Return one configuration for each of a world's values; without order each is an arm of its own."""
    losses = [AdaptiveGCE(name="adaptive_gce", temperature=float(value)) for value in world.axis]
    arms = ["adaptive" if ordered else f"arm{i}" for i in range(len(losses))]
    return [
        Candidate(arm, {"temperature": loss.temperature}, Configuration(loss=loss))
        for arm, loss in zip(arms, losses, strict=True)
    ]


def read(
    played: Played, world: World, within: float, choice: str | None = None, stated: float | None = None
) -> Outcome:
    """Read an outcome.

    Args:
        played: what was trained.
        world: knows the truth.
        within: the tolerance, in points.
        choice: digest of the configuration chosen; None for that of the highest mean.
        stated: the probability that the method states for being within the tolerance.

    """
    explored: dict[str, list[float]] = {}
    confirmed: dict[str, list[float]] = {}
    example = {}
    for run, score in zip(played.runs, played.scores, strict=True):
        key = run.run.configuration.model_dump_json()
        example[key] = run
        (confirmed if run.stage == "confirm" else explored).setdefault(key, []).append(score)
    deciding = confirmed if confirmed and choice is None else explored
    key = choice or max(deciding, key=lambda each: np.mean(deciding[each]))
    truth = world.true(example[key])
    interval = t_interval(confirmed.get(key) or explored[key])
    regret = float(world.truth.max()) - truth
    return Outcome(
        before=sum(played.trainings) - played.cost("confirm"),
        total=sum(played.trainings),
        within=regret <= within + ROUNDING,
        regret=regret,
        own=float(np.mean(explored[key])) - truth,
        bias=interval.mean - truth,
        covered=interval.low is not None and interval.high is not None and interval.low <= truth <= interval.high,
        stated=stated,
    )


def grid(seeds: int, world: World, within: float, number: int, *, ordered: bool = True) -> Outcome:
    """Train every value with so many seeds; state the winner's own interval."""
    runs = [each.planned(seed, DATASET) for seed in range(seeds) for each in candidates(world, ordered=ordered)]
    return read(play(Grid(runs), world, np.random.default_rng(number)), world, within)


def settle(  # noqa: PLR0913 -- partial fixes most
    workers: int, world: World, within: float, number: int, *, ordered: bool = True, most_each: int | None = None
) -> Outcome:
    """Run settle with its defaults; ``stated`` is what it, and the report, says when exploring ends.

    ``most_each`` caps the exploring runs, counted for each value.
    """
    most = None if most_each is None else most_each * len(world.axis)
    settings = SettleSettings(name="settle", seed=number, within=within, confirm_seeds=CONFIRM_SEEDS, max_runs=most)
    method = Settle(candidates(world, ordered=ordered), [], settings, DATASET)
    played = play(method, world, np.random.default_rng(number), workers)
    if method.chosen is None:
        msg = "settle chose nothing"
        raise RuntimeError(msg)
    return read(played, world, within, method.chosen.configuration.model_dump_json(), method.confidence())


def racing(world: World, within: float, number: int) -> Outcome:
    """Race all values; state the winner's own interval."""
    return read(play(Racing(candidates(world), within, DATASET), world, np.random.default_rng(number)), world, within)


def search(given: Mapping[str, Any], world: World, within: float, number: int) -> Outcome:
    """Run a search over the values (``values``) or over their range, one seed each; the best is confirmed."""
    given = dict(given)
    values = tuple(float(value) for value in world.axis)
    sampled = SampledChoices(values) if given.pop("values", False) else SampledRange(values[0], values[-1], log=True)
    settings = SearchSettings(name="search", confirm_best=1, confirm_seeds=CONFIRM_SEEDS, seed=number, **given)
    method = Search([ArmSpace("adaptive", {"temperature": sampled}, _built)], [], settings, EPOCHS, DATASET)
    return read(play(method, world, np.random.default_rng(number), 4), world, within)


def _built(varied: Mapping[str, float | str]) -> Configuration:
    return Configuration(loss=AdaptiveGCE(name="adaptive_gce", temperature=float(varied["temperature"])))


SEARCHES: dict[str, Callable[[World, float, int], Outcome]] = {
    "ASHA on the values, 1 seed": partial(search, {"values": True, "configurations": 9, "sampler": "random"}),
    "random search, 50": partial(search, {"configurations": 50, "sampler": "random", "asha": None}),
    "TPE, 50": partial(search, {"configurations": 50, "asha": None}),
    "TPE with ASHA, 50": partial(search, {"configurations": 50, "asha": Asha()}),
}

CONTENDERS: dict[str, Callable[[World, float, int], Outcome]] = {
    "settle": partial(settle, 1),
    "settle, 4 runs in flight": partial(settle, 4),
    "grid x 12": partial(grid, 12),
    "grid x 16": partial(grid, 16),
    "grid x 20": partial(grid, 20),
    "uniform racing": racing,
    **SEARCHES,
}

ON_REPEATS = {
    "settle": partial(settle, 1),
    "settle, at most half the grid's cost": partial(settle, 1, most_each=6),
    "grid x 12": partial(grid, 12),
}


def as_row(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    return asdict(outcome)
