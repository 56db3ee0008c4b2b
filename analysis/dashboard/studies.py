"""The current studies of a storage location; files are read again only if they have changed."""

from __future__ import annotations

import math
import re
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from analysis.dashboard.links import web_address
from analysis.dashboard.reading.job import Job, StillWorkingError
from analysis.dashboard.reading.records import Records
from analysis.dashboard.snapshot import Live, Source, flight
from analysis.dashboard.sounds import Sounds
from analysis.dashboard.summaries import StudySummary, summarized
from analysis.results.study_state import progress_of, read_progress, study_state
from trainables.plans import plan_path, read_plan, study_names
from trainables.settings import NAME_PATTERN
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.sounds import SoundReader
    from analysis.results.study_state import State
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.storage.types import Location, Stamp

    Differences: TypeAlias = Callable[[dict[str, Any], dict[str, Any]], list[str]]

# A snapshot is kept for this many times the duration of its computation, so that a large study leaves time to read.
KEEP_FACTOR = 4.0
PATIENCE_S = 0.5  # that a server's requests wait for records
MANY_RUNS = 1000  # of a study whose first screen may take long
BUDGET_S = 0.3  # of computing results for one list of studies; after a few lists all are complete


class UnreadableStudyError(Exception):
    """There is no such study, or its files cannot be read; the message states which."""


@contextmanager
def _explained() -> Iterator[None]:
    """Convert the error of an unreadable storage location to an UnreadableStudyError."""
    try:
        yield
    except OSError as error:
        raise UnreadableStudyError(str(error)) from None


