"""A settle study of four T that is played without training: what the tests of the method share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import factories
from study.methods.method import Signal
from study.methods.settle import Settle
from study.spec.candidates import Candidate
from trainables.config import Configuration
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.plans import PlannedRun
from trainables.settings import Settle as Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.methods.method import Method
    from trainables.records import Record

TEMPERATURES = (1e2, 1e3, 1e4, 1e5)
CCE_ARM = Candidate("cce", {}, Configuration(loss=CCE(name="cce")))


def candidates(temperatures: Sequence[float] = TEMPERATURES) -> list[Candidate]:
    losses = [AdaptiveGCE(name="adaptive_gce", temperature=t) for t in temperatures]
    return [Candidate("adaptive", {"temperature": x.temperature}, Configuration(loss=x)) for x in losses]


def settle(asked: Sequence[PlannedRun] = (), baselines: Sequence[Candidate] = (), **given: Any) -> Settle:
    own = {key: given.pop(key) for key in ("select_on", "collapse", "exploring_budget") if key in given}
    chosen_from = given.pop("candidates", candidates())
    return Settle(chosen_from, baselines, Settings(name="settle", **given), "f", earlier=asked, **own)


def noisy(planned: PlannedRun, sd: float = 0.01) -> float:
    """Return an accuracy that is highest at T = 1e4, with noise that is the run's own; a fraction."""
    x = np.log10(float(planned.varied.get("temperature", 1e2)))
    rng = np.random.default_rng([planned.run.seed, int(10 * x)])
    return float(0.75 - 0.003 * (x - 4) ** 2 + rng.normal(0, sd))


def easy(planned: PlannedRun) -> float:
    """Return an accuracy whose noise hides nothing."""
    return noisy(planned, 0.0005)


def record(planned: PlannedRun, accuracy: float | None, verified: float | None = None) -> Record:
    """Return a record: complete with that accuracy, diverged without."""
    status = "diverged" if accuracy is None else "complete"
    return factories.record(planned, status, validation_accuracy=accuracy, verified_accuracy=verified)


def asked(method: Method, most: int = 1000) -> list[PlannedRun]:
    """Ask until the method answers no run."""
    runs = []
    while len(runs) < most and isinstance(planned := method.ask(), PlannedRun):
        runs.append(planned)
    return runs


def play(method: Method, score: Any = noisy, workers: int = 1, most: int = 10_000) -> list[PlannedRun]:
    """Train what a method asks for, the oldest run first, until it is done or so many are told; return those told."""
    out: list[PlannedRun] = []
    told: list[PlannedRun] = []
    while len(told) < most:
        answer = method.ask() if len(out) < workers else Signal.WAIT
        if answer is Signal.DONE:
            break
        if isinstance(answer, PlannedRun):
            out.append(answer)
            continue
        assert out, "it waits, and nothing is out"
        method.tell(record(out[0], score(out[0])))
        told.append(out.pop(0))
    return told


def seeds(runs: Sequence[PlannedRun]) -> list[tuple[float | str, int]]:
    return [(planned.varied.get("temperature", planned.arm), planned.run.seed) for planned in runs]


def explored(runs: Sequence[PlannedRun]) -> list[PlannedRun]:
    return [planned for planned in runs if planned.stage == "explore"]
