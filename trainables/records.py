"""The record of one ended run: what it was, how it went, what it cost; written once, atomically, as JSON."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainables.config import Run
from trainables.storage.files import write_atomically
from trainables.storage.location import each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from trainables.storage.types import Location

Status = Literal["complete", "stopped", "diverged", "failed"]
# What a run is for: to find what to choose, to confirm a choice on fresh seeds, to control for an adaptive loss; empty
# in a study that trains everything it names.
Stage = Literal["", "explore", "confirm", "control"]
# Which validation clips give the accuracy that a study chooses by: all of them, or those with a verified label.
SelectOn = Literal["validation", "verified"]


class Strict(BaseModel):
    """Base of what is read back from disk: unknown keys are an error, NaN is kept."""

    model_config = ConfigDict(extra="forbid", ser_json_inf_nan="constants")


class Epoch(Strict):
    """The curve's point of one epoch. Accuracies are fractions in [0, 1], losses are means over a batch's samples."""

    epoch: int  # counted from 1
    train_loss: float  # the run's own loss with its L2 term
    validation_loss: float  # cross-entropy on the given labels, over patches
    validation_accuracy: float  # over patches, on the given labels
    verified_accuracy: float | None  # over verified validation clips; None when there is none
    learning_rate: float
    q_mean: float | None = None  # of q_a over the epoch's batches (adaptive losses only)
    q_sd: float | None = None


class Cost(Strict):
    """What the run used, over all its attempts."""

    wall_s: float
    cpu_s: float
    images: int  # patches trained on
    images_per_s: float  # training only


class Test(Strict):
    """Result on the test clips, in the manifest's order. Selection never sees it."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    accuracy: float  # a fraction of the clips
    predictions: list[int]  # index into the manifest's classes


class Record(Strict):
    """One ended run."""

    run_id: str
    run: Run
    status: Status
    epochs: list[Epoch]
    validation_accuracy: float | None  # of the last epoch
    verified_accuracy: float | None
    test: Test | None  # complete runs only
    error: str | None = None  # failed: the traceback's last line; diverged: what was not finite, and when
    cost: Cost
    provenance: dict[str, Any] = Field(default_factory=dict)

    def outcome(self) -> dict[str, Any]:
        """Return what must be equal, bit for bit, when the same run is trained again on the same machine."""
        return self.model_dump(mode="json", exclude={"cost", "provenance"})


def record_path(storage: Location, run_id: str) -> Location:
    """Return where a run's record lies in a storage location."""
    return storage / "records" / f"{run_id}.json"


def log_path(storage: Location, run_id: str) -> Location:
    """Return where a run's log lies in a storage location."""
    return storage / "logs" / f"{run_id}.log"


def write_record(storage: Location, record: Record) -> None:
    """Add a record to the storage's ledger, atomically."""
    write_atomically(record_path(storage, record.run_id), record.model_dump_json(indent=1).encode())


def add_record(storage: Location, record: Record) -> bool:
    """Add a record for who owns the run; say whether it is written: in an object store the first one stays.

    A file lock is not lost as a lease may be, so that in a folder there is no other.
    """
    path = record_path(storage, record.run_id)
    if not isinstance(path, Path):
        return path.create(record.model_dump_json(indent=1).encode())
    write_record(storage, record)
    return True


def read_record(path: Location) -> Record:
    """Read one record.

    Raises:
        FileNotFoundError: there is none.
        pydantic.ValidationError: the file is not a record.

    """
    return Record.model_validate_json(path.read_bytes())


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector out while a great many objects are made that all stay.

    It would look through them again and again and find nothing: three quarters of the time that 10,000 records take.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def is_recorded(storage: Location, run_id: str) -> bool:
    """Say whether a run has a record that can be read."""
    try:
        return read_record(record_path(storage, run_id)).run_id == run_id
    except (FileNotFoundError, ValidationError):
        return False


def read_records(storage: Location, run_ids: Iterable[str] | None = None) -> dict[str, Record]:
    """Read the records of a storage location, or of the given runs; a run without a record is absent."""
    wanted = sorted(recorded(storage)) if run_ids is None else list(run_ids)

    def read(run_id: str) -> Record | None:
        try:
            return read_record(record_path(storage, run_id))
        except FileNotFoundError:
            return None

    with uncollected():
        found = zip(wanted, each(storage, read, wanted), strict=True)
        return {run_id: record for run_id, record in found if record is not None}


def recorded(storage: Location) -> set[str]:
    """Return the run_id of every record of a storage location; none is read."""
    return {path.stem for path in (storage / "records").glob("*.json")}
