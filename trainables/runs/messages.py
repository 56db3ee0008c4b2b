"""The messages between a study's driver and its workers, in Ray Tune's dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from trainables.config import Run
from trainables.records import Epoch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

REPORT = "report"  # the key of a StepReport in a result of Tune


class RunTask(BaseModel):
    """A worker's task: a trial's configuration.

    Attributes:
        run: the run to train.
        storage: the storage location, which the driver has found usable.
        threads: the number of CPU threads to train with.
        gpus: the number of GPUs of the run, or the share of one; 0 for the CPU.
        facts: what the driver adds to the record's provenance.
        rungs: the epochs after which the driver decides whether the run continues.
        keep_weights: whether the weights of the complete run are kept.

    """

    model_config = ConfigDict(frozen=True)

    run: Run
    storage: str
    threads: int
    gpus: float
    facts: dict[str, Any]
    rungs: tuple[int, ...]
    keep_weights: bool = False


class StepReport(BaseModel):
    """The result of one step of a worker.

    Attributes:
        done: whether the worker has finished with the run. There is then a record, unless ``busy``,
            ``plugin_error`` or ``storage_error`` states why not.
        epoch: the epoch that was trained, or None.
        images_per_s: the speed of training.
        earlier: the epochs before ``epoch``, in the first report of a run that was resumed from a checkpoint.
        busy: whether another process trains the run.
        plugin_error: why a plugin of the run cannot be used; empty if it can.
        storage_error: why the storage location cannot be used; empty if it can.

    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    done: bool
    epoch: Epoch | None = None
    images_per_s: float = 0.0
    earlier: list[Epoch] = []
    busy: bool = False
    plugin_error: str = ""
    storage_error: str = ""

    def to_result(self) -> dict[str, Any]:
        """Return the report as a result of Tune, which flattens dictionaries but leaves text alone."""
        return {"done": self.done, REPORT: self.model_dump_json()}

    @classmethod
    def from_result(cls, result: Mapping[str, Any] | None) -> Self | None:
        """Return the report in a result of Tune; None if the process died in its first step."""
        return cls.model_validate_json(result[REPORT]) if result and REPORT in result else None
