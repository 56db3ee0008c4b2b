"""One run from its start, or from its checkpoint, to its record; knows nothing of Ray."""

from __future__ import annotations

import logging
import os
import platform
import time
import traceback
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from trainables.features.shared_data import StorageError
from trainables.records import Cost, Record, Status, Test, add_record, log_path
from trainables.runs.log import RunLog, now
from trainables.runs.ownership import BusyError, own
from trainables.training.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from trainables.training.run_training import Diverged, RunTraining

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trainables.config import Run
    from trainables.records import Epoch
    from trainables.storage.locks import Held
    from trainables.storage.types import Location
    from trainables.training.run_data import RunDataSource

logger = logging.getLogger(__name__)

# No fault of the run: the process is given up, and another goes on from the checkpoint.
ENVIRONMENT_FAULTS = (MemoryError, torch.OutOfMemoryError, torch.AcceleratorError)


class RunExecution:
    """A run being executed: one epoch a step, a checkpoint after each, and a record at the end."""

    def __init__(
        self, run: Run, loader: RunDataSource, storage: Location, provenance: dict[str, Any], rungs: Sequence[int] = ()
    ) -> None:
        """Own the run; nothing is read or trained before the first ``step``.

        Args:
            run: what is executed.
            loader: its data.
            storage: the storage location.
            provenance: where and with what it is executed.
            rungs: the epochs after which whoever asked for the run decides whether it goes on.

        Raises:
            BusyError: another process owns it.
            StorageError: the storage location cannot be written.

        """
        self.run, self.loader, self.storage, self.provenance = run, loader, storage, provenance
        self.training: RunTraining | None = None
        self.log = RunLog(log_path(storage, run.run_id))
        self.spent = {"wall_s": 0.0, "cpu_s": 0.0}  # of earlier attempts, and of this one up to the last checkpoint
        self.earlier: list[dict[str, Any]] = []  # provenance of earlier attempts
        self._before_s = 0.0  # spent["wall_s"] when this attempt began
        self.first_epoch = 1  # of this attempt
        self._rungs = rungs
        self._taken_up = False  # from a checkpoint, in the step that is under way
        self._held: Held | None = None
        self.own()

    def own(self) -> None:
        """Own the run, if ``pause`` gave it up or another process took it over.

        Raises:
            BusyError: another process owns it.
            StorageError: the storage location cannot be written.

        """
        if self._held is not None and self._held.lost:
            self.pause()
            self.training = None  # what the other process trained is in its checkpoint
        if self._held is None:
            with _storage():
                self._held = own(self.storage, self.run.run_id)

    def pause(self) -> None:
        """Stop owning the run for now, so that whoever decides on it can end it."""
        self.release()

    def step(self) -> tuple[Epoch | None, Record | None]:
        """Train one epoch.

        Returns:
            The epoch's point of the curve (None if the run ended without one), and the record once the run has ended.
            An error of the run itself is no exception here: it ends the run as ``failed`` or ``diverged``. A run taken
            up from a checkpoint at a rung gives that epoch again before it trains: its decision may have been lost.

        Raises:
            StorageError: the frames, a checkpoint or the record could not be read or written.
            BusyError: another process owns the run meanwhile, or has recorded it.
            MemoryError, torch.OutOfMemoryError, torch.AcceleratorError: memory or the GPU gave out.

        """
        with self.log.listening():
            return self._step()

    def _step(self) -> tuple[Epoch | None, Record | None]:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            with _storage():
                training = self._begin()
            if self._at_rung(training):
                return training.curve[-1], None
            point = None if training.finished else training.train_epoch()
            test = training.test() if training.finished else None
        except Diverged as diverged:
            return None, self._end("diverged", str(diverged), wall, cpu)
        except (StorageError, *ENVIRONMENT_FAULTS):
            raise
        except Exception as error:  # noqa: BLE001 -- whatever else goes wrong in a run is the run's result
            self.log.write(traceback.format_exc())
            return None, self._end("failed", traceback.format_exception_only(error)[-1].strip(), wall, cpu)
        if test is not None:
            return point, self._end("complete", None, wall, cpu, test)
        self._spend(wall, cpu)
        with _storage():
            save_checkpoint(checkpoint_path(self.storage, self.run.run_id), self._state(training))
        return point, None

    def release(self, *, recorded: bool = False) -> None:
        """Stop owning the run.

        Args:
            recorded: nothing is left behind then: who waits for the run finds the record once he has it.

        """
        if self._held is not None:
            self._held.release(remove=recorded)
            self._held = None

    def _begin(self) -> RunTraining:
        """Return the training, built at the first step and put where the checkpoint left it."""
        if self.training is None:
            where = f"{self.provenance.get('host')}, {self.provenance.get('device')}"
            self.log.write(f"taken up by process {os.getpid()} on {where}")
            self.training = self._new()
            state = load_checkpoint(checkpoint_path(self.storage, self.run.run_id))
            if state is not None:
                try:
                    self.training.restore(state["training"])
                    self.spent, self.earlier = state["spent"], state["earlier"]
                    self._before_s = self.spent["wall_s"]
                    self.first_epoch = len(self.training.curve) + 1
                    self._taken_up = True
                except (KeyError, TypeError, ValueError, RuntimeError) as error:
                    logger.warning("%s: foreign checkpoint (%r); the run starts anew", self.run.run_id, error)
                    self.training = self._new()  # the restoring may have been half done
            self.log.write(f"goes on with epoch {self.first_epoch}" if self._taken_up else "starts with epoch 1")
        return self.training

    def _at_rung(self, training: RunTraining) -> bool:
        taken_up, self._taken_up = self._taken_up, False
        return taken_up and not training.finished and len(training.curve) in self._rungs

    def _new(self) -> RunTraining:
        return RunTraining(self.run, self.loader.run_data(self.run.configuration), self.loader.device)

    def _state(self, training: RunTraining) -> dict[str, Any]:
        kept = ("host", "device", "gpus", "threads", "started")
        own = {key: self.provenance[key] for key in kept if key in self.provenance}
        own |= {"from_epoch": self.first_epoch, "wall_s": self.spent["wall_s"] - self._before_s}
        own |= {"at_rung": True} if len(training.curve) in self._rungs else {}  # where it waits to be asked for again
        return {"training": training.state(), "spent": self.spent, "earlier": [*self.earlier, own]}

    def _spend(self, wall: float, cpu: float) -> None:
        self.spent["wall_s"] += time.perf_counter() - wall
        self.spent["cpu_s"] += time.process_time() - cpu

    def _end(self, status: Status, error: str | None, wall: float, cpu: float, test: Test | None = None) -> Record:
        """Write the record, then drop the checkpoint and the ownership; BusyError where that is another's now."""
        if self._held is not None and self._held.lost:
            raise BusyError(self.run.run_id)
        self._spend(wall, cpu)
        training = self.training
        curve = training.curve if training else []
        images, train_s = (training.images, training.train_s) if training else (0, 0.0)
        record = Record(
            run_id=self.run.run_id,
            run=self.run,
            status=status,
            epochs=curve,
            validation_accuracy=curve[-1].validation_accuracy if curve else None,
            verified_accuracy=curve[-1].verified_accuracy if curve else None,
            test=test,
            error=error,
            cost=Cost(**self.spent, images=images, images_per_s=images / train_s if train_s else 0.0),
            provenance=self.provenance
            | {"ended": now(), "attempts": len(self.earlier) + 1, "earlier_attempts": self.earlier},
        )
        with _storage():
            written = add_record(self.storage, record)
            checkpoint_path(self.storage, self.run.run_id).unlink(missing_ok=True)
            self.release(recorded=True)
        if not written:
            raise BusyError(self.run.run_id)
        self.log.write(f"{status} after {len(curve)} epochs{f': {error}' if error else ''}")
        return record


@contextmanager
def _storage() -> Iterator[None]:
    """Tell what the storage location does wrong from what a run does wrong."""
    try:
        yield
    except OSError as error:
        raise StorageError(str(error)) from error


def provenance(device: torch.device) -> dict[str, Any]:
    """Return where and with what a run is executed."""
    return {
        "host": platform.node(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("gce-study", "torch", "torchaudio", "ray", "numpy")},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "started": now(),
    }
