"""Methods run against simulated training, called exactly as the engine calls them.

A world knows the true accuracy of every candidate and draws the score of each run around it. The accuracy after epoch e
is

    score - 25 points * exp(-e / pace) + N(0, 0.6 points),    pace = 20 epochs * exp(N(0, 0.1)) for each candidate

and after the last of 160 epochs the score itself. A run has most of its accuracy after 40 epochs, and candidates that
learn faster lead early by about as much as seeds differ, which is why rungs err. Only methods with rungs use the curve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from study.methods.method import Decision, Signal
from trainables.records import NO_COST, Epoch, Record

if TYPE_CHECKING:
    from study.methods.method import Method
    from trainables.plans import PlannedRun
    from trainables.records import Status

Floats = NDArray[np.float64]
Scatter = Callable[[int, int, np.random.Generator], float]

DATASET = "simulated"
EPOCHS = 160
GAP, PACE, PACE_SPREAD, JITTER = 25.0, 20.0, 0.1, 0.6  # points, epochs, sd of log pace, points
CONFIRM_SEEDS = 12


class World:
    """The simulated results of training: true accuracies, and the score and curve of every run; all in points."""

    def __init__(
        self, axis: Floats, truth: Floats, scatter: Scatter, seed: tuple[int, ...], *, ordered: bool = True
    ) -> None:
        """Define the world.

        Args:
            axis: (K,), the values of the varied parameter, ascending.
            truth: (K,), the true accuracies.
            scatter: draws the deviation of a run's score from the truth, given the index of its value and its seed.
            seed: of all random numbers of this world.
            ordered: whether the values have an order; if not, each belongs to an arm of its own.

        """
        self.axis, self.truth, self.ordered = axis, truth, ordered
        self._scatter, self._seed = scatter, seed
        self._scores: dict[tuple[int, int], float] = {}

    def index(self, planned: PlannedRun) -> int:
        """Return the index of a run's value, or of the nearest value on the logarithmic scale."""
        value = _value(planned)
        return int(np.abs(np.log(self.axis) - np.log(value)).argmin())

    def true(self, planned: PlannedRun) -> float:
        """Return the true accuracy of a run's configuration, interpolated linearly between two values."""
        return float(np.interp(np.log(_value(planned)), np.log(self.axis), self.truth))

    def score(self, planned: PlannedRun) -> float:
        """Return a run's accuracy after its last epoch, which depends only on value and seed."""
        key = (_place(planned), planned.run.seed)
        if key not in self._scores:
            rng = np.random.default_rng([*self._seed, *key])
            self._scores[key] = self.true(planned) + self._scatter(self.index(planned), planned.run.seed, rng)
        return self._scores[key]

    def curve(self, planned: PlannedRun) -> Floats:
        """Return a run's accuracy after each epoch, shape (EPOCHS,)."""
        place = _place(planned)
        pace = PACE * np.exp(np.random.default_rng([*self._seed, place]).normal(0, PACE_SPREAD))
        jitter = np.random.default_rng([*self._seed, place, planned.run.seed, 1]).normal(0, JITTER, EPOCHS)
        jitter[-1] = 0
        return np.asarray(self.score(planned) - GAP * np.exp(-np.arange(1, EPOCHS + 1) / pace) + jitter)


def _value(planned: PlannedRun) -> float:
    return float(next(iter(planned.varied.values())))


def _place(planned: PlannedRun) -> int:
    return round(1000 * np.log10(_value(planned))) + 100_000  # seeds must not be negative


@dataclass
class Played:
    """The runs that a method has trained.

    Attributes:
        runs: the recorded runs, in the order in which they ended.
        scores: their accuracies, in points; for a stopped run, the last one.
        trainings: their costs in full trainings; that of a stopped run is a fraction.

    """

    runs: list[PlannedRun] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    trainings: list[float] = field(default_factory=list)

    def cost(self, stage: str) -> float:
        """Return the cost of a stage, in full trainings."""
        return sum(cost for run, cost in zip(self.runs, self.trainings, strict=True) if run.stage == stage)


@dataclass
class _InFlight:
    """A run in flight."""

    planned: PlannedRun
    epoch: int = 0


def play(method: Method, world: World, rng: np.random.Generator, workers: int = 1) -> Played:
    """Train the runs that a method asks for; which of the runs in flight advances next is random.

    Raises:
        RuntimeError: the method waits although no run is in flight.

    """
    played = Played()
    in_flight: list[_InFlight] = []
    reached: dict[str, int] = {}  # run_id -> epochs of its checkpoint
    while True:
        answer = method.ask() if len(in_flight) < workers else Signal.WAIT
        if answer is Signal.DONE and not in_flight:
            return played
        if not isinstance(answer, Signal):
            in_flight.append(_InFlight(answer, reached.get(answer.run.run_id, 0)))
            continue
        if not in_flight:
            msg = "the method waits, but no run is in flight"
            raise RuntimeError(msg)
        run = in_flight[int(rng.integers(len(in_flight)))]
        if _advance(run, method, world, played):
            in_flight.remove(run)
            reached[run.planned.run.run_id] = run.epoch


def _advance(run: _InFlight, method: Method, world: World, played: Played) -> bool:
    """Train a run to its next rung or its end; return whether it frees its worker."""
    confirms = run.planned.stage == "confirm"
    run.epoch = next((e for e in method.rungs if run.epoch < e < EPOCHS and not confirms), EPOCHS)
    status: Status = "complete"
    if run.epoch < EPOCHS:
        decision = method.report(run.planned.run.run_id, _epochs(world, run.planned, run.epoch))
        if decision is not Decision.STOP:
            return decision is Decision.PAUSE
        status = "stopped"
    score = world.score(run.planned) if status == "complete" else float(world.curve(run.planned)[run.epoch - 1])
    epochs = _epochs(world, run.planned, run.epoch) if method.rungs else [_epoch(EPOCHS, score)]
    method.tell(record(run.planned, score, status, epochs))
    played.runs.append(run.planned)
    played.scores.append(score)
    played.trainings.append(run.epoch / EPOCHS)
    return True


def _epochs(world: World, planned: PlannedRun, last: int) -> list[Epoch]:
    return [_epoch(i + 1, score) for i, score in enumerate(world.curve(planned)[:last].tolist())]


def _epoch(number: int, score: float) -> Epoch:
    # Built without validation, which would take most of the time of a simulation.
    return Epoch.model_construct(epoch=number, validation_accuracy=score / 100, verified_accuracy=None)


def record(planned: PlannedRun, score: float, status: Status = "complete", epochs: Sequence[Epoch] = ()) -> Record:
    """Return a simulated record of a run with this accuracy, in points."""
    return Record.model_construct(
        run_id=planned.run.run_id,
        run=planned.run,
        status=status,
        epochs=list(epochs),
        validation_accuracy=score / 100,
        verified_accuracy=None,
        test=None,
        error=None,
        cost=NO_COST,
        provenance={},
    )
