"""One run from its start, or from its checkpoint, to its record; knows nothing of Ray."""

from __future__ import annotations

import logging
import os
import platform
import time
import traceback
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from trainables.characters import one_line
from trainables.features.shared_data import StorageError
from trainables.naming import counted
from trainables.outputs.clips import write_outputs
from trainables.outputs.held_out import write_held_out
from trainables.outputs.weights import Weights, write_weights
from trainables.plugins.importing import exit_of_plugin, place_of
from trainables.provenance import CPU, Attempt, Provenance, code_digest
from trainables.records import Cost, Record, Spent, Status, add_record, log_path
from trainables.runs.log import RunLog, now
from trainables.runs.ownership import BusyError, own
from trainables.training.checkpoint import Checkpoint, checkpoint_path, load_checkpoint, save_checkpoint
from trainables.training.run_training import Diverged, RunTraining

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trainables.config import Run
    from trainables.records import Epoch
    from trainables.storage.types import Held, Location
    from trainables.training.run_data import RunDataSource
    from trainables.training.run_outputs import Evaluation

logger = logging.getLogger(__name__)

MAX_REASON = 2000  # characters of a failed run's reason
# Not the run's fault: the process is given up, and another one resumes from the checkpoint.
ENVIRONMENT_FAULTS = (MemoryError, torch.OutOfMemoryError, torch.AcceleratorError)


class Step(NamedTuple):
    """The result of one step of a run: the epoch, None if the run ended without one; the record, if the run ended."""

    epoch: Epoch | None
    record: Record | None


