"""One start of a study: from its data and plan to the end of its runs, and its report."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.report.write import write_files
from analysis.study import load_study
from analysis.text.cautions.clips import clip_cautions
from study.cluster.ray_environment import importing_ray, joins_cluster, prepare_environment
from study.cluster.ray_folder import parent_folder
from study.console import say
from study.engine.candidate_weights import CandidateWeights
from study.engine.conductor import Conductor
from study.engine.display.progress import Progress, how_it_ended
from study.engine.driver_log import logged
from study.engine.end_watch import EndWatch
from study.engine.frames import store_with_progress
from study.engine.notifier import Notifier
from study.engine.state import Observer
from study.engine.tensorboard import TensorBoard
from study.errors import EngineError, SpecError
from study.interrupts import raise_if_interrupted
from study.ledger.claim import claim
from study.ledger.kept_weights import choice_without_weights, free_unwanted, where_weights_are
from study.ledger.ledger import Ledger
from study.ledger.registry import refuse_changed_study, register
from study.methods.factory import make_method
from study.methods.method import Signal
from study.planning.commit import git_revision
from study.planning.data import identified, make_plan
from study.planning.machine import ill_suited, lacking
from study.planning.runs import of_other_code, superseded
from study.planning.workload import patches_of_clips, workloads
from study.spec.differences import dump
from trainables.plans import study_folder
from trainables.plugins.loading import keep_plugins
from trainables.records import RESULTS
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.study import Study
    from study.spec.notify import Event
    from study.spec.study import StudySpec
    from trainables.plans import StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location


@dataclass(frozen=True)
class Start:
    """How a study is started.

    Attributes:
        again: what continues the study on this machine: a command, or a call in Python.
        skip_bad_clips: how many clips that cannot be used may be left out.
        retry_failed: whether failed runs are trained again.
        retrain_choice: whether the choice's runs are trained again whose weights were not kept.

    """

    again: str
    skip_bad_clips: int = 0
    retry_failed: bool = False
    retrain_choice: bool = False


def run_study(spec: StudySpec, start: Start, show: Callable[[Conductor, Study, Location | None], None]) -> Study:
    """Train what a study still needs, write its report, and return its results.

    Args:
        spec: the study.
        start: how it is started.
        show: prints the results and the path of the report's page, which is None if it could not be written.

    Raises:
        OwnedError: another process runs the study.
        EngineError: the study cannot continue.
        SpecError: the storage location holds another study of this name.
        DataSetError: the data set has problems.
        OSError: the storage location cannot be read or written.

    """
    if start.retrain_choice and spec.keep == "none":
        raise SpecError(["--retrain-choice: the study has keep: none; allowed: keep: best, or keep: all"])
    storage = location(spec.storage)
    hint = how_to_continue(spec.name, start.again)
    notifier = Notifier(spec.name, spec.notify, hint)
    with (
        claim(storage, spec.name) as still_owned,
        logged(storage, spec.name, start.again),
        EndWatch(storage, spec.name) as end_watch,
        notifier.of_failure(),
        workplace(spec, storage),
    ):
        try:
            conductor = train(spec, start, notifier, still_owned, end_watch)
        except (KeyboardInterrupt, EngineError, OSError):
            say(hint, err=True)
            raise
        study = load_study(storage, spec.name)
        still_owned()
        free_unwanted(study.finding, storage)
        folder, page = study_folder(storage, spec.name) / "report", None
        try:
            write_files(study.report, folder)
            page = folder / "report.html"
        finally:
            show(conductor, study, page)
    event: Event = "finished" if conductor.state.any_complete else "failed"
    notifier.send(event, study.report.headline.line)
    return study


def print_end(conductor: Conductor, study: Study, report: Location | None) -> None:
    """Print what went wrong, and where report and weights are."""
    print_problems(conductor)
    if report is not None:
        say(f"report: {report}", *filter(None, [where_weights_are(study.finding, conductor.storage)]))


def print_problems(conductor: Conductor) -> None:
    """Print what went wrong: records put aside, runs without a result, observers that failed."""
    for warning in conductor.ledger.warnings:
        say(warning, err=True)
    state = conductor.state
    for run_id, record in state.recorded.items():
        if record.status not in RESULTS:
            say(f"left out: {how_it_ended(state.runs[run_id], record, conductor.storage)}")
    for observer in state.observers:
        if observer.problem:
            say(observer.problem, err=True)


class OptunaJournal(Observer):
    """Keeps a search's trials in a file for Optuna's tools."""

    def __init__(self, write: Callable[[], None]) -> None:
        """Keep the function that writes the file."""
        self._write = write

    def changed(self) -> None:
        """Bring the file up to date."""
        self._write()


def how_to_continue(name: str, again: str) -> str:
    """Return a sentence on how to continue an interrupted study.

    Args:
        name: the study's name.
        again: the command that runs it again on this machine.

    """
    if "GCE_STUDY_JOB" in os.environ:
        again = f"gce-study resume {name}, or submit its file again"
    return f"{name}: nothing recorded is lost; continue with: {again}"


@contextmanager
def workplace(spec: StudySpec, storage: Location) -> Iterator[None]:
    """Check that this machine, or the cluster that the study was submitted to, has what the runs need.

    Raises:
        EngineError: something is missing.

    """
    if not joins_cluster():
        if missing := lacking(spec):
            raise EngineError("; ".join(missing))
        parent_folder()  # before any work
        for line in ill_suited(spec):
            say(line, err=True)
        yield
        return
    before = Path.cwd()
    os.chdir(Path.home())  # a job's own folder may be deleted while its driver runs
    prepare_environment()
    with importing_ray():
        from study.cluster.nodes import joined  # noqa: PLC0415 -- imports ray, which reads the environment

    with joined(spec.resources, storage):
        yield
    with suppress(OSError):
        os.chdir(before)


def train(
    spec: StudySpec,
    start: Start,
    notifier: Notifier,
    still_owned: Callable[[], None],
    end_watch: EndWatch,
) -> Conductor:
    """Train the runs of a study that are not recorded yet, and return the conductor.

    Args:
        spec: the study.
        start: how it is started.
        notifier: is notified of the study's state.
        still_owned: a guard that raises OwnedError once another process has taken the study over.
        end_watch: knows whether the study is to stop.

    Raises:
        OwnedError: another process has taken the study over.
        EngineError: the storage location or the cluster cannot be used.

    """
    storage = location(spec.storage)
    earlier = refuse_changed_study(storage, spec.name, dump(spec))  # before the frames are computed
    for text in filter(None, (superseded(earlier, storage), of_other_code(earlier, storage))):
        say(f"{spec.name}: {text}")
    manifest, embeddings = store_with_progress(spec, start.skip_bad_clips)
    spec = identified(spec, manifest, embeddings)
    workloads(spec, manifest, patches_of_clips(spec, manifest, embeddings))
    plan = make_plan(spec, manifest, earlier, embeddings=embeddings)
    for text in clip_cautions(plan.dataset.doubtful):
        say(text, err=True)
    still_owned()  # computing the frames may have taken long
    raise_if_interrupted()
    keep_plugins(storage)
    register(storage, plan)
    chosen = make_method(spec, plan.dataset.fingerprint, plan.runs, len(plan.dataset.folds))
    conductor = Conductor(chosen.method, storage, plan, git_revision(), still_owned)
    progress = Progress(conductor.state, storage, spec.selected_on)
    conductor.state.observers += [progress, TensorBoard(storage, spec.name, spec.varied_settings), notifier]
    conductor.state.observers.append(CandidateWeights(storage, plan, still_owned))
    if chosen.write_journal:
        conductor.state.observers.append(OptunaJournal(chosen.write_journal))
    conductor.load(_read_records(storage, plan, start).values())
    first = conductor.next()  # if the ledger holds every record, Ray need not start
    if first is not Signal.DONE:
        if not isinstance(first, Signal):
            conductor.give_back(first.run.run_id)
        with progress, end_watch.training():
            prepare_environment()
            with importing_ray():
                from study.engine.tune import execute  # noqa: PLC0415 -- imports ray, which reads the environment

            execute(conductor, spec.resources, end_watch.stop_requested)
    conductor.state.end()
    return conductor


def _read_records(storage: Location, plan: StudyPlan, start: Start) -> dict[str, Record]:
    """Return the records of a study by ``run_id``, and print which were put aside; see ``Ledger``."""
    ledger = Ledger(storage)
    ledger.sweep()
    records = ledger.open(dict.fromkeys(planned.run.run_id for planned in plan.runs))
    if start.retry_failed:
        records = ledger.retry(records)
    if start.retrain_choice:
        for run_id in choice_without_weights(storage, plan.name):
            ledger.put_aside(run_id, "retrained", "its weights were not kept")
            del records[run_id]
    for warning in ledger.warnings:
        say(warning, err=True)
    return records
