"""Between a method and what executes its runs: answers from the ledger first, keeps the plan, ends runs that are cut.

A run is written into the study's plan before it is handed out, so that after a crash the method knows what was under
way, and those runs go on before new ones start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from study.ledger import Ledger
from study.methods.method import Decision, Signal
from trainables.checkpoint import checkpoint_path, load_checkpoint
from trainables.execution import stopped
from trainables.records import Epoch, write_plan, write_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from study.methods.method import Method
    from study.progress import Progress
    from trainables.config import Run
    from trainables.records import PlannedRun, StudyPlan

BUSY_S = 10.0  # before a run that another study trains is asked for again


class Conductor:
    """A study's method, its plan and its ledger, as one thing that gives runs and hears how they ended.

    Attributes:
        method: says which run is next.
        plan: the study's plan, which grows with the method.
        progress: is told what happens.
        on_change: is called when the method has learnt something.

    """

    def __init__(
        self, method: Method, storage: Path, plan: StudyPlan, progress: Progress, provenance: dict[str, Any]
    ) -> None:
        """Take a method that has been told what ``plan`` had recorded."""
        self.method, self.storage, self.plan, self.progress = method, storage, plan, progress
        self.provenance = provenance
        self.ledger = Ledger(storage)
        self.on_change: Callable[[], None] = lambda: None
        self._busy: dict[str, float] = {}  # run_id -> when it may be asked for again
        self._curves: dict[str, list[Epoch]] = {}

    def next(self) -> PlannedRun | Signal:
        """Return the next run that has to be trained, in the plan already; or what the method answers instead.

        Raises:
            OSError: the storage location cannot be read or written.

        """
        for run_id in [i for i, when in self._busy.items() if when <= time.monotonic()]:
            del self._busy[run_id]
            self.method.give_back(run_id)
        while True:
            answer = self.method.ask()
            self.keep_plan()
            self._show()
            if isinstance(answer, Signal):
                return answer
            if not self._known(answer.run.run_id) and self._goes_on(answer.run):
                return answer

    def keep_plan(self) -> None:
        """Write the plan if the method has changed it."""
        runs = self.method.planned()
        if runs != self.plan.runs:
            self.plan = self.plan.model_copy(update={"runs": list(runs)})
            write_plan(self.storage, self.plan)
        self.progress.runs.update({p.run.run_id: p for p in runs if p.run.run_id not in self.progress.runs})

    def _show(self) -> None:
        self.on_change()
        self.progress.standing, self.progress.most_left = self.method.standing(), self.method.most_left()

    def _known(self, run_id: str) -> bool:
        """Tell the method what the ledger holds of a run; say whether that is enough."""
        found = self.ledger.open({run_id})
        if run_id not in found:
            return False
        if not self.method.takes(found[run_id]):
            self.ledger.put_aside(run_id, "stopped", "another study's search cut it")
            return False
        self.method.tell(found[run_id])
        self.progress.take(found[run_id])
        return True

    def _goes_on(self, run: Run) -> bool:
        """Show the method how far a run had come; say whether it is to be trained further now."""
        if not self.method.rungs:
            return True
        self._curves[run.run_id] = self._checkpointed(run.run_id)
        return not self._curves[run.run_id] or self._decide(run) is Decision.CONTINUE

    def _checkpointed(self, run_id: str) -> list[Epoch]:
        state = load_checkpoint(checkpoint_path(self.storage, run_id))
        return [] if state is None else [Epoch.model_validate(point) for point in state["training"]["curve"]]

    def _decide(self, run: Run) -> Decision:
        decision = self.method.report(run.run_id, self._curves[run.run_id])
        if decision is Decision.STOP:
            self.cut(run)
        return decision

    def on_epoch(self, run: Run, point: Epoch) -> Decision:
        """Take in a run's newest epoch, and say whether it goes on."""
        if not self.method.rungs:
            return Decision.CONTINUE
        curve = self._curves.setdefault(run.run_id, [])
        # A process that was lost may have gone back to an earlier checkpoint.
        curve[point.epoch - 1 :] = [point]
        decision = self.method.report(run.run_id, curve)
        self._show()
        return decision

    def cut(self, run: Run) -> None:
        """Record a run as stopped where it stands, and tell the method.

        Raises:
            OSError: the record cannot be written.

        """
        path = checkpoint_path(self.storage, run.run_id)
        record = stopped(run, self._curves[run.run_id], load_checkpoint(path), self.provenance)
        write_record(self.storage, record)
        self.ended(run.run_id)

    def ended(self, run_id: str) -> bool:
        """Tell the method the record of a run that ended; say whether there is one. Without, it is asked for later."""
        found = self.ledger.open({run_id})
        if found:
            self.method.tell(found[run_id])
            self._show()
            self.progress.on_record(found[run_id])
            return True
        self.progress.on_lost(run_id)
        self._busy[run_id] = time.monotonic() + BUSY_S
        return False
