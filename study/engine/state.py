"""The state of a running study, and the observers of its changes: display, TensorBoard, notifier, journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trainables.plans import PlannedRun
    from trainables.records import Epoch, Record, Status


class Observer:
    """Is notified of what happens to a study. Each method does nothing unless it is overridden.

    Attributes:
        problem: what the observer failed to do, as a sentence to print at the end; empty if nothing.

    """

    problem: str = ""

    def run_started(self) -> None:
        """Handle the start of a run by a worker."""

    def run_held(self, planned: PlannedRun, holder: str) -> None:
        """Handle a run that has to wait, because another process trains it; called once per holder."""

    def epoch_ended(self, planned: PlannedRun, point: Epoch, earlier: Sequence[Epoch]) -> None:
        """Handle an epoch; ``earlier`` holds those before it if the run was just resumed from a checkpoint."""

    def run_recorded(self, planned: PlannedRun, record: Record, *, known: bool) -> None:
        """Handle a run's record; ``known`` if the ledger held it before the run was to be trained here."""

    def changed(self) -> None:
        """Handle a change of the method's state.

        Raises:
            OSError: what the observer keeps in the storage location cannot be written.

        """

    def chosen(self, choice: str) -> None:
        """Handle the choice that is being confirmed on fresh seeds; called once per study."""

    def ended(self) -> None:
        """Handle the study's end: the method has all the runs that it wants, or the budget is spent."""

    def gone(self, reason: str) -> None:
        """Handle the loss of the cluster, after which the process ends."""


@dataclass
class InFlight:
    """A run that is being trained."""

    epoch: int = 0
    validation_accuracy: float | None = None  # over clips
    images_per_s: float | None = None
    first_epoch: int = 1  # since the study was started: a run may be resumed


class StudyState:
    """The state of a study. The conductor changes it; each change is passed on to the observers.

    Attributes:
        name: the study's name.
        runs: the runs planned so far, by run_id.
        recorded: the records so far, by run_id, without their predictions and with the last epoch alone.
        counts: the number of records by status.
        in_flight: the runs that are being trained, by run_id.
        held: run_id -> the other process that trains the run, for runs that wait for it.
        standing: the method's progress, in a few words.
        most_left: an upper bound of the runs still to be recorded; None if ``runs`` names them all.
        is_over: whether the method has all the runs that it wants, or its budget is spent.
        ray_dashboard: the address of the Ray cluster's dashboard; empty without one.
        observers: notified of each change, in this order.

    """

    def __init__(self, name: str, runs: Iterable[PlannedRun]) -> None:
        """Begin with the runs that the study's plan names."""
        self.name = name
        self.runs: dict[str, PlannedRun] = {}
        self.recorded: dict[str, Record] = {}
        self.counts: Counter[Status] = Counter()
        self.in_flight: dict[str, InFlight] = {}
        self.held: dict[str, str] = {}
        self.standing = ""
        self.most_left: int | None = None
        self.is_over = False
        self.ray_dashboard = ""
        self.observers: list[Observer] = []
        self._confirming = False
        self.plan(runs)
        self._choice_announced = self._confirming  # if the study was run before

    @property
    def any_complete(self) -> bool:
        """Whether a run has been trained to its end."""
        return any(record.status == "complete" for record in self.recorded.values())

    def plan(self, runs: Iterable[PlannedRun]) -> None:
        """Add the planned runs that are new."""
        for planned in runs:
            if planned.run.run_id not in self.runs:
                self.runs[planned.run.run_id] = planned
                self._confirming |= planned.stage == "confirm"

    def start(self, run_id: str) -> None:
        """Register that a worker has started a run."""
        self.held.pop(run_id, None)
        self.in_flight.setdefault(run_id, InFlight())
        for observer in self.observers:
            observer.run_started()

    def hold(self, run_id: str, holder: str) -> bool:
        """Register that a run waits for another process, described by ``holder``; return whether that is new."""
        self.in_flight.pop(run_id, None)
        if self.held.get(run_id) == holder:
            return False
        self.held[run_id] = holder
        for observer in self.observers:
            observer.run_held(self.runs[run_id], holder)
        return True

    def end_epoch(
        self, run_id: str, point: Epoch, earlier: Sequence[Epoch] = (), images_per_s: float | None = None
    ) -> None:
        """Register an epoch of a run.

        Args:
            run_id: the run.
            point: its newest epoch.
            earlier: the epochs before, if the run has just been resumed from a checkpoint.
            images_per_s: the speed of training.

        """
        before = self.in_flight.get(run_id)
        first = before.first_epoch if before and before.epoch else point.epoch
        self.in_flight[run_id] = InFlight(point.epoch, point.score("validation"), images_per_s, first)
        for observer in self.observers:
            observer.epoch_ended(self.runs[run_id], point, earlier)

    def record(self, record: Record, *, known: bool = False) -> None:
        """Register a run's record; ``known`` if the ledger held it before the run was to be trained here."""
        self.in_flight.pop(record.run_id, None)
        self.held.pop(record.run_id, None)
        if earlier := self.recorded.get(record.run_id):
            self.counts[earlier.status] -= 1
        self.counts[record.status] += 1
        # Most of a record is its curve and its predictions, which a process with thousands of runs need not keep.
        self.recorded[record.run_id] = record.model_copy(update={"epochs": record.epochs[-1:], "test": None})
        for observer in self.observers:
            observer.run_recorded(self.runs[record.run_id], record, known=known)

    def lose(self, run_id: str) -> None:
        """Register that a run is not being trained for now."""
        self.in_flight.pop(run_id, None)

    def change(self, standing: str, most_left: int) -> None:
        """Register the method's progress."""
        self.standing, self.most_left = standing, most_left
        for observer in self.observers:
            observer.changed()
        if self._confirming and not self._choice_announced:
            self._choice_announced = True
            for observer in self.observers:
                observer.chosen(standing)

    def end(self) -> None:
        """Register that the study is over."""
        self.is_over = True
        for observer in self.observers:
            observer.ended()

    def lose_cluster(self, reason: str) -> None:
        """Register that the cluster is gone, before the process ends."""
        for observer in self.observers:
            observer.gone(reason)