class RunExecution:
    """A run being executed: one epoch per step, a checkpoint after each, and a record at the end."""

    def __init__(  # noqa: PLR0913 -- the last two are options
        self,
        run: Run,
        loader: RunDataSource,
        storage: Location,
        facts: Mapping[str, Any],
        rungs: Sequence[int] = (),
        *,
        keep_weights: bool = False,
    ) -> None:
        """Own the run; nothing is read or trained before the first ``step``.

        Args:
            run: the run to execute.
            loader: its data.
            storage: the storage location.
            facts: where and with what it is executed, for the record's provenance.
            rungs: the epochs after which the driver decides whether the run continues.
            keep_weights: whether its weights are kept when it is complete.

        Raises:
            BusyError: another process owns it.
            StorageError: the storage location cannot be written.

        """
        self.run, self.loader, self.storage, self.facts = run, loader, storage, facts
        self.training: RunTraining | None = None
        self.log = RunLog(log_path(storage, run.run_id))
        self.spent = Spent(wall_s=0.0, cpu_s=0.0)  # by earlier attempts, and by this one up to the last checkpoint
        self.earlier: list[Attempt] = []
        self.first_epoch = 1  # of this attempt
        self._before_s = 0.0  # spent.wall_s when this attempt began
        self._rungs, self._keep_weights = rungs, keep_weights
        self._resumed = False  # from a checkpoint, in the present step
        self._held: Held | None = None
        self.own()

    def own(self) -> None:
        """Own the run again after ``release``, or after another process took it over.

        Raises:
            BusyError: another process owns it.
            StorageError: the storage location cannot be written.

        """
        if self._held is not None and self._held.lost:
            self.release()
            self.training = None  # the other process's progress is in its checkpoint
        if self._held is None:
            with _storage():
                self._held = own(self.storage, self.run.run_id)

    def step(self) -> Step:
        """Train one epoch.

        An error in the run itself raises nothing: it ends the run as ``failed`` or ``diverged``. A run resumed at a
        rung returns that epoch again before it trains on, because the driver's decision may have been lost.

        Raises:
            StorageError: the frames, a checkpoint or the record could not be read or written.
            BusyError: another process owns the run now, or has recorded it.
            MemoryError, torch.OutOfMemoryError, torch.AcceleratorError: memory ran out or the GPU failed.

        """
        with self.log.listening():
            return self._step()

    def _step(self) -> Step:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            with _storage():
                training = self._begin()
            if self._at_rung(training):
                return Step(training.curve[-1], None)
            epoch = None if training.finished else training.train_epoch()
            evaluation = training.evaluate() if training.finished else None
        except Diverged as diverged:
            return Step(None, self._end("diverged", str(diverged), wall, cpu))
        except (StorageError, *ENVIRONMENT_FAULTS):
            raise
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit) and not exit_of_plugin(error):
                raise  # the process is to end, and the run to continue in another one
            self.log.write(traceback.format_exc())
            return Step(None, self._end("failed", _reason(error), wall, cpu))
        if evaluation is not None:
            return Step(epoch, self._end("complete", None, wall, cpu, evaluation))
        self._spend(wall, cpu)
        with _storage():
            save_checkpoint(checkpoint_path(self.storage, self.run.run_id), self._checkpoint(training))
        return Step(epoch, None)

    def release(self, *, recorded: bool = False) -> None:
        """Stop owning the run.

        Args:
            recorded: whether to remove the lock file too: the next owner finds the record.

        """
        if self._held is not None:
            self._held.release(remove=recorded)
            self._held = None

    def _begin(self) -> RunTraining:
        """Return the training, built at the first step and resumed from the checkpoint."""
        if self.training is None:
            where = f"{self.facts.get('host')}, {self.facts.get('device')}"
            self.log.write(f"started by process {os.getpid()} on {where}")
            self.training = self._new()
            checkpoint = load_checkpoint(checkpoint_path(self.storage, self.run.run_id))
            if checkpoint is not None:
                try:
                    self.training.restore(checkpoint.training)
                    self.spent, self.earlier = checkpoint.spent, checkpoint.earlier
                    self._before_s = self.spent.wall_s
                    self.first_epoch = len(self.training.curve) + 1
                    self._resumed = True
                except (KeyError, TypeError, ValueError, RuntimeError) as error:
                    logger.warning("%s: foreign checkpoint (%r); the run starts over", self.run.run_id, error)
                    self.training = self._new()  # it may have been restored by half
            self.log.write(f"resumes at epoch {self.first_epoch}" if self._resumed else "starts at epoch 1")
        return self.training

    def _at_rung(self, training: RunTraining) -> bool:
        resumed, self._resumed = self._resumed, False
        return resumed and not training.finished and len(training.curve) in self._rungs

    def _new(self) -> RunTraining:
        return RunTraining(self.run, self.loader.run_data(self.run), self.loader.device)

    def _checkpoint(self, training: RunTraining) -> Checkpoint:
        values = {name: self.facts[name] for name in Attempt.model_fields if name in self.facts}
        values |= {"from_epoch": self.first_epoch, "wall_s": self.spent.wall_s - self._before_s}
        if len(training.curve) in self._rungs:
            values["at_rung"] = True
        attempts = [*self.earlier, Attempt.model_validate(values)]
        return Checkpoint(training=training.state(), spent=self.spent, earlier=attempts)

    def _spend(self, wall: float, cpu: float) -> None:
        self.spent.wall_s += time.perf_counter() - wall
        self.spent.cpu_s += time.process_time() - cpu

    def _end(
        self, status: Status, error: str | None, wall: float, cpu: float, evaluation: Evaluation | None = None
    ) -> Record:
        """Write outputs and record, remove the checkpoint and release the run.

        Raises:
            BusyError: another process owns it.
            StorageError: the storage location cannot be written.

        """
        if self._held is not None and self._held.lost:
            raise BusyError(self.run.run_id)
        self._spend(wall, cpu)
        training = self.training
        curve = training.curve if training else []
        images, train_s = (training.images, training.train_s) if training else (0, 0.0)
        cost = Cost.of(self.spent, images, train_s)
        provenance = Provenance.of(self.facts, self.earlier, now())
        right, test = (evaluation.verified_right, evaluation.test) if evaluation else (None, None)
        record = Record.of_curve(
            self.run, status, curve, cost=cost, provenance=provenance, verified_right=right, test=test, error=error
        )
        with _storage():
            if training and evaluation:  # a complete run: what is written before the record is there with the record
                write_outputs(self.storage, self.run.run_id, evaluation.outputs)
                if evaluation.held_out is not None:
                    write_held_out(self.storage, self.run.run_id, evaluation.held_out)
                if self._keep_weights:
                    self._write_weights(training)
            written = add_record(self.storage, record)
            checkpoint_path(self.storage, self.run.run_id).unlink(missing_ok=True)
            self.release(recorded=True)
        if not written:
            raise BusyError(self.run.run_id)
        self.log.write(f"{status} after {counted(len(curve), 'epoch')}{f': {error}' if error else ''}")
        return record

    def _write_weights(self, training: RunTraining) -> None:
        """Keep the weights; a network of a plugin whose state cannot be kept spoils nothing but that."""
        patches = training.data.patches
        try:
            weights = Weights(training.model.state_dict(), patches.mean, patches.sd)
            write_weights(self.storage, self.run.run_id, weights)
        except ValueError as error:
            self.log.write(f"its weights are not kept: {error}")


def _reason(error: BaseException) -> str:
    """Return the last line of an error's traceback, in characters that a record can hold; the log has the whole.

    It begins with the file and line of the plugin in which the error was raised, if it was in one.
    """
    text = one_line(traceback.format_exception_only(error)[-1].strip())
    text = f"{place}: {text}" if (place := place_of(error)) else text
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]} [...]"


@contextmanager
def _storage() -> Iterator[None]:
    """Raise StorageError for an OSError, so that a fault of the storage is not taken for one of the run."""
    try:
        yield
    except OSError as error:
        raise StorageError(str(error)) from error


def machine_facts(device: torch.device) -> dict[str, Any]:
    """Return where and with what a run is executed, for its provenance."""
    return {
        "host": platform.node(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("gce-study", "torch", "torchaudio", "ray", "numpy")},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else CPU,
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "code_digest": code_digest(),
        "started": now(),
    }
