"""The engine: Ray Tune executes the runs that a method asks for, and the ledger hears how they ended.

Nothing of Tune's own state is trusted or kept: what is done is what the ledger holds, and a run in flight goes on from
its own checkpoint. A killed study is therefore continued by running it again.

Call ``ray_settings.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.search import Searcher

from study.endings import EngineError, interruptible
from study.methods.method import Signal
from trainables.records import read_record, record_path
from trainables.trainable import RunTrainable

if TYPE_CHECKING:
    from pathlib import Path

    from study.methods.method import Method
    from study.progress import Progress
    from study.spec import Resources

LOST_PROCESSES = 10  # a run whose process dies this often has a fault of its own


def execute(
    method: Method, storage: Path, resources: Resources, progress: Progress, provenance: dict[str, Any]
) -> None:
    """Train what a method asks for on a Ray cluster of this machine, until the method is done.

    Args:
        method: says which run is next, and is told every record.
        storage: the storage location, reachable by every worker.
        resources: of each run, and how many run at once.
        progress: is told what happens.
        provenance: is added to each record's.

    Raises:
        EngineError: the storage cannot be written, there is no GPU where one is asked for, or a process keeps dying.

    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, about itself
        ray.init(
            address="local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
        )
        with interruptible():  # again: ray.init has put its own handler of SIGTERM, which cannot be continued from
            try:
                _check_resources(resources, ray.cluster_resources())
                _fit(_Asking(method, storage, resources, progress, provenance), resources)
            finally:
                ray.shutdown()


def _check_resources(resources: Resources, there: dict[str, float]) -> None:
    for name, asked in (("CPU", resources.cpus_per_run), ("GPU", resources.gpus_per_run)):
        if asked > there.get(name, 0):
            msg = (
                f"resources.{name.lower()}s_per_run: {asked:g} asked for; "
                f"this machine has {there.get(name, 0):g} {name}s"
            )
            raise EngineError(msg)


class _Asking(Searcher):
    """Tune's searcher: hands the method's questions on, and the ledger's answers back."""

    def __init__(
        self, method: Method, storage: Path, resources: Resources, progress: Progress, provenance: dict[str, Any]
    ) -> None:
        super().__init__(metric="validation_accuracy", mode="max")
        self.method, self.storage, self.progress = method, storage, progress
        self.faults: list[str] = []
        self._trials: dict[str, str] = {}  # trial -> run_id
        self._fixed = {
            "storage": str(storage),
            "threads": resources.cpus_per_run,
            "gpus": resources.gpus_per_run,
            "provenance": provenance,
        }

    def __getstate__(self) -> dict[str, Any]:
        """Give Tune nothing to keep."""
        return {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Answer with a trial's configuration, None to wait, or FINISHED."""
        answer = Signal.DONE if self.faults else self.method.ask()
        if answer is Signal.DONE:
            return str(Searcher.FINISHED)
        if answer is Signal.WAIT:
            return None
        self._trials[trial_id] = answer.run_id
        self.progress.on_start(answer.run_id)
        return {"run": answer.model_dump(mode="json"), **self._fixed}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:  # noqa: FBT001, FBT002 -- Tune's signature
        """Tell the method the record, or keep why there is none."""
        run_id = self._trials.pop(trial_id)
        path = record_path(self.storage, run_id)
        if path.exists():
            record = read_record(path)
            self.method.tell(record)
            self.progress.on_record(record)
        elif result and "storage_error" in result:
            self.faults.append(f"the storage location cannot be used: {result['storage_error']}")
        elif error:
            self.faults.append(f"run {run_id}: its process died {LOST_PROCESSES} times (out of memory?)")
        else:
            self.method.give_back(run_id)


class _Watching(tune.Callback):
    """Hands each epoch to the progress display."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def __getstate__(self) -> dict[str, Any]:
        """Give Tune nothing to keep."""
        return {}

    def on_trial_result(self, result: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Take in an epoch."""
        if "validation_accuracy" in result and not result["done"]:
            self.progress.on_epoch(result["run_id"], result["epoch"], result["validation_accuracy"])


def _fit(asking: _Asking, resources: Resources) -> None:
    for name in ("ray.tune", "ray.train", "ray.air"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # complains of each trial that it keeps no metrics
    with tempfile.TemporaryDirectory(prefix="gce-study-") as folder:
        tuner = tune.Tuner(
            tune.with_resources(RunTrainable, {"cpu": resources.cpus_per_run, "gpu": resources.gpus_per_run}),
            tune_config=tune.TuneConfig(
                search_alg=asking,
                num_samples=-1,
                max_concurrent_trials=resources.max_concurrent,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name="tune",
                storage_path=folder,
                verbose=0,
                callbacks=[_Watching(asking.progress)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False, checkpoint_frequency=0),
                failure_config=tune.FailureConfig(max_failures=LOST_PROCESSES),
            ),
        )
        tuner.fit()
    if asking.faults:
        raise EngineError(asking.faults[0])
