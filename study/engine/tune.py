"""The engine: Ray Tune executes the runs that a method asks for, and the conductor learns how they end.

Tune's own state is neither trusted nor kept: the ledger holds what is done, and a run in flight resumes from its own
checkpoint. A killed study is therefore continued by running it again.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.error import TuneError
from ray.tune.search import Searcher

from study.cluster.capacity import most_at_once
from study.cluster.local import most_here, own_cluster
from study.cluster.watch import watched
from study.engine.deaths import reason, with_its_node
from study.engine.graceful_stop import FinishingEpochs
from study.engine.scheduler import MethodScheduler, StartWatch
from study.engine.standstill import Standstill
from study.errors import EngineError, RayFailedError
from study.methods.method import Decision, Signal
from trainables.limits import oom_kills
from trainables.naming import counted
from trainables.provenance import Provenance
from trainables.records import Cost, Record, add_record, is_recorded, log_path
from trainables.runs.log import RunLog
from trainables.runs.messages import RunTask, StepReport
from trainables.trainable import RunTrainable

if TYPE_CHECKING:
    from collections.abc import Callable

    from study.engine.conductor import Conductor
    from study.spec.keys import Resources
    from trainables.config import Run

LOST_PROCESSES = 10  # a run whose process dies more often than this without an epoch in between counts as failed


def execute(conductor: Conductor, resources: Resources, stop_requested: Callable[[], bool] = lambda: False) -> None:
    """Train the runs of a study until its method is done.

    They run on the Ray cluster that this process has joined, or else on one started on this machine.

    Args:
        conductor: hands out the runs. Its storage location can be reached by every worker.
        resources: the resources of each run, and how many run at once.
        stop_requested: whether the study is to stop once its runs have finished their epoch; SIGINT follows then.

    Raises:
        EngineError: the storage location cannot be read or written, or Tune failed.

    """
    searcher = MethodSearcher(conductor, resources)
    if not ray.is_initialized():
        finishing = FinishingEpochs(stop_requested)
        with own_cluster() as folder, watched(conductor.state.lose_cluster, f"; Ray's logs: {folder.logs}"):
            searcher.logs = folder.logs
            _fit(searcher, resources, most_here(resources), finishing, folder.path)
        finishing.end()
        return
    conductor.state.ray_dashboard = dashboard_of(ray.init(ignore_reinit_error=True, logging_level=logging.ERROR))
    with watched(conductor.state.lose_cluster), FinishingEpochs(stop_requested) as finishing:
        _fit(searcher, resources, most_at_once(conductor.method, resources), finishing)


def dashboard_of(context: Any) -> str:  # noqa: ANN401 -- ray's types are not known
    """Return the address of a cluster's dashboard from the result of ``ray.init``; empty without a dashboard."""
    return f"http://{context.dashboard_url}" if context.dashboard_url else ""


class MethodSearcher(Searcher):
    """Tune's searcher: gets trials from the conductor and passes on how they end."""

    def __init__(self, conductor: Conductor, resources: Resources) -> None:
        """Begin without trials."""
        super().__init__()
        self.conductor = conductor
        self.faults: list[str] = []
        self.deaths: Counter[str] = Counter()  # run_id -> processes lost since its last epoch
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
        )
        return task.model_dump(mode="json")

    def on_report(self, trial_id: str, report: StepReport | None) -> bool:
        """Pass the epoch of a step on; return whether the trial continues."""
        run = self.trials[trial_id]
        self.deaths[run.run_id] = 0
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
        if with_its_node(error):
            return False
        self.deaths[run.run_id] += 1
        if self.deaths[run.run_id] <= LOST_PROCESSES:
            return False
        times = self.deaths[run.run_id]
        record = Record.of_curve(
            run,
            "failed",
            [],
            cost=Cost(wall_s=0.0, cpu_s=0.0, images=0, images_per_s=0.0),
            provenance=Provenance(self.conductor.facts),
            error=f"its process died {counted(times, 'time')} without an epoch in between; the last time: {why}",
        )
        try:
            if not is_recorded(self.conductor.storage, run.run_id):  # it may have died after its record
                add_record(self.conductor.storage, record)
        except OSError as fault:
            self._fault(fault)
        log.write(f"failed: {record.error}")
        return True

    def _fault(self, fault: OSError | str) -> None:
        self.faults.append(f"the storage location cannot be used: {fault}")


def _fit(
    searcher: MethodSearcher,
    resources: Resources,
    at_once: int,
    finishing: FinishingEpochs,
    parent: Path | None = None,
) -> None:
    for name in ("ray.tune", "ray.train", "ray.air"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they log an error per trial because no metrics are kept
    with tempfile.TemporaryDirectory(prefix="gce-study-tune-", dir=parent) as folder:
        tuner = tune.Tuner(
            tune.with_resources(RunTrainable, {"cpu": resources.cpus_per_run, "gpu": resources.gpus_per_run}),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                scheduler=MethodScheduler(searcher, finishing),
                num_samples=-1,
                max_concurrent_trials=at_once,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=folder,
                verbose=0,
                stop=finishing,
                callbacks=[
                    StartWatch(searcher),
                    Standstill(searcher.conductor.plan.name, resources, searcher.logs),
                    finishing,
                ],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False, checkpoint_frequency=0),
                failure_config=tune.FailureConfig(max_failures=-1),
            ),
        )
        try:
            tuner.fit()
        except TuneError as error:
            msg = f"Ray Tune gave up: {str(error).strip().splitlines()[-1]}"
            raise RayFailedError(msg) from error
    if searcher.faults:
        raise EngineError(searcher.faults[0])
