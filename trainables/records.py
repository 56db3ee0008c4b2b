"""The record of one ended run: what it was, how it went, what it cost; written once, atomically, as JSON."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from trainables.config import Run
from trainables.provenance import Provenance
from trainables.storage.documents import DamagedError, Document, OtherVersionError, Part, read_document, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.storage.types import Location

Status = Literal["complete", "stopped", "diverged", "failed"]
RESULTS = ("complete", "stopped")  # the runs that ended with a result
# The purpose of a run: to find a choice, to confirm a choice on fresh seeds, or to control for an adaptive loss; empty
# in a study that trains every run that it names.
Stage = Literal["", "explore", "confirm", "control"]
# What a study may choose by: over all validation clips, or over those with a verified label. The first two are
# accuracies; in records of version 1, which have none over clips, ``validation`` is over patches. The others are fields
# of ``Epoch``, and are always over clips.
SelectionMetric = Literal[
    "validation",
    "verified",
    "validation_macro_f1",
    "verified_macro_f1",
    "validation_balanced_accuracy",
    "verified_balanced_accuracy",
]
ACCURACIES = ("validation", "verified")


class Epoch(Part):
    """The curve's point of one epoch. Accuracies and F1 are in [0, 1], losses are means over a batch's samples."""

    epoch: int  # counted from 1
    train_loss: float  # the run's own loss with its L2 term
    validation_loss: float  # cross-entropy on the given labels, over patches
    validation_accuracy: float  # over patches, on the given labels: what schedule and early stopping follow
    # Over clips, each scored as a test clip is, on the given labels: what studies choose by. None in version 1.
    validation_clip_accuracy: float | None = None
    verified_accuracy: float | None  # over verified validation clips; None without any
    # Over the same clips (see ``trainables.metrics``). None in records of earlier versions, which lack them.
    validation_macro_f1: float | None = None
    verified_macro_f1: float | None = None
    validation_balanced_accuracy: float | None = None
    verified_balanced_accuracy: float | None = None
    learning_rate: float
    q_mean: float | None = None  # of q_a over the epoch's batches (adaptive losses only)
    q_sd: float | None = None

    def score(self, metric: SelectionMetric) -> float | None:
        """Return a metric that a study may choose by, in [0, 1]; None if it was not measured."""
        if metric in ACCURACIES:
            return _accuracy(self, metric)
        value: float | None = getattr(self, metric)
        return value


class Spent(Part):
    """The time that a run took, over all its attempts."""

    wall_s: float
    cpu_s: float


class Cost(Spent):
    """The cost of a run, over all its attempts."""

    images: int  # patches trained on
    images_per_s: float  # training only

    @classmethod
    def of(cls, spent: Spent, images: int, train_s: float) -> Cost:
        """Return the cost of a run that trained on ``images`` patches in ``train_s`` seconds."""
        return cls(wall_s=spent.wall_s, cpu_s=spent.cpu_s, images=images, images_per_s=speed(images, train_s))


NO_COST = Cost(wall_s=0.0, cpu_s=0.0, images=0, images_per_s=0.0)


def speed(images: int, train_s: float) -> float:
    """Return the patches trained on per second; 0 if no time was measured."""
    return images / train_s if train_s else 0.0


class Test(Part):
    """Result on the test clips, in the manifest's order. Selection never sees it."""

    __test__ = False  # not a test case, despite its name

    accuracy: float  # a fraction of the clips
    predictions: list[int]  # index into the manifest's classes
    # From the clips' probabilities (see ``trainables.metrics``). None in records of earlier versions, which lack them.
    top3: float | None = None
    log_loss: float | None = None
    calibration_error: float | None = None


