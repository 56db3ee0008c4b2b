"""The overhead around training: starting runs, processing records, deciding which run is next, opening a ledger."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from contenders import candidates
from large_study import planned_runs, write_study
from measuring import Figure
from simulation import DATASET, World, record

from study.ledger.ledger import Ledger
from study.methods.method import Signal
from study.methods.settle import Settle
from trainables.settings import Settle as Settings
from trainables.storage.folder_location import FolderLocation

FEW, MANY = 1000, 5000  # runs
VALUES, SETTLING = 50, 1000  # of T; runs
LEDGER = 10_000  # records
SEED_SD = 1.5  # points
ROUNDS = 3


def measure() -> list[Figure]:
    """Return time and memory per run and their growth, the time of a decision, and that of opening a ledger."""
    few, many = (_noop_runs(runs) for runs in (FEW, MANY))
    parts = len(many.at) // 5
    first, last = (many.at[part][-1] - many.at[part][0] for part in (slice(parts), slice(-parts, None)))
    decisions = _decisions()
    return [
        Figure(
            f"a run that trains nothing, of {FEW} on two workers",
            few.each_s,
            "s",
            0.25,
            "less",
            f"engine, Tune, worker and ledger, actors reused; of {MANY} {many.each_s:.3f} s",
        ),
        Figure(
            f"the last fifth of {MANY} such runs, times as long as the first",
            last / first,
            "x",
            1.2,
            "less",
            f"{last:.1f} and {first:.1f} s",
        ),
        Figure(f"the driver's memory, of {MANY} such runs each", many.each_kib, "KiB", 50, "less"),
        Figure(
            f"a decision of settle, {VALUES} values and {SETTLING} runs",
            1000 * median(decisions),
            "ms",
            50,
            "less",
            f"processing a record, reporting progress and choosing the next run; the slowest of {len(decisions)} took "
            f"{1000 * max(decisions):.0f} ms",
        ),
        Figure(f"opening a ledger of {LEDGER} records", _ledger(), "s", 5, "less", "40 epochs, 200 test clips each"),
    ]


@dataclass(frozen=True)
class Noops:
    """Runs that trained nothing: the time of each record in seconds, and for every 100th the driver's memory in KiB."""

    at: list[float]
    memory: list[int]

    @property
    def each_s(self) -> float:
        """Seconds per run after the first record, so that starting Ray does not count."""
        return (self.at[-1] - self.at[0]) / (len(self.at) - 1)

    @property
    def each_kib(self) -> float:
        """Memory per run after the first hundred."""
        return (self.memory[-1] - self.memory[0]) / (100 * (len(self.memory) - 1))


def _noop_runs(runs: int) -> Noops:
    with tempfile.TemporaryDirectory() as folder:
        write_study(FolderLocation(folder), planned_runs(20, runs // 20), late=runs, seed=0)
        command = [sys.executable, Path(__file__).with_name("noop_study.py"), folder]
        output = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 -- our own command
    if output["failed"]:
        msg = f"{output['failed']} of {runs} runs that train nothing failed"
        raise RuntimeError(msg)
    return Noops(output["at"], output["memory"])


def _decisions() -> list[float]:
    """Return the durations of the last hundred decisions of a long settle study, in seconds."""
    axis = np.logspace(2, 6, VALUES)
    truth = 75.0 - (np.log10(axis) - 3.0) ** 2
    world = World(axis, truth, lambda _, __, rng: float(rng.normal(0, SEED_SD)), (0,))
    settings = Settings(name="settle", within=0.01, confidence=0.999, max_runs=SETTLING)  # the cap is always reached
    method = Settle(candidates(world), [], settings, DATASET)
    taken = []
    answer = method.ask()
    while not isinstance(answer, Signal):
        simulated = record(answer, world.score(answer))
        start = time.perf_counter()
        method.tell(simulated)
        method.standing()
        method.most_left()
        answer = method.ask()
        taken.append(time.perf_counter() - start)
    return taken[SETTLING - 100 : SETTLING]


def _ledger() -> float:
    """Return the time needed to open a large ledger, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        runs = planned_runs(40, LEDGER // 40)
        write_study(FolderLocation(folder), runs, late=0, seed=0)
        taken = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            if len(Ledger(FolderLocation(folder)).open(planned.run.run_id for planned in runs)) != LEDGER:
                msg = "the ledger does not contain the records written"
                raise RuntimeError(msg)
            taken.append(time.perf_counter() - start)
    return median(taken)
