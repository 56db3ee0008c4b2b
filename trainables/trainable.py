"""Ray Tune's trainable: one run per trial, one epoch per step, actors reused from run to run.

The driver imports this module to name the class to its workers; only the workers import PyTorch.
"""

from __future__ import annotations

import traceback
import warnings
from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from ray import tune

from trainables.features.shared_data import StorageError
from trainables.plugins.kept import load_kept
from trainables.plugins.sources import PluginError
from trainables.processes.watchdog import end_with_raylet
from trainables.records import is_recorded, log_path, speed
from trainables.runs.log import RunLog
from trainables.runs.messages import RunTask, StepReport
from trainables.runs.ownership import BusyError
from trainables.storage.location import location

if TYPE_CHECKING:
    from trainables.feature_settings import Features
    from trainables.runs.execution import RunExecution
    from trainables.storage.types import Location
    from trainables.training.run_data import RunDataSource


# An actor serves one study, and so one data set; but some of its runs may use frames, some embeddings, some both.
@lru_cache(maxsize=3)
def loader(
    storage: Location, fingerprint: str, features: Features | None, embeddings: str | None, device: str
) -> RunDataSource:
    """Open what a data set's runs need on a device, once per process; see ``open_run_data``.

    Raises:
        OSError: the driver has published no such data set, or its frame store is absent or unfinished.

    """
    import torch  # noqa: PLC0415 -- in the worker

    from trainables.training.run_data import open_run_data  # noqa: PLC0415

    return open_run_data(storage, fingerprint, features, embeddings, torch.device(device))


@cache
def _pinned(storage: str) -> Location:
    """Open the storage location, which the driver has proven, and pin it for as long as this process lives."""
    place = location(storage, proven=True)
    place.pin()
    return place


class RunTrainable(tune.Trainable):
    """Executes a ``RunTask``, which is the trial's configuration.

    The worker writes the record, so that a run that ended is recorded even if the driver dies. Tune's own
    checkpoints are not used; the run's checkpoint is in the storage location, under its run_id.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Accept a run; nothing but PyTorch is loaded before the first step."""
        end_with_raylet()  # before anything is locked
        import trainables.runs.execution  # noqa: F401, PLC0415 -- in the worker, before its first run counts as started

        if getattr(self, "execution", None) is not None:
            self.cleanup()
        self.execution: RunExecution | None = None
        self.task = RunTask.model_validate(config)
        self.storage = _pinned(self.task.storage)
        self.log = RunLog(log_path(self.storage, self.task.run.run_id))
        warnings.simplefilter("default")  # Ray's start-up warnings were silenced; from here on warnings go to the log

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Accept another run in the same process: PyTorch is not imported again, the frames stay mapped."""
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch and return a ``StepReport`` as a result of Tune; the last step writes the record.

        What is raised here ends the process, and Tune starts the run again in another one.
        """
        return self._report().to_result()

    def _report(self) -> StepReport:
        try:
            execution = self.execution or self._begin()
            if self._recorded_meanwhile(execution):
                return StepReport(done=True)
            epoch, record = execution.step()
        except BusyError:
            return StepReport(done=True, busy=True)
        except PluginError as error:
            self.log.write(f"interrupted, to be resumed later: {error}")
            return StepReport(done=True, plugin_error=str(error))
        except (StorageError, OSError) as error:
            self.log.write(f"interrupted, to be resumed later:\n{traceback.format_exc()}")
            with suppress(OSError):
                self.cleanup()
            return StepReport(done=True, storage_error=str(error))
        except Exception:
            self.log.write(f"its process ends; another one will resume the run:\n{traceback.format_exc()}")
            raise
        training = execution.training
        if epoch is None or training is None:
            return StepReport(done=record is not None)
        if epoch.epoch in self.task.rungs:
            execution.release()  # so that the driver can end the run here
        return StepReport(
            done=record is not None,
            epoch=epoch,
            images_per_s=speed(training.images, training.train_s),
            earlier=training.curve[: epoch.epoch - 1] if epoch.epoch <= execution.first_epoch else [],
        )

    def _begin(self) -> RunExecution:
        """Own the run and open its data."""
        import torch  # noqa: PLC0415 -- in the worker

        from trainables.runs.execution import RunExecution, machine_facts  # noqa: PLC0415

        task = self._with_plugins()
        torch.set_num_threads(task.threads)
        torch.set_default_dtype(torch.float32)  # a plugin may have changed it in an earlier run of this process
        device = torch.device("cuda" if task.gpus else "cpu")
        run = task.run
        features = run.features if run.configuration.needs_frames else None
        data = loader(self.storage, run.dataset, features, run.embeddings, str(device))
        facts = machine_facts(device) | ({"gpus": task.gpus} if task.gpus else {}) | task.facts
        self.execution = RunExecution(task.run, data, self.storage, facts, task.rungs, keep_weights=task.keep_weights)
        return self.execution

    def _with_plugins(self) -> RunTask:
        """Return the task whose run has the loss and the network that its plugins define, once these are loaded.

        Raises:
            PluginError: they cannot be used.
            OSError: the storage location cannot be read.

        """
        if not self.task.run.code:
            return self.task
        load_kept(self.storage, self.task.run)
        loaded = RunTask.model_validate_json(self.task.model_dump_json())
        if loaded.run.run_id != self.task.run.run_id:
            names = ", ".join(code.name for code in self.task.run.code)
            msg = f"{names}: its parameters change when they are written as JSON and read again"
            raise PluginError(msg)
        return loaded

    def _recorded_meanwhile(self, execution: RunExecution) -> bool:
        """Own the run, and return whether another study has recorded it meanwhile."""
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
        """Do nothing: Tune never asks for a checkpoint, but actors are reused only if this is defined."""
