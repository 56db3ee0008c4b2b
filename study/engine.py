"""The engine: Ray Tune executes the runs that a method asks for, and the ledger hears how they ended.

Nothing of Tune's own state is trusted or kept: what is done is what the ledger holds, and a run in flight goes on from
its own checkpoint. A killed study is therefore continued by running it again.

Call ``ray_settings.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import logging
import signal
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.error import TuneError
from ray.tune.search import Searcher

from study.endings import EngineError
from study.ledger import Ledger
from study.methods.method import Signal
from trainables.records import Cost, Record, write_record
from trainables.trainable import RunTrainable

if TYPE_CHECKING:
    from study.methods.method import Method
    from study.progress import Progress
    from study.spec import Resources
    from trainables.config import Run

LOST_PROCESSES = 10  # a run that goes on so often after its process died, and dies again, has a fault of its own
BUSY_S = 10.0  # before a run that another study trains is asked for again


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
        EngineError: the storage location cannot be read or written.

    """
    # ray.init puts its own handler of SIGTERM, which ends the process with a stack of C++ frames.
    ours = signal.getsignal(signal.SIGTERM)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, about itself
        ray.init(
            address="local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
        )
        signal.signal(signal.SIGTERM, ours)
        try:
            _fit(_Asking(method, storage, resources, progress, provenance), resources)
        finally:
            ray.shutdown()


class _Asking(Searcher):
    """Tune's searcher: hands the method's questions on, and the ledger's answers back."""

    def __init__(
        self, method: Method, storage: Path, resources: Resources, progress: Progress, provenance: dict[str, Any]
    ) -> None:
        super().__init__()
        self.method, self.storage, self.progress = method, storage, progress
        self.ledger = Ledger(storage)
        self.faults: list[str] = []
        self.last_errors: dict[str, str] = {}  # run_id -> how its process ended last
        self._trials: dict[str, Run] = {}
        self._busy: dict[str, float] = {}  # run_id -> when it may be asked for again
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
        for run_id in [i for i, when in self._busy.items() if when <= time.monotonic()]:
            del self._busy[run_id]
            self.method.give_back(run_id)
        answer = Signal.DONE if self.faults else self.method.ask()
        if answer is Signal.DONE:
            return str(Searcher.FINISHED)
        if answer is Signal.WAIT:
            return None
        self._trials[trial_id] = answer
        return {"run_id": answer.run_id, "run": answer.model_dump(mode="json"), **self._fixed}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:  # noqa: FBT001, FBT002 -- Tune's signature
        """Tell the method the record, or keep why there is none."""
        run = self._trials.pop(trial_id)
        if error and not self.ledger.recorded({run.run_id}):
            self._give_up(run)
        found = self.ledger.open({run.run_id})
        if found:
            self.method.tell(found[run.run_id])
            self.progress.on_record(found[run.run_id])
            return
        self.progress.on_lost(run.run_id)
        if result and "storage_error" in result:
            self.faults.append(f"the storage location cannot be used: {result['storage_error']}")
        self._busy[run.run_id] = time.monotonic() + BUSY_S

    def _give_up(self, run: Run) -> None:
        """Record a run whose process died again and again, so that the others are trained."""
        last = self.last_errors.get(run.run_id, "unknown")
        error = f"its process died {LOST_PROCESSES + 1} times; the last time: {last}"
        cost = Cost(wall_s=0.0, cpu_s=0.0, images=0, images_per_s=0.0)
        record = Record(
            run_id=run.run_id,
            run=run,
            status="failed",
            epochs=[],
            validation_accuracy=None,
            verified_accuracy=None,
            test=None,
            error=error,
            cost=cost,
            provenance=self._fixed["provenance"],
        )
        try:
            write_record(self.storage, record)
        except OSError as fault:
            self.faults.append(f"the storage location cannot be used: {fault}")


class _Watching(tune.Callback):
    """Hands each epoch to the progress display, and keeps why processes died."""

    def __init__(self, asking: _Asking) -> None:
        self.progress, self.last_errors = asking.progress, asking.last_errors

    def __getstate__(self) -> dict[str, Any]:
        """Give Tune nothing to keep."""
        return {}

    def on_trial_start(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Take in the start of a run."""
        self.progress.on_start(trial.config["run_id"])

    def on_trial_result(self, result: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Take in an epoch."""
        if "validation_accuracy" in result and not result["done"]:
            self.progress.on_epoch(
                result["run_id"], result["epoch"], result["validation_accuracy"], result["images_per_s"]
            )

    def on_trial_recover(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Keep why a run's process died, from the file in which Tune notes each death."""
        path = Path(trial.error_file or "")
        text = path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
        self.last_errors[trial.config["run_id"]] = text.split("\n")[-1][:200] or "unknown"


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
                callbacks=[_Watching(asking)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False, checkpoint_frequency=0),
                failure_config=tune.FailureConfig(max_failures=LOST_PROCESSES),
            ),
        )
        try:
            tuner.fit()
        except TuneError as error:
            msg = f"Ray Tune gave up: {str(error).strip().splitlines()[-1]}"
            raise EngineError(msg) from error
    if asking.faults:
        raise EngineError(asking.faults[0])
