"""The current studies of a storage location; files are read again only if they have changed."""

from __future__ import annotations

import math
import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from analysis.dashboard.links import web_address
from analysis.dashboard.snapshot import Live, Snapshot, flight
from analysis.dashboard.sounds import Sounds
from analysis.dashboard.summaries import StudySummary, summarized
from analysis.results.reported_metric import of_metric
from analysis.results.study_results import Unread, read_or_explain, study_results, with_kept_labels, with_labels
from analysis.results.study_state import progress_of, read_progress, study_state
from trainables.plans import plan_path, read_plan, study_names
from trainables.records import Record
from trainables.settings import NAME_PATTERN
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.dashboard.sounds import SoundReader
    from analysis.results.study_state import State
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.storage.types import Location, Stamp

    Differences: TypeAlias = Callable[[dict[str, Any], dict[str, Any]], list[str]]

# A snapshot is kept for this many times the duration of its computation, so that a large study leaves time to read.
KEEP_FACTOR = 4.0
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

    def __init__(
        self,
        storage: Location,
        owner: Callable[[Location, str], str | None],
        tensorboard: Callable[[], str] = str,
        reader: SoundReader | None = None,
        differences: Differences | None = None,
    ) -> None:
        """Set the storage location.

        Args:
            storage: the storage location.
            owner: returns who runs a study, None if it is not running.
            tensorboard: returns the address of a reachable TensorBoard, empty without one.
            reader: reads the sounds of clips; None if nothing does.
            differences: returns how two study files differ, a line for each key; None if nothing does.

        """
        self.storage, self.tensorboard = storage, tensorboard
        self.sounds = Sounds(storage, reader)
        self._owner = owner
        self.differences = differences
        self._lock = threading.RLock()
        self._plans: dict[str, tuple[Stamp, StudyPlan, dict[str, PlannedRun]]] = {}
        self._read: dict[str, tuple[Stamp, Record | Unread | None]] = {}
        self._listed: frozenset[str] = frozenset()  # the studies of the last listing
        self._summaries: dict[str, tuple[object, StudySummary]] = {}
        self._snapshots: dict[tuple[str, bool, str], Snapshot] = {}  # by name, and what is shown of the test clips

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
            with self._lock:
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
                by_name = (self.storage / "records").stamps()
        except UnreadableStudyError as error:
            return [StudySummary(name, "damaged", problem=str(error)) for name in names]
        summaries = [self._summary(name, by_name, end) for name in names]
        return sorted(summaries, key=lambda study: (study.state != "running", study.name))

    def _summary(self, name: str, by_name: Mapping[str, Stamp], end: float) -> StudySummary:
        try:
            live = self.live(name)
            plan, runs = self.plan(name)
            stamps = {run_id: by_name[f"{run_id}.json"] for run_id in runs if f"{run_id}.json" in by_name}
            state = self.state(name, len(stamps), live)
            facts = StudySummary(name, state, len(runs), len(stamps), live.eta_s if live.owner else None)
            kept_of, kept = self._summaries.get(name, (None, None))
            known = (plan, stamps, state)
            if kept is None or kept_of != known:
                if time.monotonic() > end:
                    return facts.with_results_of(kept) if kept else replace(facts, pending=True)
                snapshot = self.snapshot(name)
                kept = summarized(facts, snapshot)
                self._summaries[name] = ((plan, snapshot.stamps, state), kept)
            return facts.with_results_of(kept)
        except UnreadableStudyError as error:
            return StudySummary(name, "damaged", problem=str(error))


def distinct(names: Iterable[object]) -> list[str]:
    """Return the distinct names, in order of first occurrence."""
    return list(dict.fromkeys(map(str, names)))
