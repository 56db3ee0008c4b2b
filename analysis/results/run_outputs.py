"""What the complete runs of a study left beside their records, read where it is there and intact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainables.naming import counted
from trainables.outputs.clips import RunOutputs, read_outputs
from trainables.storage.documents import DamagedError, is_outage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.storage.types import Location


@dataclass(frozen=True)
class StoredOutputs:
    """The outputs of some runs.

    Attributes:
        outputs: run_id -> its outputs.
        absent: how many runs have no file: an earlier version of gce-study trained them.
        problems: why the other files cannot be used, a line for each.

    """

    outputs: dict[str, RunOutputs]
    absent: int
    problems: tuple[str, ...]


def read_stored_outputs(storage: Location, run_ids: Sequence[str], clips: int) -> StoredOutputs:
    """Read the outputs of runs.

    Args:
        storage: the storage location.
        run_ids: of complete runs.
        clips: how many training clips their data set has; outputs of another number cannot be used.

    Raises:
        OSError: an object store cannot be reached.

    """

    def read(run_id: str) -> RunOutputs | str | None:
        try:
            outputs = read_outputs(storage, run_id)
        except FileNotFoundError:
            return None
        except DamagedError as error:
            return str(error)
        except OSError as error:
            if is_outage(storage, error):
                raise
            return str(error)
        if len(outputs.margins) == clips:
            return outputs
        of_clips = counted(len(outputs.margins), "training clip")
        return f"outputs of run {run_id}: for {of_clips}, and the data set has {clips}"

    read_in_order = dict(zip(run_ids, storage.map(read, run_ids), strict=True))
    return StoredOutputs(
        {run_id: outputs for run_id, outputs in read_in_order.items() if isinstance(outputs, RunOutputs)},
        sum(outputs is None for outputs in read_in_order.values()),
        tuple(problem for problem in read_in_order.values() if isinstance(problem, str)),
    )
