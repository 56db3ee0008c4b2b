"""Tune's searcher: it gets runs from the conductor, and reports how they end.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ray.tune.search import Searcher

from study.engine.trials.deaths import reason, with_its_node
from study.methods.method import Decision, Signal
from trainables.naming import counted
from trainables.processes.limits import oom_kills
from trainables.provenance import Provenance
from trainables.records import NO_COST, Record, add_record, is_recorded, log_path
from trainables.runs.log import RunLog
from trainables.runs.messages import RunTask, StepReport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from study.engine.conductor import Conductor
    from study.spec.keys import Resources
    from trainables.config import Run

LOST_PROCESSES = 10  # a run whose process dies more often than this without an epoch in between counts as failed
MOST_UNSTARTED = 3  # runs that fail like that before any process has reached a step; then the runs are not at fault


class MethodSearcher(Searcher):
    """Tune's searcher: gets trials from the conductor and passes on how they end."""

    def __init__(self, conductor: Conductor, resources: Resources) -> None:
        """Begin without trials."""
        super().__init__()
        self.conductor = conductor
        self.faults: list[str] = []
        self.deaths: Counter[str] = Counter()  # run_id -> processes lost since its last epoch
        self.hopeless = ""  # why the study ends although runs are left; empty while it need not
        self._started = False  # whether a process of this start of the study has reached its first step
        self._failed_unstarted = 0  # runs
        self.to_end: list[Callable[[], None]] = []  # ends the trials of runs that failed so
        self.logs: Path | None = None  # of Ray, if the processes run on this machine
        self.trials: dict[str, Run] = {}  # those that have not ended
        self._decided: dict[str, Decision] = {}  # trial -> why it was ended before its run
        self._oom_kills = oom_kills()
        self._resources = resources

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing for Tune to keep."""
        return {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return a trial's configuration, None to wait, or FINISHED."""
        try:
            answer = Signal.DONE if self.faults else self.conductor.next()
        except OSError as fault:
            self._fault(fault)
            answer = Signal.DONE
        if answer is Signal.DONE:
            return str(Searcher.FINISHED)
        if isinstance(answer, Signal):
            return None
        self.trials[trial_id] = answer.run
        task = RunTask(
            run=answer.run,
            storage=str(self.conductor.storage),
            threads=self._resources.cpus_per_run,
            gpus=self._resources.gpus_per_run,
            facts=self.conductor.facts,
            rungs=self.conductor.method.rungs,
            keep_weights=self.conductor.plan.may_keep_weights(answer),
        )
        return task.model_dump(mode="json")

    def on_report(self, trial_id: str, report: StepReport | None) -> bool:
        """Pass the epoch of a step on; return whether the trial continues."""
        run = self.trials[trial_id]
        self.deaths[run.run_id] = 0
        self._started = True
        if report is None or report.epoch is None:
            return True
        try:
            decision = self.conductor.on_epoch(run, report.epoch, report.earlier, report.images_per_s)
        except OSError as fault:
            self._fault(fault)
            return False
        if decision is not Decision.CONTINUE:
            self._decided[trial_id] = decision
        return decision is Decision.CONTINUE

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 -- Tune's signature
        """Pass on the end of a trial."""
        run = self.trials.pop(trial_id)
        report = StepReport.from_result(result)
        if report and report.storage_error:
            self._fault(report.storage_error)
        if report and report.plugin_error:
            self.faults.append(f"a process that trains cannot use a plugin: {report.plugin_error}")
        decision = self._decided.pop(trial_id, None)
        try:
            if decision is Decision.STOP:
                self.conductor.stop(run)
            elif decision is Decision.PAUSE:
                self.conductor.state.lose(run.run_id)
            else:
                self.conductor.ended(run.run_id)
        except OSError as fault:
            self._fault(fault)

    def on_death(self, run: Run, error: str) -> bool:
        """Count a run's lost process; after too many, record the run as failed, so that the others are trained.

        A process that cannot even start its run is counted too.

        Args:
            run: the run.
            error: Ray's message, in lines; a process lost with its machine does not count.

        Returns:
            Whether the run has failed: its trial must end, or Tune starts it again for ever.

        """
        log = RunLog(log_path(self.conductor.storage, run.run_id))
        why = reason(error, self.logs, self._oom_kills)
        log.write(f"its process was lost: {why}")
        self.conductor.state.lose(run.run_id)
        if with_its_node(error):
            return False
        self.deaths[run.run_id] = times = self.deaths[run.run_id] + 1
        if times <= LOST_PROCESSES:
            return False
        record = Record.of_curve(
            run,
            "failed",
            [],
            cost=NO_COST,
            provenance=Provenance(self.conductor.facts),
            error=f"its process died {counted(times, 'time')} without an epoch in between; the last time: {why}",
        )
        try:
            if not is_recorded(self.conductor.storage, run.run_id):  # it may have died after its record
                add_record(self.conductor.storage, record)
        except OSError as fault:
            self._fault(fault)
        log.write(f"failed: {record.error}")
        self._failed_unstarted += 1
        if not self._started and self._failed_unstarted >= MOST_UNSTARTED:
            failed = counted(self._failed_unstarted, "run")
            self.hopeless = (
                f"no process could begin a run, and {failed} failed: {why}; the other runs are left as they are; once "
                f"the cause is fixed, run with --retry-failed"
            )
        return True

    def _fault(self, fault: OSError | str) -> None:
        self.faults.append(f"the storage location cannot be used: {fault}")
