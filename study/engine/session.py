"""One sitting of a study: from its data and plan to the end of its runs."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from study.console import say
from study.engine.state import Observer
from study.errors import EngineError
from trainables.naming import duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from study.engine.conductor import Conductor
    from study.engine.notifier import Notifier
    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.storage.types import Location


class OptunaJournal(Observer):
    """Keeps a search's trials in a file for Optuna's tools."""

    def __init__(self, write: Callable[[], None]) -> None:
        """Keep the function that writes the file."""
        self._write = write

    def changed(self) -> None:
        """Bring the file up to date."""
        self._write()


def how_to_continue(name: str, options: argparse.Namespace) -> str:
    """Return the sentence that tells how to continue a study that was interrupted."""
    again = f"gce-study run {options.file}"
    if "GCE_STUDY_JOB" in os.environ:
        again = f"gce-study resume {name}, or submit its file again"
    return f"{name}: nothing recorded is lost; continue with: {again}"


@contextmanager
def workplace(spec: StudySpec, storage: Location) -> Iterator[None]:
    """Check that runs find what they ask for: on this machine, or on the cluster that the study was submitted to.

    Raises:
        EngineError: they do not.

    """
    from study.cluster.ray_environment import joins_cluster, prepare_environment  # noqa: PLC0415
    from study.planning.machine import ill_suited, lacking  # noqa: PLC0415

    if not joins_cluster():
        if missing := lacking(spec):
            raise EngineError("; ".join(missing))
        for line in ill_suited(spec):
            say(line, err=True)
        yield
        return
    os.chdir(Path.home())  # a job's own folder may be cleared away while its driver runs
    prepare_environment()
    from study.cluster.nodes import joined  # noqa: PLC0415 -- imports ray, which reads the environment

    with joined(spec.resources, storage):
        yield


def train(
    spec: StudySpec,
    storage: Location,
    options: argparse.Namespace,
    notifier: Notifier,
    still_owned: Callable[[], None],
) -> Conductor:
    """Train what a study still lacks, and return the conductor with what is recorded.

    Raises:
        OwnedError: another process has taken the study over.
        EngineError: the storage location or the cluster cannot be used.

    """
    from study.cluster.ray_environment import prepare_environment  # noqa: PLC0415
    from study.engine.conductor import Conductor  # noqa: PLC0415
    from study.engine.progress import Progress  # noqa: PLC0415
    from study.engine.tensorboard import TensorBoard  # noqa: PLC0415
    from study.ledger.ledger import Ledger  # noqa: PLC0415
    from study.ledger.registry import refuse_changed_study, register  # noqa: PLC0415
    from study.methods.factory import make_method  # noqa: PLC0415
    from study.methods.method import Signal  # noqa: PLC0415
    from study.planning.commit import git_revision  # noqa: PLC0415
    from study.planning.data import make_plan  # noqa: PLC0415
    from study.planning.workload import workloads  # noqa: PLC0415
    from study.spec.differences import dump  # noqa: PLC0415

    earlier = refuse_changed_study(
        storage, spec.name, dump(spec)
    )  # a change is better refused before the frames are computed
    manifest = _store_with_progress(spec, options.skip_bad_clips)
    workloads(spec, manifest)
    plan = make_plan(spec, manifest, earlier)
    still_owned()  # the frames may have taken long
    register(storage, plan)
    ledger = Ledger(storage)
    ledger.sweep()
    records = ledger.open({p.run.run_id: p for p in plan.runs})
    if options.retry_failed:
        records = ledger.retry(records)
    for warning in ledger.warnings:
        say(warning, err=True)
    chosen = make_method(spec, plan.dataset.fingerprint, plan.runs)
    conductor = Conductor(chosen.method, storage, plan, git_revision(), still_owned)
    progress = Progress(conductor.state, storage, spec.select_on)
    conductor.state.observers += [progress, TensorBoard(storage, spec.name), notifier]
    if chosen.write_journal:
        conductor.state.observers.append(OptunaJournal(chosen.write_journal))
    conductor.load(records.values())
    del records  # their curves would stay in memory for as long as the study runs
    first = conductor.next()  # answered from the ledger as far as that goes
    if first is not Signal.DONE:
        if not isinstance(first, Signal):
            conductor.give_back(first.run.run_id)
        with progress:
            prepare_environment()
            from study.engine.tune import execute  # noqa: PLC0415 -- imports ray, which reads the environment

            execute(conductor, spec.resources)
    conductor.state.end()
    return conductor


def _store_with_progress(spec: StudySpec, skip_bad_clips: int) -> Manifest:
    from study.planning.frames import store_data  # noqa: PLC0415

    with _bar("log-mel frames") as advance:
        return store_data(
            spec,
            skip_bad_clips,
            progress=advance,
            waiting=lambda: say("another process is building these frames; waiting for it", err=True),
        )


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress with an ETA: a bar on a terminal, a line for every tenth elsewhere."""
    if not sys.stderr.isatty():
        yield _tenths(title)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tenths(title: str) -> Callable[[int, int], None]:
    began, first, said = time.monotonic(), -1, 0

    def advance(done: int, total: int) -> None:
        nonlocal first, said
        first = done if first < 0 else first  # what an earlier build had finished is no pace
        if total and 10 * done // total > said:
            said = 10 * done // total
            pace = (time.monotonic() - began) / (done - first) if done > first else 0.0
            say(f"{title}: {done} of {total} clips; ETA {duration(pace * (total - done))}", err=True)

    return advance
