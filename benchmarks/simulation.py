"""A method played to its end against simulated trainings, through the same questions that the engine asks it.

A world knows every candidate's true accuracy and draws each run's score around it. A run's accuracy after epoch e is

    score - 25 points * exp(-e / pace) + N(0, 0.6 points),    pace = 20 epochs * exp(N(0, 0.1)) for each candidate

and the score itself after the last of 160 epochs: a run has most of its accuracy after 40 epochs, and candidates that
learn faster lead early by about as much as seeds differ, which is why rungs err. Only methods with rungs look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from study.methods.method import Decision, Signal
from trainables.records import Cost, Epoch, Record

if TYPE_CHECKING:
    from study.methods.method import Method
    from trainables.plans import PlannedRun
    from trainables.records import Status

Floats = NDArray[np.float64]
Scatter = Callable[[int, np.random.Generator], float]

DATASET = "simulated"
EPOCHS = 160
GAP, PACE, PACE_SPREAD, JITTER = 25.0, 20.0, 0.1, 0.6  # points, epochs, of the logarithm, points
CONFIRM_SEEDS = 12
NO_COST = Cost(wall_s=0, cpu_s=0, images=0, images_per_s=0)


class World:
    """What training would give: true accuracies, and every run's score and curve; all in points."""

    def __init__(self, axis: Floats, truth: Floats, scatter: Scatter, seed: tuple[int, ...]) -> None:
        """Fix what trainings give.

        Args:
            axis: (K,), the values of the one parameter, ascending.
            truth: (K,), the true accuracies.
            scatter: given a value's index, draws by how much a run's score is off.
            seed: of every random number of this world.

        """
        self.axis, self.truth, self._scatter, self._seed = axis, truth, scatter, seed
        self._scores: dict[tuple[int, int], float] = {}

    def index(self, planned: PlannedRun) -> int:
        """Return which value a run has: that of its parameter, or the nearest on the logarithmic scale."""
        value = _value(planned)
        return int(np.abs(np.log(self.axis) - np.log(value)).argmin())

    def true(self, planned: PlannedRun) -> float:
        """Return the true accuracy of a run's configuration: between two values, that on the line between theirs."""
        return float(np.interp(np.log(_value(planned)), np.log(self.axis), self.truth))

    def score(self, planned: PlannedRun) -> float:
        """Return a run's accuracy after its last epoch; the same for equal value and seed, whichever method asks."""
        key = (_place(planned), planned.run.seed)
        if key not in self._scores:
            rng = np.random.default_rng([*self._seed, *key])
            self._scores[key] = self.true(planned) + self._scatter(self.index(planned), rng)
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
    return round(1000 * np.log10(_value(planned))) + 100_000  # a seed is not negative


@dataclass
class Played:
    """What a method had trained.

    Attributes:
        runs: those that were told, in the order of their ends.
        scores: their accuracies, in points; of a stopped run the last one seen.
        trainings: what each cost, in whole trainings: a stopped one is a part of one.

    """

    runs: list[PlannedRun] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    trainings: list[float] = field(default_factory=list)

    def cost(self, stage: str) -> float:
        """Return the trainings of one stage."""
        return sum(cost for run, cost in zip(self.runs, self.trainings, strict=True) if run.stage == stage)


@dataclass
class _Flying:
    """A run that is out."""

    planned: PlannedRun
    epoch: int = 0


def play(method: Method, world: World, rng: np.random.Generator, workers: int = 1) -> Played:
    """Train what a method asks for, with so many runs in flight; which of them gets on next is random.

    Raises:
        RuntimeError: the method waits though nothing is out.

    """
    played = Played()
    flying: list[_Flying] = []
    reached: dict[str, int] = {}  # run_id -> epochs of its checkpoint
    while True:
        answer = method.ask() if len(flying) < workers else Signal.WAIT
        if answer is Signal.DONE and not flying:
            return played
        if not isinstance(answer, Signal):
            flying.append(_Flying(answer, reached.get(answer.run.run_id, 0)))
            continue
        if not flying:
            msg = "the method waits, and nothing is out"
            raise RuntimeError(msg)
        run = flying[int(rng.integers(len(flying)))]
        if _advance(run, method, world, played):
            flying.remove(run)
            reached[run.planned.run.run_id] = run.epoch


def _advance(run: _Flying, method: Method, world: World, played: Played) -> bool:
    """Train a run to its next rung, or to its end; say whether it makes room."""
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
    # Built without validation, which would take most of a simulation's time.
    return Epoch.model_construct(epoch=number, validation_accuracy=score / 100, verified_accuracy=None)


def record(planned: PlannedRun, score: float, status: Status = "complete", epochs: Sequence[Epoch] = ()) -> Record:
    """Make up the record of a run with an accuracy, in points."""
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
