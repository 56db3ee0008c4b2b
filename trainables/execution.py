"""One run from its start, or from its checkpoint, to its record; knows nothing of Ray."""

from __future__ import annotations

import platform
import time
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from trainables.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from trainables.records import Cost, Record, Status, Test, write_record
from trainables.training import Diverged, RunTraining

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.config import Run
    from trainables.loading import Loader
    from trainables.records import Epoch


class StorageError(Exception):
    """The storage location cannot be written: no fault of the run, which goes on from its last checkpoint later."""


class Execution:
    """A run being executed: one epoch a step, a checkpoint after each, and a record at the end."""

    def __init__(self, run: Run, loader: Loader, storage: Path, provenance: dict[str, Any]) -> None:
        """Prepare; nothing is read or trained before the first ``step``."""
        self.run, self.loader, self.storage, self.provenance = run, loader, storage, provenance
        self.training: RunTraining | None = None
        self.spent = {"wall_s": 0.0, "cpu_s": 0.0}  # of earlier attempts, and of this one up to the last checkpoint
        self.attempts = 1

    def step(self) -> tuple[Epoch | None, Record | None]:
        """Train one epoch.

        Returns:
            The epoch's point of the curve (None if the run ended without one), and the record once the run has ended.
            An error of the run itself is no exception here: it ends the run as ``failed`` or ``diverged``.

        Raises:
            StorageError: a checkpoint or record could not be written.

        """
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            training = self._begin()
            point = None if training.finished else training.train_epoch()
            test = training.test() if training.finished else None
        except Diverged as diverged:
            return None, self._end("diverged", str(diverged), wall, cpu)
        except Exception as error:  # noqa: BLE001 -- whatever goes wrong in a run is the run's result
            return None, self._end("failed", traceback.format_exception_only(error)[-1].strip(), wall, cpu)
        if test is not None:
            return point, self._end("complete", None, wall, cpu, test)
        self._spend(wall, cpu)
        self._write(lambda: save_checkpoint(self._checkpoint(), self._state(training)))
        return point, None

    def _begin(self) -> RunTraining:
        if self.training is None:
            training = RunTraining(self.run, self.loader.run_data(self.run.configuration), self.loader.device)
            state = load_checkpoint(self._checkpoint())
            if state is not None:
                training.restore(state["training"])
                self.spent, self.attempts = state["spent"], state["attempts"] + 1
            self.training = training
        return self.training

    def _checkpoint(self) -> Path:
        return checkpoint_path(self.storage, self.run.run_id)

    def _state(self, training: RunTraining) -> dict[str, Any]:
        return {"training": training.state(), "spent": self.spent, "attempts": self.attempts}

    def _spend(self, wall: float, cpu: float) -> None:
        self.spent["wall_s"] += time.perf_counter() - wall
        self.spent["cpu_s"] += time.process_time() - cpu

    def _end(self, status: Status, error: str | None, wall: float, cpu: float, test: Test | None = None) -> Record:
        """Write the record, then drop the checkpoint."""
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
            provenance=self.provenance | {"ended": now(), "attempts": self.attempts},
        )
        self._write(lambda: write_record(self.storage, record))
        self._write(lambda: self._checkpoint().unlink(missing_ok=True))
        return record

    @staticmethod
    def _write(action: Any) -> None:  # noqa: ANN401 -- a callable without arguments
        try:
            action()
        except OSError as error:
            raise StorageError(str(error)) from error


def now() -> str:
    """Return the present time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


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