class Record(Document):
    """One ended run."""

    run_id: str
    run: Run
    status: Status
    epochs: list[Epoch]
    validation_accuracy: float | None  # these three: of the last epoch, None without one
    validation_clip_accuracy: float | None = None
    verified_accuracy: float | None
    # Complete runs only: a character per verified validation clip, in the manifest's order: 1 if right, else 0. None
    # without such clips, and in records that were written before it was kept.
    verified_right: str | None = None
    test: Test | None  # complete runs only
    error: str | None = None  # failed: the traceback's last line; diverged: what was not finite, and when
    cost: Cost
    provenance: Provenance = Field(default_factory=Provenance)

    @classmethod
    def of_curve(  # noqa: PLR0913 -- the fields of a record
        cls,
        run: Run,
        status: Status,
        curve: list[Epoch],
        *,
        cost: Cost,
        provenance: Provenance,
        verified_right: str | None = None,
        test: Test | None = None,
        error: str | None = None,
    ) -> Record:
        """Return the record of a run; its accuracies are those of the last epoch of its curve, if there is one."""
        return cls(
            run_id=run.run_id,
            run=run,
            status=status,
            epochs=curve,
            validation_accuracy=curve[-1].validation_accuracy if curve else None,
            validation_clip_accuracy=curve[-1].validation_clip_accuracy if curve else None,
            verified_accuracy=curve[-1].verified_accuracy if curve else None,
            verified_right=verified_right,
            test=test,
            error=error,
            cost=cost,
            provenance=provenance,
        )

    def score(self, metric: SelectionMetric) -> float | None:
        """Return the last epoch's value of a metric that a study may choose by; None if it was not measured."""
        if metric in ACCURACIES:
            return _accuracy(self, metric)
        return self.epochs[-1].score(metric) if self.epochs else None

    def lacks(self, metric: SelectionMetric) -> bool:
        """Return whether an earlier version trained the run, which did not measure a metric on clips that it had."""
        if self.status not in RESULTS:
            return False
        accuracy = self.score("verified" if metric.startswith("verified") else "validation")
        return accuracy is not None and self.score(metric) is None


def _accuracy(measured: Epoch | Record, metric: SelectionMetric) -> float | None:
    if metric == "verified":
        return measured.verified_accuracy
    over_clips = measured.validation_clip_accuracy
    return measured.validation_accuracy if over_clips is None else over_clips


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of records."""
    schema: dict[str, Any] = _any_of(Record.model_json_schema(mode="serialization"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _any_of(node: Any) -> Any:  # noqa: ANN401 -- any JSON value
    """Write ``oneOf`` as ``anyOf``: a loss that leaves out what is at its default fits the schemas of several."""
    if isinstance(node, dict):
        return {"anyOf" if key == "oneOf" else key: _any_of(value) for key, value in node.items()}
    return [_any_of(item) for item in node] if isinstance(node, list) else node


def record_path(storage: Location, run_id: str) -> Location:
    """Return the path of a run's record in a storage location."""
    return storage / "records" / f"{run_id}.json"


def owner_path(storage: Location, run_id: str) -> Location:
    """Return the path of the lock or lease of the process that trains a run."""
    return storage / "running" / run_id


def log_path(storage: Location, run_id: str) -> Location:
    """Return the path of a run's log in a storage location."""
    return storage / "logs" / f"{run_id}.log"


def add_record(storage: Location, record: Record) -> bool:
    """Add a record as the run's owner; return whether it was written: in an object store, an earlier record stays."""
    return record_path(storage, record.run_id).write_as_owner(to_bytes(record))


def read_record(storage: Location, run_id: str) -> Record:
    """Read the record of a run.

    Raises:
        FileNotFoundError: the run has none.
        DamagedError, OtherVersionError, OSError: see ``trainables.storage.documents.read_document``; a record of
            another run is damaged too.

    """
    path = record_path(storage, run_id)
    record = read_document(path, Record)
    if record.run_id != run_id:
        raise DamagedError(path, f"it is the record of run {record.run_id!r}")
    return record


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the garbage collector while building many long-lived objects.

    It would scan them repeatedly for nothing, for three quarters of the time that reading 10,000 records takes.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def is_recorded(storage: Location, run_id: str) -> bool:
    """Return whether a run has a record that is not to be written over: its own, or one of another version."""
    try:
        read_record(storage, run_id)
    except (FileNotFoundError, DamagedError):
        return False
    except OtherVersionError:
        return True
    return True


def recorded(storage: Location) -> set[str]:
    """Return the run_id of every record of a storage location, without reading the records."""
    return {path.stem for path in (storage / "records").glob("*.json")}
