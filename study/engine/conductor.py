"""Between a method and what executes its runs: answers from the ledger first, keeps the plan, ends runs that are cut.

A run is written into the study's plan before it is handed out, so that after a crash the method knows what was under
way, and those runs go on before new ones start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from study.engine.tensorboard import Events
from study.ledger.ledger import Ledger
from study.methods.method import Decision, Signal
from trainables.plans import write_plan
from trainables.records import add_record, log_path
from trainables.runs.log import RunLog
from trainables.runs.ownership import BusyError, owned, stopped
from trainables.training.checkpoint import checkpoint_path, load_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from study.engine.progress import Progress
    from study.methods.method import Method
    from trainables.config import Run
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Epoch, Record
    from trainables.storage.types import Location

BUSY_S = 10.0  # before a run that another study trains is asked for again


class Conductor:
    """A study's method, its plan and its ledger, as one thing that gives runs and hears how they ended.

    Attributes:
        method: says which run is next.
        plan: the study's plan, which grows with the method.
        progress: is told what happens.
        events: is told the epochs and the records, for TensorBoard.
        ledger: its ``warnings`` say which records were put aside.
        still_owned: is called before the plan, a record or what ``on_change`` keeps is written; raises OwnedError when
            the study is another process's meanwhile.
        on_change: is called when the method has learnt something.
        on_gone: is called with what has happened when the cluster is gone, before the process ends.

    """

    def __init__(
        self, method: Method, storage: Location, plan: StudyPlan, progress: Progress, facts: Mapping[str, Any]
    ) -> None:
        """Take a method that has been told nothing yet."""
        self.method, self.storage, self.plan, self.progress = method, storage, plan, progress
        self.facts = dict(facts)
        self.ledger = Ledger(storage)
        self.events = Events(storage, plan.name)
        self.still_owned: Callable[[], None] = lambda: None
        self.on_change: Callable[[], None] = lambda: None
        self.on_gone: Callable[[str], None] = lambda _: None
        self._busy: dict[str, float] = {}  # run_id -> when it may be asked for again
        self._curves: dict[str, list[Epoch]] = {}
        self._uncut: dict[str, Run] = {}  # to be recorded as stopped when another process gives them up
        self._waits = False  # the method has nothing to start, and has heard nothing since it said so

    def take_up(self, records: Iterable[Record]) -> None:
        """Tell the method what the ledger holds of the plan's runs."""
        for record in records:
            if self._takes(record):
                self._take(record)

    def next(self) -> PlannedRun | Signal:
        """Return the next run that has to be trained, in the plan already; or what the method answers instead.

        Raises:
            OSError: the storage location cannot be read or written.
            OwnedError: see ``still_owned``.

        """
        for run_id in [i for i, when in self._busy.items() if when <= time.monotonic()]:
            del self._busy[run_id]
            self.give_back(run_id)
        for run in list(self._uncut.values()):
            self.cut(run)
        if self._waits:  # Tune asks whenever anything happens anywhere
            self.still_owned()
            return Signal.WAIT
        while True:
            answer = self.method.ask()
            self._keep_plan()
            self._show()
            if isinstance(answer, Signal):
                self._waits = answer is Signal.WAIT
                return answer
            if not self._known(answer.run.run_id) and self._goes_on(answer.run):
                return answer

    def give_back(self, run_id: str) -> None:
        """Give the method back a run that was not trained; it is asked for again."""
        self.method.give_back(run_id)
        self._waits = False

    def _keep_plan(self) -> None:
        """Write the plan if the method has changed it."""
        runs = self.method.planned()
        if runs != self.plan.runs:
            self.plan = self.plan.model_copy(update={"runs": list(runs)})
            self.still_owned()
            write_plan(self.storage, self.plan)
            self.progress.runs |= {p.run.run_id: p for p in runs if p.run.run_id not in self.progress.runs}

    def _show(self) -> None:
        self.still_owned()
        self.on_change()
        self.progress.standing, self.progress.most_left = self.method.standing(), self.method.most_left()

    def _takes(self, record: Record) -> bool:
        """Say whether a record answers for its run; one that another study's search cut never does."""
        own = record.status != "stopped" or record.provenance.study == self.plan.name
        return own and self.method.takes(record)

    def _found(self, run_id: str) -> Record | None:
        """Return what the ledger holds of a run; what does not answer for it is put aside."""
        record = self.ledger.open({run_id}).get(run_id)
        if record is not None and not self._takes(record):
            self.ledger.put_aside(run_id, "stopped", "another study's search cut it")
            return None
        return record

    def _known(self, run_id: str) -> bool:
        """Tell the method what the ledger holds of a run; say whether there is something."""
        record = self._found(run_id)
        if record is not None:
            self._take(record)
        return record is not None

    def _take(self, record: Record) -> None:
        """Tell everybody a record that was there already."""
        self.method.tell(record)
        self._waits = False
        self.progress.take(record)
        self.events.on_record(self.progress.runs[record.run_id], record)

    def _goes_on(self, run: Run) -> bool:
        """Show the method how far a run had come; say whether it is to be trained further now."""
        if not self.method.rungs:
            return True
        checkpoint = load_checkpoint(checkpoint_path(self.storage, run.run_id))
        curve = self._curves[run.run_id] = checkpoint.trained.curve if checkpoint else []
        decision = self.method.report(run.run_id, curve) if curve else Decision.CONTINUE
        if decision is Decision.STOP:
            self.cut(run)
        return decision is Decision.CONTINUE

    def choice(self) -> str | None:
        """Say in words which choice is being confirmed on fresh seeds; None before there is one."""
        chosen = any(planned.stage == "confirm" for planned in self.plan.runs)
        return self.method.standing() if chosen else None

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
        self.progress.on_epoch(run.run_id, point.epoch, point.validation_accuracy, images_per_s)
        self.events.on_epoch(self.progress.runs[run.run_id], point, earlier)
        if not self.method.rungs:
            return Decision.CONTINUE
        curve = self._curves.setdefault(run.run_id, [])
        # A process that was lost may have gone back to an earlier checkpoint.
        curve[point.epoch - 1 :] = [point]
        decision = self.method.report(run.run_id, curve)
        if point.epoch in self.method.rungs or decision is not Decision.CONTINUE:
            self._waits = False
            self._show()
        return decision

    def cut(self, run: Run) -> None:
        """Record a run as stopped where it stands, and tell the method.

        While another study trains the run, it is left to that study; its record is taken when it is there.

        Raises:
            OSError: the record cannot be written.

        """
        try:
            with owned(self.storage, run.run_id):
                if self._found(run.run_id) is None:
                    self.still_owned()
                    checkpoint = load_checkpoint(checkpoint_path(self.storage, run.run_id))
                    facts = self.facts | {"study": self.plan.name}
                    record = stopped(run, self._curves[run.run_id], checkpoint, facts)
                    if add_record(self.storage, record):
                        RunLog(log_path(self.storage, run.run_id)).write(
                            f"stopped after {len(record.epochs)} epochs by study {self.plan.name}"
                        )
        except BusyError:
            self._uncut[run.run_id] = run
            return
        self._uncut.pop(run.run_id, None)
        self.ended(run.run_id)

    def ended(self, run_id: str) -> bool:
        """Tell the method the record of a run that ended; say whether there is one. Without, it is asked for later."""
        self._curves.pop(run_id, None)
        record = self._found(run_id)
        if record is None:
            self.progress.on_lost(run_id)
            self._busy[run_id] = time.monotonic() + BUSY_S
            return False
        self.method.tell(record)
        self._waits = False
        self._show()
        self.progress.on_record(record)
        self.events.on_record(self.progress.runs[run_id], record)
        return True
