"""The engine: Ray Tune executes the runs that a method asks for, and the conductor learns how they end.

Tune's own state is neither trusted nor kept: the ledger holds what is done, and a run in flight resumes from its own
checkpoint. A killed study is therefore continued by running it again.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import logging
import tempfile
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.error import TuneError

from study.cluster.capacity import most_at_once
from study.cluster.local import most_here, own_cluster
from study.cluster.ray_start import quietly
from study.cluster.watch import watched
from study.engine.graceful_stop import FinishingEpochs
from study.engine.trials.scheduler import MethodScheduler, StartWatch
from study.engine.trials.searcher import MethodSearcher
from study.engine.trials.silence import Silence
from study.engine.trials.standstill import Standstill
from study.errors import EngineError, RayFailedError, last_line
from trainables.trainable import RunTrainable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from study.engine.conductor import Conductor
    from study.spec.keys import Resources


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
    with quietly():  # Ray takes SIGTERM for itself also where it has been initialised
        joined = ray.init(ignore_reinit_error=True, logging_level=logging.ERROR)
    conductor.state.ray_dashboard = dashboard_of(joined)
    with watched(conductor.state.lose_cluster), FinishingEpochs(stop_requested) as finishing:
        _fit(searcher, resources, most_at_once(conductor.method, resources), finishing)


def dashboard_of(context: Any) -> str:  # noqa: ANN401 -- ray's types are not known
    """Return the address of a cluster's dashboard from the result of ``ray.init``; empty without a dashboard."""
    return f"http://{context.dashboard_url}" if context.dashboard_url else ""


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
                progress_reporter=tune.CLIReporter(),  # silent; that for notebooks would clear what ours shows
                stop=finishing,
                callbacks=[
                    StartWatch(searcher),
                    Standstill(searcher.conductor.plan.name, resources, searcher.logs),
                    Silence(searcher),
                    finishing,
                ],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False, checkpoint_frequency=0),
                failure_config=tune.FailureConfig(max_failures=-1),
            ),
        )
        try:
            tuner.fit()
        except TuneError as error:
            msg = f"Ray Tune gave up: {last_line(error)}"
            raise RayFailedError(msg) from error
    if searcher.faults:
        raise EngineError(searcher.faults[0])
