"""The studies of a storage location as they stand now: files are read again only when they have changed."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from analysis.dashboard.links import web_address
from analysis.dashboard.snapshot import Snapshot
from analysis.results.study_results import read_or_explain, study_results, with_labels
from trainables.naming import label
from trainables.plans import read_plan, study_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location, Stamp

PATIENCE = 4.0  # a view is kept for this many times what it took to make, so that many records leave time to look


class UnreadableStudyError(Exception):
    """There is no such study, or what it keeps cannot be read; the message says which."""


@contextmanager
def _explained() -> Iterator[None]:
    """Make what a storage location that cannot be read raises an UnreadableStudyError."""
    try:
        yield
    except OSError as error:
        raise UnreadableStudyError(str(error)) from None


@dataclass(frozen=True)
class Flight:
    """A run that is being trained; ``epoch`` is 0 before the first one has ended."""

    run_id: str
    configuration: str
    subset: str
    seed: int
    epoch: int
    epochs: int
    validation_accuracy: float | None  # a fraction


@dataclass(frozen=True)
class Live:
    """What the process that runs a study last said of it."""

    owner: str  # who runs it; empty when nobody does
    flights: tuple[Flight, ...] = ()
    standing: str = ""
    eta_s: float | None = None
    age_s: float = 0.0
    ray_dashboard: str = ""  # the address of the cluster's own dashboard; empty where it has none


@dataclass(frozen=True)
class Line:
    """One study in the list; ``problem`` is empty unless it cannot be read."""

    name: str
    state: str  # running, complete, not running or damaged
    description: str = ""
    dataset: str = ""
    planned: int = 0
    recorded: int = 0
    trained_s: float = 0.0
    eta_s: float | None = None
    verdict: str = ""
    problem: str = ""


class Studies:
    """Reads a storage location and never writes to it. Threads may share one."""

    def __init__(
        self, storage: Location, owner: Callable[[Location, str], str | None], tensorboard: Callable[[], str] = str
    ) -> None:
        """Name the storage location.

        Args:
            storage: the storage location.
            owner: says who runs a study there, None when nobody does.
            tensorboard: gives the address of a TensorBoard that is up, nothing while there is none.

        """
        self.storage, self.tensorboard = storage, tensorboard
        self._owner = owner
        self._lock = threading.RLock()
        self._plans: dict[str, tuple[Stamp, StudyPlan, dict[str, PlannedRun]]] = {}
        self._read: dict[str, tuple[Stamp, Record | None, str]] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self.reads = 0  # records read so far

    def names(self) -> list[str]:
        """Return the names of the studies, as their folders are called.

        Raises:
            UnreadableStudyError: the storage location cannot be read.

        """
        with _explained():
            return sorted(path.parent.name for path in (self.storage / "studies").glob("*/plan.json"))

    def plan(self, name: str) -> tuple[StudyPlan, dict[str, PlannedRun]]:
        """Return a study's plan, and its runs by run_id.

        Raises:
            UnreadableStudyError: there is no such study, or its plan is damaged.

        """
        if name not in self.names():  # whatever an address holds, nothing but a study's folder is opened
            msg = f"There is no study named {name!r} here."
            raise UnreadableStudyError(msg)
        path = study_folder(self.storage, name) / "plan.json"
        try:
            found = path.stamp()
            with self._lock:
                kept = self._plans.get(name)
                if kept is None or kept[0] != found:
                    plan = read_plan(self.storage, name)
                    # A run_id is a hash over the whole run: worked out once here, and not at every look.
                    kept = self._plans[name] = (found, plan, {p.run.run_id: p for p in plan.runs})
        except ValidationError as error:
            msg = f"{path}: damaged: {error.errors()[0]['msg']}"
            raise UnreadableStudyError(msg) from None
        except OSError as error:
            msg = f"{path}: {error.strerror or error}"
            raise UnreadableStudyError(msg) from None
        return kept[1:]

    def snapshot(self, name: str) -> Snapshot:
        """Return a study with the records that it has now, or had a moment ago when taking them in is slow.

        Raises:
            UnreadableStudyError: see ``plan``; or two of its runs cannot be told apart.

        """
        plan, runs = self.plan(name)
        with self._lock:
            before = self._snapshots.get(name)
            if before and before.plan is plan and time.monotonic() < before.made + PATIENCE * before.cost_s:
                return before
            with _explained():
                stamps = self._stamps(runs)
            if before and before.plan is plan and before.stamps == stamps:
                return before
            with _explained():
                records, damaged = self._records(stamps)
            began = time.monotonic()  # reading is done once: the next view costs what follows
            try:
                results = study_results(plan, records, damaged)
            except ValueError as error:
                raise UnreadableStudyError(str(error)) from None
            if before and before.plan is plan and before.results.labels:
                results = replace(results, labels=before.results.labels)  # a data set's labels never change
            else:
                results = with_labels(results, self.storage)
            number = before.number + 1 if before else 1
            made = time.monotonic()
            found = self._snapshots[name] = Snapshot(results, runs, stamps, number, made=made, cost_s=made - began)
            return found

    def _stamps(self, run_ids: Mapping[str, PlannedRun]) -> dict[str, Stamp]:
        """Return the stamp of every record there is of some runs: one look at the folder, no file is opened."""
        found = (self.storage / "records").stamps()
        return {name[:-5]: seen for name, seen in found.items() if name.endswith(".json") and name[:-5] in run_ids}

    def _records(self, stamps: Mapping[str, Stamp]) -> tuple[dict[str, Record], dict[str, str]]:
        records: dict[str, Record] = {}
        damaged: dict[str, str] = {}
        changed = [i for i, now in stamps.items() if i not in self._read or self._read[i][0] != now]
        found = self.storage.map(lambda run_id: read_or_explain(self.storage, run_id), changed)
        for run_id, read in zip(changed, found, strict=True):
            self.reads += 1
            self._read[run_id] = (stamps[run_id], *read)
        for run_id in stamps:
            kept = self._read[run_id]
            if kept[1] is not None:
                records[run_id] = kept[1]
            elif kept[2]:
                damaged[run_id] = kept[2]
        return records, damaged

    def live(self, name: str) -> Live:
        """Return what is under way in a study.

        Raises:
            UnreadableStudyError: see ``plan``.

        """
        _, runs = self.plan(name)
        with _explained():
            owner = self._owner(self.storage, name)
        if not owner:
            return Live("")
        said = self._progress(name)
        flying = {run_id: state for run_id, state in said.get("running", {}).items() if run_id in runs}
        flights = tuple(flight(runs[run_id], *state) for run_id, state in flying.items())
        age = max(0.0, time.time() - said.get("updated", time.time()))
        ray_dashboard = web_address(said.get("ray_dashboard"))
        return Live(owner, flights, said.get("standing", ""), said.get("eta_s"), age, ray_dashboard)

    def _progress(self, name: str) -> dict[str, Any]:
        """Read the progress file; it is a convenience, so none or a damaged one says nothing."""
        try:
            said = json.loads((study_folder(self.storage, name) / "progress.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def warm(self) -> None:
        """Work out every page's numbers, so that the first reader does not wait for them."""
        with suppress(UnreadableStudyError):
            for line in self.lines():
                with suppress(UnreadableStudyError):
                    _ = self.snapshot(line.name).sections

    def lines(self) -> list[Line]:
        """Return the studies, those that run first, then by name.

        Raises:
            UnreadableStudyError: the storage location cannot be read.

        """
        found = [self._line(name) for name in self.names()]
        return sorted(found, key=lambda line: (line.state != "running", line.name))

    def _line(self, name: str) -> Line:
        try:
            live, snapshot = self.live(name), self.snapshot(name)
        except UnreadableStudyError as error:
            return Line(name, "damaged", problem=str(error))
        plan, planned, recorded = snapshot.plan, len(snapshot.runs), len(snapshot.stamps)
        ended = "complete" if recorded == planned else "not running"
        trained_s = sum(record.cost.wall_s for record in snapshot.results.records.values())
        return Line(
            name,
            "running" if live.owner else ended,
            plan.description,
            plan.dataset.name,
            planned,
            recorded,
            trained_s,
            live.eta_s,
            snapshot.verdict,
        )


def flight(planned: PlannedRun, epoch: int, validation_accuracy: float | None) -> Flight:
    """Return a run with how far it has come."""
    configuration = planned.run.configuration
    epochs = configuration.training.epochs
    return Flight(
        planned.run.run_id,
        label(planned),
        configuration.subset,
        planned.run.seed,
        epoch,
        epochs,
        validation_accuracy,
    )


def in_order(names: Iterable[object]) -> list[str]:
    """Return different names once each, in the order in which they come."""
    return list(dict.fromkeys(map(str, names)))
