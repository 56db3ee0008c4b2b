"""The compared methods, and the answer of each: its choice, and the accuracy that it states."""

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
from trainables.config import Configuration
from trainables.losses.catalogue import AdaptiveGCE
from trainables.settings import Asha
from trainables.settings import Search as SearchSettings
from trainables.settings import Settle as SettleSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


ROUNDING = 1e-9  # points: a regret of exactly the tolerance is within it


@dataclass(frozen=True)
class Outcome:
    """The result of a method in a world; accuracies in points, costs in full trainings."""

    before: float  # trainings before the choice is confirmed
    total: float
    within: bool  # whether the choice is within the tolerance of the best
    regret: float  # of the choice
    own: float  # bias of the choice's mean in the runs that led to it
    bias: float  # of the stated accuracy
    covered: bool  # whether the stated 95 % interval covers the true accuracy; False without an interval
    stated: float | None = None  # the stated probability of being within


def candidates(world: World) -> list[Candidate]:
    """Return a configuration for each value of a world; without an order, each belongs to an arm of its own."""
    losses = [AdaptiveGCE(name="adaptive_gce", temperature=float(value)) for value in world.axis]
    arms = ["adaptive" if world.ordered else f"arm{i}" for i in range(len(losses))]
    return [
        Candidate(arm, {"temperature": loss.temperature}, Configuration(loss=loss))
        for arm, loss in zip(arms, losses, strict=True)
    ]


def read(
    played: Played, world: World, within: float, choice: str | None = None, stated: float | None = None
) -> Outcome:
    """Return the outcome of a method.

    Args:
        played: the trained runs.
        world: knows the true accuracies.
        within: the tolerance, in points.
        choice: JSON of the chosen configuration; None for the one with the highest mean.
        stated: the stated probability of being within the tolerance.

    """
    explored: dict[str, list[float]] = {}
    confirmed: dict[str, list[float]] = {}
    example = {}
    for run, score in zip(played.runs, played.scores, strict=True):
        key = run.run.configuration.model_dump_json()
        example[key] = run
        (confirmed if run.stage == "confirm" else explored).setdefault(key, []).append(score)
    deciding = confirmed if confirmed and choice is None else explored
    key = choice or max(deciding, key=lambda name: np.mean(deciding[name]))
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


def grid(seeds: int, world: World, within: float, number: int) -> Outcome:
    """Train every value with the same seeds; state the interval of the best mean."""
    runs = [candidate.planned(seed, DATASET) for seed in range(seeds) for candidate in candidates(world)]
    return read(play(Grid(runs), world, np.random.default_rng(number)), world, within)


def settle(workers: int, world: World, within: float, number: int, *, runs_each: int | None = None) -> Outcome:
    """Run settle with its defaults; ``stated`` is the confidence that it reports when exploring ends.

    ``runs_each`` caps the number of exploring runs, as a mean per value.
    """
    max_runs = None if runs_each is None else runs_each * len(world.axis)
    settings = SettleSettings(name="settle", seed=number, within=within, confirm_seeds=CONFIRM_SEEDS, max_runs=max_runs)
    method = Settle(candidates(world), [], settings, DATASET)
    played = play(method, world, np.random.default_rng(number), workers)
    if method.chosen is None:
        msg = "settle made no choice"
        raise RuntimeError(msg)
    return read(played, world, within, method.chosen.configuration.model_dump_json(), method.confidence())


def racing(world: World, within: float, number: int) -> Outcome:
    """Race all values; state the interval of the best mean."""
    return read(play(Racing(candidates(world), within, DATASET), world, np.random.default_rng(number)), world, within)


def search(options: Mapping[str, Any], world: World, within: float, number: int) -> Outcome:
    """Search the values (``values``) or their range with one seed each, and confirm the best."""
    options = dict(options)
    values = tuple(float(value) for value in world.axis)
    sampled = SampledChoices(values) if options.pop("values", False) else SampledRange(values[0], values[-1], log=True)
    settings = SearchSettings(name="search", confirm_best=1, confirm_seeds=CONFIRM_SEEDS, seed=number, **options)
    method = Search([ArmSpace("adaptive", {"temperature": sampled}, _configuration)], [], settings, EPOCHS, DATASET)
    return read(play(method, world, np.random.default_rng(number), 4), world, within)


def _configuration(varied: Mapping[str, float | str]) -> Configuration:
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
    "settle, at most half the grid's cost": partial(settle, 1, runs_each=6),
    "grid x 12": partial(grid, 12),
}


def as_row(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    return asdict(outcome)
