"""A simulation of 10,000 runs on 200 workers: what saturates first, and how short an epoch may be before it does.

Method, conductor, ledger, plan and event files are the real ones on a real disk, and the duration of each call is
measured. Training, Ray and Tune are simulated: their cost in the driver, per run and per epoch, is the CPU time of
``noop_study``, whose runs train nothing. As in Tune, the driver does one thing at a time, and a worker continues only
after its epoch has been processed; the simulated clock therefore shows how long workers wait.

``python benchmarks/scale.py [--method NAME ...] [--runs N] [--workers N]``: 10,000 runs of ``grid`` take 4 minutes,
those of ``settle`` and ``search`` about 20 minutes each.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from large_study import FINGERPRINT, NAME, record_of
from measuring import Figure, table
from ray_costs import RayCosts
from rich.console import Console

from study.engine.conductor import Conductor
from study.engine.display.progress import Progress
from study.engine.session import OptunaJournal
from study.engine.tensorboard import TensorBoard
from study.methods.factory import make_method
from study.methods.method import Decision, Signal
from study.planning.runs import planned_runs
from study.spec.differences import dump
from study.spec.study import StudySpec
from trainables.plans import DataSummary, StudyPlan, write_plan
from trainables.provenance import Attempt
from trainables.records import Spent, add_record
from trainables.storage.folder_location import FolderLocation
from trainables.training.checkpoint import Checkpoint, checkpoint_path, save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.plans import PlannedRun
    from trainables.records import Record

RUNS, WORKERS = 10_000, 200
EPOCHS = 40
CHECKPOINT_MB = 3 * 531_624 * 4 / 1e6  # weights and the two moments of Adam
EPOCH_S, SPREAD = 10.0, 0.1  # assumed for a GPU worker; standard deviation of the logarithm
START_S = 1.0  # of a run on a worker that already has the data
T = {"values": [float(f"{t:.4g}") for t in np.logspace(2, 6, 50)]}
METHODS = ("grid", "settle", "search")

Result = TypeVar("Result")


@dataclass
class Driver:
    """The driver process, which does one thing at a time."""

    free: float = 0.0  # time at which its current work is done
    spent: Counter[str] = field(default_factory=Counter)

    def work(self, at: float, what: str, call: Callable[[], Result], ray_s: float) -> Result:
        """Execute a call requested at a time; it takes its real duration plus ``ray_s`` for Ray and Tune."""
        start = time.perf_counter()
        result = call()
        duration = time.perf_counter() - start
        self.spent[what] += duration
        self.spent["Ray and Tune"] += ray_s
        self.free = max(self.free, at) + duration + ray_s
        return result


@dataclass
class Outcome:
    """The result of a simulated study, in simulated seconds."""

    wall: float
    trained: float  # summed over workers
    waited: float  # by workers for the driver, summed over workers
    runs: int
    epochs: int
    driver: Driver
    slowest: float  # decision

    @property
    def busy(self) -> float:
        """Share of the time in which the driver is busy."""
        return self.driver.spent.total() / self.wall


@dataclass
class _Flight:
    """A run on a worker, with the record that it will have."""

    planned: PlannedRun
    record: Record
    epoch: int = 0


class Simulation:
    """A study from its first run to its last."""

    def __init__(self, method: str, runs: int, folder: FolderLocation, costs: RayCosts) -> None:
        """Write the plan."""
        spec = _spec(method, runs, folder)
        planned = planned_runs(spec, FINGERPRINT) if method == "grid" else []
        data = DataSummary(name="none", kind="synthetic", fingerprint=FINGERPRINT, classes=["a", "b"], clips={})
        plan = StudyPlan(name=NAME, description="", method=method, spec=dump(spec), dataset=data, runs=planned)
        write_plan(folder, plan)
        for name in ("records", "checkpoints"):
            (folder / name).mkdir()
        made = make_method(spec, FINGERPRINT, plan.runs)
        self.conductor = Conductor(made.method, folder, plan, {"host": "here"})
        state = self.conductor.state
        state.observers += [Progress(state, folder, console=Console(file=StringIO())), TensorBoard(folder, NAME)]
        if made.write_journal:
            state.observers.append(OptunaJournal(made.write_journal))
        self.driver, self._costs = Driver(), costs
        self._random = np.random.default_rng(0)
        self._truth = self._random.integers(0, 20, 200)
        self._weights = [np.zeros(3 * 531_624, np.float32)]  # with the two moments of Adam
        self._reached: dict[str, _Flight] = {}  # paused runs
        self._events: list[tuple[float, int, _Flight]] = []
        self._number = itertools.count()
        self.trained = self.waited = self.slowest = 0.0
        self.runs = self.epochs = 0

    def play(self, workers: int) -> Outcome:
        """Run the study to its end."""
        now, done = 0.0, False
        while self._events or not done:
            while not done and len(self._events) < workers:
                before = self.driver.spent["deciding on a run"]
                answer = self.driver.work(now, "deciding on a run", self.conductor.next, 0.0)
                self.slowest = max(self.slowest, self.driver.spent["deciding on a run"] - before)
                if isinstance(answer, Signal):
                    done = answer is Signal.DONE
                    break
                self._start(answer)
            if not self._events:
                continue
            now, _, flight = heapq.heappop(self._events)
            self._land(now, flight)
            done = False
        spent = self.driver
        return Outcome(spent.free, self.trained, self.waited, self.runs, self.epochs, spent, self.slowest)

    def _start(self, planned: PlannedRun) -> None:
        run_id = planned.run.run_id
        record = record_of(planned, self._truth, self._random)
        self._train(self.driver.free + START_S, self._reached.pop(run_id, None) or _Flight(planned, record))

    def _train(self, at: float, flight: _Flight) -> None:
        duration = EPOCH_S * float(np.exp(self._random.normal(0, SPREAD)))
        self.trained += duration
        self.epochs += 1
        heapq.heappush(self._events, (at + duration, next(self._number), flight))

    def _land(self, now: float, flight: _Flight) -> None:
        """Process an epoch and its consequences."""
        flight.epoch += 1
        run, run_id = flight.planned.run, flight.planned.run.run_id
        last = flight.epoch == EPOCHS
        if last:
            add_record(self.conductor.storage, flight.record)  # by the worker
        elif flight.epoch in self.conductor.method.rungs:
            save_checkpoint(checkpoint_path(self.conductor.storage, run_id), self._checkpoint(flight))
        point = flight.record.epochs[flight.epoch - 1]
        on_epoch = partial(self.conductor.on_epoch, run, point)
        decision = self.driver.work(now, "processing an epoch", on_epoch, self._costs.epoch_s)
        if decision is Decision.CONTINUE and not last:
            self.waited += self.driver.free - now
            self._train(self.driver.free, flight)
            return
        if decision is Decision.PAUSE:
            self._reached[run_id] = flight
            end: Callable[[], object] = partial(self.conductor.state.lose, run_id)
        else:
            self.runs += 1
            end = (
                partial(self.conductor.stop, run)
                if decision is Decision.STOP
                else partial(self.conductor.ended, run_id)
            )
        self.driver.work(now, "ending a run", end, self._costs.run_s)

    def _checkpoint(self, flight: _Flight) -> Checkpoint:
        import torch  # noqa: PLC0415 -- needed only for a search

        curve = [point.model_dump() for point in flight.record.epochs[: flight.epoch]]
        training = {"model": [torch.from_numpy(w) for w in self._weights], "curve": curve, "images": 1, "train_s": 1.0}
        return Checkpoint(training=training, spent=Spent(wall_s=1.0, cpu_s=1.0), earlier=[Attempt()])


def _spec(method: str, runs: int, folder: FolderLocation) -> StudySpec:
    """Return a study with about this number of runs."""
    settings: dict[str, Any] = {
        "grid": {"seeds": runs // len(T["values"])},
        "settle": {"method": {"name": "settle", "within": 0.01, "confidence": 0.999, "max_runs": runs}},
        "search": {"method": {"name": "search", "configurations": runs // 5, "seeds": 5, "asha": {}}},
    }
    temperature = {"min": 100.0, "max": 1e6, "scale": "log"} if method == "search" else T
    return StudySpec.model_validate(
        {
            "name": NAME,
            "dataset": {"kind": "synthetic"},
            "arms": [{"name": "adaptive", "loss": {"name": "adaptive_gce", "temperature": temperature}}],
            "training": {"epochs": EPOCHS},
            "storage": str(folder),
        }
        | settings[method]
    )


def simulate(method: str, costs: RayCosts, runs: int = RUNS, workers: int = WORKERS) -> Outcome:
    """Simulate a study."""
    with tempfile.TemporaryDirectory() as folder:
        return Simulation(method, runs, FolderLocation(folder), costs).play(workers)


def measure() -> list[Figure]:
    """Return the load of a grid of 10,000 runs on 200 workers and the driver."""
    costs = RayCosts.measured()
    return figures("grid", simulate("grid", costs), costs, WORKERS)


def figures(method: str, outcome: Outcome, costs: RayCosts, workers: int) -> list[Figure]:
    """Return the figures of an outcome."""
    spent, epochs = outcome.driver.spent, outcome.epochs
    ms_per_run = {what: 1000 * seconds / outcome.runs for what, seconds in spent.items()}
    shares = ", ".join(f"{what} {ms:.0f}" for what, ms in sorted(ms_per_run.items(), key=lambda item: -item[1]))
    name = f"{method}, {outcome.runs} runs of {epochs / outcome.runs:.0f} epochs of {EPOCH_S:g} s on {workers} workers"
    return [
        Figure(
            f"{name}: share of their time that workers wait for the driver",
            100 * outcome.waited / (outcome.waited + outcome.trained),
            "%",
            5,
            "less",
            f"assumed: epochs of {EPOCH_S:g} s; the study takes {outcome.wall / 3600:.1f} hours",
        ),
        Figure(
            f"{method}: the driver's share of one core",
            100 * outcome.busy,
            "%",
            note=f"ms per run: {shares}; Ray and Tune {1000 * costs.run_s:.0f} ms per run and "
            f"{1000 * costs.epoch_s:.1f} per epoch; the slowest decision {1000 * outcome.slowest:.0f} ms",
        ),
        Figure(
            f"{method}: the shortest epoch with which the driver keeps up",
            workers * spent.total() / epochs,
            "s",
            note="a larger study can be split into several, each with its own driver",
        ),
        Figure(
            f"{method}: checkpoints that the storage location takes",
            workers * CHECKPOINT_MB / EPOCH_S,
            "MB/s",
            note=f"{CHECKPOINT_MB:.1f} MB per worker and epoch",
        ),
    ]


def main() -> None:
    """Simulate methods and print where the time goes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", nargs="+", choices=METHODS, default=METHODS, metavar="NAME")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N")
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N")
    options = parser.parse_args()
    costs = RayCosts.measured()
    for method in options.method:
        outcome = simulate(method, costs, options.runs, options.workers)
        print(f"\n{table(figures(method, outcome, costs, options.workers))}", flush=True)


if __name__ == "__main__":
    main()
