"""Mediate between a method and the engine that executes its runs: ask the ledger, keep the plan, record stopped runs.

A run is written into the study's plan before it is handed out, so that after a crash the method knows which runs were
in flight, and those are resumed before new ones start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from study.engine.state import StudyState
from study.ledger.ledger import Ledger
from study.methods.method import Decision, Signal
from trainables.metrics import split_name
from trainables.naming import counted
from trainables.plans import write_plan
from trainables.records import add_record, log_path, owner_path
from trainables.runs.log import RunLog
from trainables.runs.ownership import BusyError, owned, stopped
from trainables.settings import selection_metric
from trainables.training.checkpoint import checkpoint_path, load_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from study.methods.method import Method
    from trainables.config import Run
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Epoch, Record
    from trainables.storage.types import Location

BUSY_S = 10.0  # before a run that another study trains is asked for again


class Conductor:
    """Hands out a study's runs and learns how they end; holds the method, the plan, the ledger and the study's state.

    Attributes:
        method: chooses the next run.
        storage: the storage location.
        plan: the study's plan, which grows with the method.
        facts: what is added to the provenance of records.
        ledger: the records; its ``warnings`` name those that were put aside.
        state: of the study, with its observers.

    """

    def __init__(
        self,
        method: Method,
        storage: Location,
        plan: StudyPlan,
        facts: Mapping[str, Any],
        still_owned: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare a study.

        Args:
            method: a method without any records so far.
            storage: the storage location.
            plan: the study's plan.
            facts: what is added to the provenance of records.
            still_owned: a guard called before anything of the study is written; it raises OwnedError if another process
                has taken the study over.

        """
        self.method, self.storage, self.plan, self.facts = method, storage, plan, dict(facts)
        self.ledger = Ledger(storage)
        self.state = StudyState(plan.name, plan.runs)
        self._still_owned = still_owned
        self._selected_on = selection_metric(plan.settings.select_on)
        self._busy: dict[str, float] = {}  # run_id -> when it may be asked for again
        self._curves: dict[str, list[Epoch]] = {}
        self._unstopped: dict[str, Run] = {}  # to be recorded as stopped when other processes release them
        self._waits = False  # the method had nothing to start, and nothing has happened since

    def load(self, records: Iterable[Record]) -> None:
        """Tell the method the records that the ledger already holds."""
        for record in records:
            if self._accepts(record):
                self._take(record)

    def next(self) -> PlannedRun | Signal:
        """Return the next run to train, already in the plan; or the method's signal.

        Raises:
            OSError: the storage location cannot be read or written.
            OwnedError: another process has taken the study over.

        """
        for run_id in [i for i, when in self._busy.items() if when <= time.monotonic()]:
            del self._busy[run_id]
            if not self._held_elsewhere(run_id):
                self.give_back(run_id)
        for run in list(self._unstopped.values()):
            self.stop(run)
        if self._waits:  # Tune asks after every event
            self._still_owned()
            return Signal.WAIT
        while True:
            answer = self.method.ask()
            self._keep_plan()
            self._publish()
            if isinstance(answer, Signal):
                self._waits = answer is Signal.WAIT
                return answer
            if not self._recorded(answer.run.run_id) and self._continues(answer.run):
                return answer

    def give_back(self, run_id: str) -> None:
        """Give a run that was not trained back to the method, which asks for it again."""
        self.method.give_back(run_id)
        self._waits = False

    def _keep_plan(self) -> None:
        """Write the plan if the method has changed it."""
        runs = self.method.planned()
        if runs != self.plan.runs:
            self.plan = self.plan.model_copy(update={"runs": list(runs)})
            self._still_owned()
            write_plan(self.storage, self.plan)
            self.state.plan(runs)

    def _publish(self) -> None:
        """Pass on the method's progress."""
        self._still_owned()
        self.state.change(self.method.standing(), self.method.most_left())

    def _accepts(self, record: Record) -> bool:
        """Return whether a record counts as its run's.

        One that another study's search stopped early never does, nor one that lacks what the study chooses by.
        """
        stopped_elsewhere = record.status == "stopped" and record.provenance.study != self.plan.name
        return not (stopped_elsewhere or record.lacks(self._selected_on)) and self.method.takes(record)

    def _read(self, run_id: str) -> Record | None:
        """Return a run's record; one that does not count is put aside."""
        record = self.ledger.open({run_id}).get(run_id)
        if record is not None and not self._accepts(record):
            if record.lacks(self._selected_on):
                metric = split_name(self._selected_on)[1].words
                self.ledger.put_aside(run_id, "earlier", f"an earlier version did not measure {metric}")
            else:
                self.ledger.put_aside(run_id, "stopped", "another study's search cut it")
            return None
        return record

    def _recorded(self, run_id: str) -> bool:
        """Tell the method a run's record; return whether there is one."""
        record = self._read(run_id)
        if record is not None:
            self._take(record)
        return record is not None

    def _take(self, record: Record) -> None:
        """Pass on a record that the ledger already held."""
        self.method.tell(record)
        self._waits = False
        self.state.record(record, known=True)

    def _continues(self, run: Run) -> bool:
        """Report a run's checkpoint to the method; return whether the run is to be trained now."""
        if not self.method.rungs:
            return True
        checkpoint = load_checkpoint(checkpoint_path(self.storage, run.run_id))
        curve = self._curves[run.run_id] = checkpoint.trained.curve if checkpoint else []
        decision = self.method.report(run.run_id, curve) if curve else Decision.CONTINUE
        if decision is Decision.STOP:
            self.stop(run)
        return decision is Decision.CONTINUE

    def on_epoch(
        self, run: Run, point: Epoch, earlier: Sequence[Epoch] = (), images_per_s: float | None = None
    ) -> Decision:
        """Register a run's newest epoch and return whether the run continues.

        Args:
            run: the run.
            point: its newest epoch.
            earlier: the epochs before, if the run has just been resumed from a checkpoint.
            images_per_s: the speed of training.

        """
        self.state.end_epoch(run.run_id, point, earlier, images_per_s)
        if not self.method.rungs:
            return Decision.CONTINUE
        curve = self._curves.setdefault(run.run_id, [])
        # After its process is lost, the run resumes from its checkpoint, and epochs are repeated.
        curve[point.epoch - 1 :] = [point]
        decision = self.method.report(run.run_id, curve)
        if point.epoch in self.method.rungs or decision is not Decision.CONTINUE:
            self._waits = False
            self._publish()
        return decision

    def stop(self, run: Run) -> None:
        """Record a run as stopped after its last epoch, and tell the method.

        While another study trains the run, it is left to that study, and its record counts once it is written.

        Raises:
            OSError: the record cannot be written.

        """
        try:
            with owned(self.storage, run.run_id):
                if self._read(run.run_id) is None:
                    self._still_owned()
                    checkpoint = load_checkpoint(checkpoint_path(self.storage, run.run_id))
                    facts = self.facts | {"study": self.plan.name}
                    record = stopped(run, self._curves[run.run_id], checkpoint, facts)
                    if add_record(self.storage, record):
                        RunLog(log_path(self.storage, run.run_id)).write(
                            f"stopped after {counted(len(record.epochs), 'epoch')} by study {self.plan.name}"
                        )
        except BusyError:
            self._unstopped[run.run_id] = run
            self._name_holder(run.run_id)
            return
        self._unstopped.pop(run.run_id, None)
        self.ended(run.run_id)

    def ended(self, run_id: str) -> bool:
        """Tell the method the record of a run that ended; return whether there is one. If not, it is retried later."""
        self._curves.pop(run_id, None)
        record = self._read(run_id)
        if record is None:
            self.state.lose(run_id)
            if not self._held_elsewhere(run_id):
                self._busy[run_id] = time.monotonic() + BUSY_S
            return False
        self.method.tell(record)
        self._waits = False
        self._publish()
        self.state.record(record)
        return True

    def _held_elsewhere(self, run_id: str) -> bool:
        """Return whether another process owns a run; if so, it is asked for again later.

        Raises:
            OSError: the storage location cannot be read.

        """
        if not self._name_holder(run_id):
            return False
        self._busy[run_id] = time.monotonic() + BUSY_S
        return True

    def _name_holder(self, run_id: str) -> bool:
        """State which other process owns a run, on the display and in the run's log; return whether there is one."""
        holder = owner_path(self.storage, run_id).holder()
        if holder is None:
            return False
        if self.state.hold(run_id, holder):
            RunLog(log_path(self.storage, run_id)).write(f"study {self.plan.name} waits for {holder}, which trains it")
        return True
