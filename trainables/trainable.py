"""Ray Tune's trainable: one run a trial, one epoch a step, actors reused from run to run.

The driver imports this to name the class to its workers; torch is imported by those alone.
"""

from __future__ import annotations

import traceback
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ray import tune

from trainables.config import Run
from trainables.features.shared_data import StorageError
from trainables.records import is_recorded, log_path
from trainables.runs.log import RunLog
from trainables.runs.ownership import BusyError
from trainables.storage.location import location

if TYPE_CHECKING:
    from trainables.runs.execution import RunExecution
    from trainables.storage.types import Location
    from trainables.training.run_data import RunDataSource


@lru_cache(maxsize=1)  # an actor serves one study, and so one data set
def loader(storage: Location, fingerprint: str, device: str) -> RunDataSource:
    """Open a data set on a device, once in a process.

    Raises:
        OSError: the driver left no such data set, or its frame store is absent or unfinished.

    """
    import torch  # noqa: PLC0415 -- in the worker

    from trainables.training.run_data import open_run_data  # noqa: PLC0415

    return open_run_data(storage, fingerprint, torch.device(device))


class RunTrainable(tune.Trainable):
    """Executes ``config["run"]`` (a dumped ``Run``) on ``config["storage"]`` with ``config["threads"]`` threads.

    The record is written here, by the worker: whatever becomes of the driver, a run that ended is recorded. Tune's
    own checkpoints are not used; the run's lies in the storage location under its run_id.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Take a run; nothing is loaded before the first step, but torch."""
        import trainables.runs.execution  # noqa: F401, PLC0415 -- in the worker, before its first run counts as started

        if getattr(self, "execution", None) is not None:
            self.cleanup()
        self.execution: RunExecution | None = None
        self.run_config = config
        warnings.simplefilter("default")  # they go to the run's log; Ray has had its silence while it started

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take another run in the same process: torch is not imported again, the frames stay mapped."""
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch; the last step writes the record and says ``done``.

        Without a record ``done`` comes with ``storage_error`` or with ``busy`` (another process trains the run). What
        is raised here ends the process, and Tune starts the run again in another. ``earlier`` holds what came before
        the first epoch of a run that goes on from a checkpoint.
        """
        run = Run.model_validate(self.run_config["run"])
        storage = location(self.run_config["storage"], proven=True)  # by the driver
        log = RunLog(log_path(storage, run.run_id))
        try:
            execution = self.execution or self._begin(run, storage)
            if self._recorded_meanwhile(execution):
                return {"done": True, "run_id": run.run_id}
            point, record = execution.step()
        except BusyError:
            return {"done": True, "run_id": run.run_id, "busy": True}
        except (StorageError, OSError) as error:
            log.write(f"given up, to go on later:\n{traceback.format_exc()}")
            return {"done": True, "run_id": run.run_id, "storage_error": str(error)}
        except Exception:
            log.write(f"its process is given up, to go on in another:\n{traceback.format_exc()}")
            raise
        result: dict[str, Any] = {"done": record is not None, "run_id": run.run_id}
        if point is not None:
            # Numbers under the names of the curve; images/s changes from time to time and so is no part of it.
            result |= {k: v for k, v in point.model_dump().items() if v is not None}
            training = execution.training
            result["images_per_s"] = training.images / training.train_s if training and training.train_s else 0.0
            if training and point.epoch <= execution.first_epoch:
                result["earlier"] = [before.model_dump() for before in training.curve[: point.epoch - 1]]
            if point.epoch in self.run_config["rungs"]:
                execution.pause()  # the driver may end the run here
        return result

    def _begin(self, run: Run, storage: Location) -> RunExecution:
        """Own the run and open its data."""
        import torch  # noqa: PLC0415 -- in the worker

        from trainables.runs.execution import RunExecution, provenance  # noqa: PLC0415

        config = self.run_config
        torch.set_num_threads(config["threads"])
        device = torch.device("cuda" if config["gpus"] else "cpu")
        data = loader(storage, run.dataset, str(device))
        about = provenance(device) | ({"gpus": config["gpus"]} if config["gpus"] else {}) | config["provenance"]
        self.execution = RunExecution(run, data, storage, about, config["rungs"])
        return self.execution

    def _recorded_meanwhile(self, execution: RunExecution) -> bool:
        """Own the run, and say whether another study has trained it by now."""
        execution.own()
        if not is_recorded(execution.storage, execution.run.run_id):
            return False
        execution.release(recorded=True)
        self.execution = None
        return True

    def cleanup(self) -> None:
        """Free the run when Tune ends it."""
        if self.execution is not None:
            self.execution.release()

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Tune never asks for one; it must be defined for actors to be reused."""
