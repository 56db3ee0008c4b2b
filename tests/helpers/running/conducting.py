"""A conductor of a study of three runs, whose method plans them one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from factories import point
from study.engine.conductor import Conductor
from study.methods.grid import Grid
from study.methods.method import Decision, Signal
from study.spec.candidates import Candidate
from trainables.config import Configuration
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan
from trainables.provenance import Attempt
from trainables.records import Epoch, Record, Spent
from trainables.training.checkpoint import Checkpoint, checkpoint_path, save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from trainables.storage.types import Location


CANDIDATE = Candidate("a", {}, Configuration(loss=CCE(name="cce")))
RUNS = [CANDIDATE.planned(seed, "d", "explore") for seed in range(3)]


class OneByOne(Grid):
    """Plans its runs one at a time, and cuts or pauses them after their second epoch."""

    rungs = (2,)

    def __init__(self, decision: Decision = Decision.STOP) -> None:
        super().__init__([])
        self.decision = decision
        self.reported: list[list[int]] = []

    def ask(self) -> PlannedRun | Signal:
        if len(self._runs) < len(RUNS):
            self._runs.append(RUNS[len(self._runs)])
            self._queue.plan(self._runs[-1])
        return super().ask()

    def takes(self, record: Record) -> bool:  # noqa: ARG002 -- any
        return True

    def report(self, run_id: str, curve: Sequence[Epoch]) -> Decision:
        self.reported.append([point.epoch for point in curve])
        if len(curve) < 2:
            return Decision.CONTINUE
        self._queue.hold(run_id)
        return self.decision


def checkpoint(storage: Path, planned: PlannedRun, epochs: int) -> None:
    curve = [point(i + 1).model_dump() for i in range(epochs)]
    state = Checkpoint(
        training={"curve": curve, "images": 640, "train_s": 2.0, "model": torch.zeros(1)},
        spent=Spent(wall_s=3.0, cpu_s=2.5),
        earlier=[Attempt(host="h", from_epoch=1)],
    )
    save_checkpoint(checkpoint_path(storage, planned.run.run_id), state)


class LostError(Exception):
    """The study is another process's meanwhile."""


class Guard:
    """What is called before anything is written; it calls ``then``, if there is one."""

    then: Callable[[], None] | None = None

    def __call__(self) -> None:
        if self.then:
            self.then()

    def lose(self) -> None:
        raise LostError


def conductor(storage: Location, method: Grid, still_owned: Callable[[], None] = lambda: None) -> Conductor:
    data = DataSummary(name="d", kind="synthetic", fingerprint="d", classes=["x", "y"], clips={})
    plan = StudyPlan(name="s", description="", method="search", spec={}, dataset=data, runs=[])
    return Conductor(method, storage, plan, {"commit": "c"}, still_owned)