class Studies:
    """Reads the studies of a storage location, and never writes to it. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 -- all but two have defaults
        self,
        storage: Location,
        owner: Callable[[Location, str], str | None],
        tensorboard: Callable[[], str] = str,
        reader: SoundReader | None = None,
        differences: Differences | None = None,
        *,
        patience_s: float = math.inf,
    ) -> None:
        """Set the storage location.

        Args:
            storage: the storage location.
            owner: returns who runs a study, None if it is not running.
            tensorboard: returns the address of a reachable TensorBoard, empty without one.
            reader: reads the sounds of clips; None if nothing does.
            differences: returns how two study files differ, a line for each key; None if nothing does.
            patience_s: seconds that a request waits at most for records that are being read.

        """
        self.storage, self.tensorboard = storage, tensorboard
        self.sounds = Sounds(storage, reader)
        self._owner = owner
        self.differences, self.patience_s = differences, patience_s
        self._plans: dict[str, tuple[Stamp, StudyPlan, dict[str, PlannedRun]]] = {}
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)  # by study
        self._records = Records(storage)
        self._listed: frozenset[str] = frozenset()  # the studies of the last listing
        self._summaries: dict[str, tuple[object, StudySummary]] = {}
        self._snapshots: dict[tuple[str, bool, str], Snapshot] = {}  # by name, and what is shown of the test clips
        self._jobs: dict[tuple[str, bool, str], tuple[object, Job[Snapshot]]] = {}  # the last of each, with its state

    def names(self) -> list[str]:
        """Return the names of the studies, which are those of their folders.

        Raises:
            UnreadableStudyError: the storage location cannot be read.

        """
        with _explained():
            names = study_names(self.storage)
        self._listed = frozenset(names)
        return names

    def plan(self, name: str) -> tuple[StudyPlan, dict[str, PlannedRun]]:
        """Return a study's plan, and its runs by run_id.

        Raises:
            UnreadableStudyError: there is no such study, or its plan is damaged.

        """
        # Whatever an address contains, only the folder of a study is opened. Listing all of them takes long for many.
        if name not in self._listed and name not in self.names():
            msg = f"There is no study named {name!r} here."
            if re.fullmatch(NAME_PATTERN, name) and self._owner(self.storage, name):
                msg = f"{name} is starting: its data is being prepared. The study is shown here once it is planned."
            raise UnreadableStudyError(msg)
        path = plan_path(self.storage, name)
        try:
            current = path.stamp()
            with self._locks[name]:
                cached = self._plans.get(name)
                if cached is None or cached[0] != current:
                    plan = read_plan(self.storage, name)
                    # A run_id is a hash over the whole run, so it is computed only once.
                    cached = self._plans[name] = (current, plan, {p.run.run_id: p for p in plan.runs})
        except DamagedError as error:
            raise UnreadableStudyError(str(error)) from None
        except OSError as error:
            self._listed = frozenset()  # it may have been removed
            msg = f"{path}: {error.strerror}" if error.strerror else str(error)
            raise UnreadableStudyError(msg) from None
        return cached[1:]

    def snapshot(
        self, name: str, *, show_test: bool = False, metric: str = "accuracy", patience_s: float | None = None
    ) -> Snapshot:
        """Return a study with its current records, or with those of a moment ago if processing them is slow.

        Records are read and results are computed by a thread. While it works on a change, the earlier view is returned.

        Args:
            name: the study's name.
            show_test: whether to show the test accuracies of a study that has not ended.
            metric: the metric on test clips that is reported; accuracy where every run lacks it.
            patience_s: seconds to wait for the current records at most; by default those of these studies.

        Raises:
            UnreadableStudyError: see ``plan``; or two of its runs cannot be told apart.
            StillWorkingError: its records are being read, and there is no earlier view of it.

        """
        plan, runs = self.plan(name)
        key = (name, show_test, metric)
        with self._locks[name]:
            before = self._snapshots.get(key)
            kept = before is not None and before.plan is plan
            if before and kept and time.monotonic() < before.made + KEEP_FACTOR * before.cost_s:
                return before
            job_of, job = self._jobs.get(key, (None, None))
            if job is None or job.ended:
                with _explained():
                    stamps = self._stamps_of(runs)
                    progress = progress_of(self.storage, plan)
                if before and kept and (before.stamps, before.said_ended) == (stamps, bool(progress.ended)):
                    return before
                source = Source(plan, runs, stamps, progress)
                if job is None or job_of != source or isinstance(job.error, OSError):  # may be readable again
                    job = Job(partial(self._made, key, source), "Reading the records")
                    self._jobs[key] = source, job
        try:
            with _explained():
                return job.result(self.patience_s if patience_s is None else patience_s)
        except StillWorkingError:
            if before:
                return before
            raise

    def _made(self, key: tuple[str, bool, str], source: Source, job: Job[Snapshot]) -> Snapshot:
        """Return a new snapshot, and keep it; compute its first screen before if that may take long."""
        name, show_test, metric = key
        records, unread = self._records.read(name, source.stamps, job)
        job.what, job.total = "Computing the results", 0
        try:
            snapshot = source.snapshot(
                self.storage, records, unread, self._snapshots.get(key), show_test=show_test, metric=metric
            )
        except ValueError as error:
            raise UnreadableStudyError(str(error)) from None
        if len(source.runs) > MANY_RUNS:
            snapshot.compute_first_screen()
        self._snapshots[key] = snapshot
        return snapshot

    def _stamps_of(self, runs: Mapping[str, PlannedRun]) -> dict[str, Stamp]:
        """Return the stamps of the records of some runs."""
        return {run_id: stamp for run_id, stamp in self._records.stamps().items() if run_id in runs}

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
        ray_dashboard = web_address(progress.ray_dashboard)
        return Live(owner, flights, standing, progress.eta_s, age, tuple(progress.waits), ray_dashboard)

    def state(self, name: str, recorded: int, live: Live) -> State:
        """Return whether a study runs, is complete, or has stopped before its end.

        Args:
            name: the study's name.
            recorded: the number of its runs that have a record.
            live: what is known of the process that runs it.

        Raises:
            UnreadableStudyError: see ``plan``.

        """
        plan, runs = self.plan(name)
        return study_state(self.storage, plan, len(runs) - recorded, running=bool(live.owner))

    def warm(self) -> None:
        """Compute the results of every study, so that the first reader does not wait for them."""
        with suppress(UnreadableStudyError):
            self.summaries(budget_s=math.inf)

    def summaries(self, budget_s: float = BUDGET_S) -> list[StudySummary]:
        """Return the studies, running ones first, then by name.

        Args:
            budget_s: seconds to compute results in; of the studies beyond, ``pending`` is true.

        Raises:
            UnreadableStudyError: the storage location cannot be read.

        """
        end = time.monotonic() + budget_s
        names = self.names()
        try:
            with _explained():
                stamps = self._records.stamps()
        except UnreadableStudyError as error:
            return [StudySummary(name, "damaged", problem=str(error)) for name in names]
        summaries = [self._summary(name, stamps, end) for name in names]
        return sorted(summaries, key=lambda study: (study.state != "running", study.name))

    def _summary(self, name: str, every: Mapping[str, Stamp], end: float) -> StudySummary:
        try:
            live = self.live(name)
            plan, runs = self.plan(name)
            stamps = {run_id: every[run_id] for run_id in runs if run_id in every}
            state = self.state(name, len(stamps), live)
            facts = StudySummary(name, state, len(runs), len(stamps), live.eta_s if live.owner else None)
            kept_of, kept = self._summaries.get(name, (None, None))
            known = (plan, stamps, state)
            if kept is None or kept_of != known:
                snapshot = self._in_time(name, end - time.monotonic())
                if snapshot is None:
                    return facts.with_results_of(kept) if kept else replace(facts, pending=True)
                kept = summarized(facts, snapshot)
                self._summaries[name] = ((plan, snapshot.stamps, state), kept)
            return facts.with_results_of(kept)
        except UnreadableStudyError as error:
            return StudySummary(name, "damaged", problem=str(error))

    def _in_time(self, name: str, left_s: float) -> Snapshot | None:
        """Return a study's snapshot; None if it cannot be made in the time that is left."""
        try:
            return self.snapshot(name, patience_s=left_s) if left_s > 0 else None
        except StillWorkingError:
            return None


def distinct(names: Iterable[object]) -> list[str]:
    """Return the distinct names, in order of first occurrence."""
    return list(dict.fromkeys(map(str, names)))
