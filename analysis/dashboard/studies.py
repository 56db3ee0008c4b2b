"""The current studies of a storage location; files are read again only if they have changed."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.dashboard.links import web_address
from analysis.dashboard.snapshot import Snapshot
from analysis.dashboard.sounds import Sounds
from analysis.results.reported_metric import of_metric
from analysis.results.study_results import Unread, read_or_explain, study_results, with_kept_labels, with_labels
from analysis.results.study_state import progress_of, read_progress, study_state
from trainables.naming import label, seed_in_words
from trainables.plans import plan_path, read_plan, study_names
from trainables.records import Record
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.dashboard.sounds import SoundReader
    from analysis.results.study_state import State
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.storage.types import Location, Stamp

# A snapshot is kept for this many times the duration of its computation, so that a large study leaves time to read.
KEEP_FACTOR = 4.0


class UnreadableStudyError(Exception):
    """There is no such study, or its files cannot be read; the message states which."""


@contextmanager
def _explained() -> Iterator[None]:
    """Convert the error of an unreadable storage location to an UnreadableStudyError."""
    try:
        yield
    except OSError as error:
        raise UnreadableStudyError(str(error)) from None


@dataclass(frozen=True)
class Flight:
    """A run in training; ``epoch`` is 0 until the first one has ended."""

    run_id: str
    configuration: str
    subset: str
    seed: str  # and the fold, if it has one
    epoch: int
    epochs: int
    validation_accuracy: float | None  # a fraction


@dataclass(frozen=True)
class Live:
    """The state that the process running a study last reported."""

    owner: str  # who runs it; empty if it is not running
    flights: tuple[Flight, ...] = ()
    standing: str = ""
    eta_s: float | None = None
    age_s: float = 0.0
    ray_dashboard: str = ""  # address of the Ray dashboard of the cluster; empty without one


@dataclass(frozen=True)
class StudySummary:
    """A study in the list; ``problem`` is empty unless it cannot be read."""

    name: str
    state: State | Literal["damaged"]
    description: str = ""
    dataset: str = ""
    planned: int = 0
    recorded: int = 0
    trained_s: float = 0.0
    eta_s: float | None = None
    headline: str = ""
    problem: str = ""


class Studies:
    """Reads the studies of a storage location, and never writes to it. Safe to share between threads."""

    def __init__(
        self,
        storage: Location,
        owner: Callable[[Location, str], str | None],
        tensorboard: Callable[[], str] = str,
        reader: SoundReader | None = None,
    ) -> None:
        """Set the storage location.

        Args:
            storage: the storage location.
            owner: returns who runs a study, None if it is not running.
            tensorboard: returns the address of a reachable TensorBoard, empty without one.
            reader: reads the sounds of clips; None if nothing does.

        """
        self.storage, self.tensorboard = storage, tensorboard
        self.sounds = Sounds(storage, reader)
        self._owner = owner
        self._lock = threading.RLock()
        self._plans: dict[str, tuple[Stamp, StudyPlan, dict[str, PlannedRun]]] = {}
        self._read: dict[str, tuple[Stamp, Record | Unread | None]] = {}
        self._snapshots: dict[tuple[str, bool, str], Snapshot] = {}  # by name, and what is shown of the test clips

    def names(self) -> list[str]:
        """Return the names of the studies, which are those of their folders.

        Raises:
            UnreadableStudyError: the storage location cannot be read.

        """
        with _explained():
            return study_names(self.storage)

    def plan(self, name: str) -> tuple[StudyPlan, dict[str, PlannedRun]]:
        """Return a study's plan, and its runs by run_id.

        Raises:
            UnreadableStudyError: there is no such study, or its plan is damaged.

        """
        if name not in self.names():  # whatever an address contains, only the folder of a study is opened
            msg = f"There is no study named {name!r} here."
            raise UnreadableStudyError(msg)
        path = plan_path(self.storage, name)
        try:
            current = path.stamp()
            with self._lock:
                cached = self._plans.get(name)
                if cached is None or cached[0] != current:
                    plan = read_plan(self.storage, name)
                    # A run_id is a hash over the whole run, so it is computed only once.
                    cached = self._plans[name] = (current, plan, {p.run.run_id: p for p in plan.runs})
        except DamagedError as error:
            raise UnreadableStudyError(str(error)) from None
        except OSError as error:
            msg = f"{path}: {error.strerror}" if error.strerror else str(error)
            raise UnreadableStudyError(msg) from None
        return cached[1:]

    def snapshot(self, name: str, *, show_test: bool = False, metric: str = "accuracy") -> Snapshot:
        """Return a study with its current records, or with those of a moment ago if processing them is slow.

        Args:
            name: the study's name.
            show_test: whether to show the test accuracies of a study that has not ended.
            metric: the metric on test clips that is reported; accuracy where every run lacks it.

        Raises:
            UnreadableStudyError: see ``plan``; or two of its runs cannot be told apart.

        """
        plan, runs = self.plan(name)
        with self._lock:
            before = self._snapshots.get((name, show_test, metric))
            if before and before.plan is plan and time.monotonic() < before.made + KEEP_FACTOR * before.cost_s:
                return before
            with _explained():
                stamps = self._stamps(runs)
                progress = progress_of(self.storage, plan)
            said_ended = bool(progress.ended)
            if before and before.plan is plan and (before.stamps, before.said_ended) == (stamps, said_ended):
                return before
            with _explained():
                records, unread = self._records(stamps)
            start = time.monotonic()  # records are read once, so the cost of the next snapshot is what follows
            try:
                results = study_results(plan, records, unread, progress, show_test=show_test)
            except ValueError as error:
                raise UnreadableStudyError(str(error)) from None
            if before and before.plan is plan and before.results.labels:
                results = with_labels(results, before.results.labels)  # the labels of a data set never change
            else:
                results = with_kept_labels(results, self.storage)
            with suppress(ValueError):  # every run lacks it
                results = of_metric(results, metric)
            number = before.number + 1 if before else 1
            made = time.monotonic()
            snapshot = Snapshot(
                results, self.storage, runs, stamps, number, made=made, cost_s=made - start, said_ended=said_ended
            )
            self._snapshots[name, show_test, metric] = snapshot
            return snapshot

    def _stamps(self, run_ids: Mapping[str, PlannedRun]) -> dict[str, Stamp]:
        """Return the stamps of the records of some runs; the folder is listed once, and no file is opened."""
        by_name = (self.storage / "records").stamps()
        by_run_id = {name.removesuffix(".json"): s for name, s in by_name.items() if name.endswith(".json")}
        return {run_id: s for run_id, s in by_run_id.items() if run_id in run_ids}

    def _records(self, stamps: Mapping[str, Stamp]) -> tuple[dict[str, Record], dict[str, Unread]]:
        records: dict[str, Record] = {}
        unread: dict[str, Unread] = {}
        changed = [i for i, now in stamps.items() if i not in self._read or self._read[i][0] != now]
        results = self.storage.map(lambda run_id: read_or_explain(self.storage, run_id), changed)
        for run_id, result in zip(changed, results, strict=True):
            self._read[run_id] = (stamps[run_id], result)
        for run_id in stamps:
            _, outcome = self._read[run_id]
            if isinstance(outcome, Record):
                records[run_id] = outcome
            elif outcome is not None:
                unread[run_id] = outcome
        return records, unread

    def live(self, name: str) -> Live:
        """Return the state of a running study.

        Raises:
            UnreadableStudyError: see ``plan``.

        """
        _, runs = self.plan(name)
        with _explained():
            owner = self._owner(self.storage, name)
        if not owner:
            return Live("")
        progress = read_progress(self.storage, name)
        in_flight = {run_id: state for run_id, state in progress.running.items() if run_id in runs}
        flights = tuple(flight(runs[run_id], *state) for run_id, state in in_flight.items())
        age = max(0.0, time.time() - progress.updated) if progress.updated else 0.0
        standing = progress.standing or progress.problem
        return Live(owner, flights, standing, progress.eta_s, age, web_address(progress.ray_dashboard))

    def state(self, snapshot: Snapshot, live: Live) -> State:
        """Return whether a study runs, is complete, or has stopped before its end."""
        missing = len(snapshot.runs) - len(snapshot.stamps)
        return study_state(self.storage, snapshot.plan, missing, running=bool(live.owner))

    def warm(self) -> None:
        """Compute the results of every study, so that the first reader does not wait for them."""
        with suppress(UnreadableStudyError):
            for study in self.summaries():
                with suppress(UnreadableStudyError):
                    _ = self.snapshot(study.name).sections

    def summaries(self) -> list[StudySummary]:
        """Return the studies, running ones first, then by name.

        Raises:
            UnreadableStudyError: the storage location cannot be read.

        """
        summaries = [self._summary(name) for name in self.names()]
        return sorted(summaries, key=lambda study: (study.state != "running", study.name))

    def _summary(self, name: str) -> StudySummary:
        try:
            live, snapshot = self.live(name), self.snapshot(name)
        except UnreadableStudyError as error:
            return StudySummary(name, "damaged", problem=str(error))
        plan, planned, recorded = snapshot.plan, len(snapshot.runs), len(snapshot.stamps)
        trained_s = sum(record.cost.wall_s for record in snapshot.results.records.values())
        return StudySummary(
            name,
            self.state(snapshot, live),
            plan.description,
            plan.dataset.name,
            planned,
            recorded,
            trained_s,
            live.eta_s,
            snapshot.headline.text,
        )


def flight(planned: PlannedRun, epoch: int, validation_accuracy: float | None) -> Flight:
    """Return a run in training, with its progress."""
    run, epochs = planned.run, planned.run.configuration.training.epochs
    seed = seed_in_words(run).removeprefix("seed ")
    return Flight(run.run_id, label(planned), run.configuration.subset, seed, epoch, epochs, validation_accuracy)


def distinct(names: Iterable[object]) -> list[str]:
    """Return the distinct names, in order of first occurrence."""
    return list(dict.fromkeys(map(str, names)))
