"""The outputs that the complete runs of a study kept beside their records, where these exist and are intact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from trainables.naming import counted
from trainables.outputs.clips import RunOutputs, read_outputs
from trainables.outputs.held_out import HeldOutProbabilities, read_held_out
from trainables.storage.documents import DamagedError, is_outage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trainables.storage.types import Location

T = TypeVar("T")


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
        outputs = _read(storage, run_id, read_outputs)
        if not isinstance(outputs, RunOutputs) or len(outputs.margins) == clips:
            return outputs
        of_clips = counted(len(outputs.margins), "training clip")
        return f"outputs of run {run_id}: for {of_clips}, and the data set has {clips}"

    read_in_order = dict(zip(run_ids, storage.map(read, run_ids), strict=True))
    return StoredOutputs(
        {run_id: outputs for run_id, outputs in read_in_order.items() if isinstance(outputs, RunOutputs)},
        sum(outputs is None for outputs in read_in_order.values()),
        tuple(problem for problem in read_in_order.values() if isinstance(problem, str)),
    )


def read_stored_held_out(
    storage: Location, run_ids: Sequence[str], clips: int, classes: int
) -> tuple[dict[str, HeldOutProbabilities], list[str]]:
    """Return what runs predict for the clips that they held out, and why a file cannot be used, a line for each.

    Runs without such a file are absent.

    Args:
        storage: the storage location.
        run_ids: of complete runs.
        clips: number of training clips of their data set.
        classes: number of its classes.

    Raises:
        OSError: an object store cannot be reached.

    """

    def read(run_id: str) -> HeldOutProbabilities | str | None:
        held = _read(storage, run_id, read_held_out)
        if not isinstance(held, HeldOutProbabilities):
            return held
        if held.probabilities.shape[1] == classes and not (held.clips >= clips).any():
            return held
        return f"held-out probabilities of run {run_id}: of other clips or classes than those of the data set"

    outcomes = dict(zip(run_ids, storage.map(read, run_ids), strict=True))
    kept = {run_id: held for run_id, held in outcomes.items() if isinstance(held, HeldOutProbabilities)}
    return kept, [problem for problem in outcomes.values() if isinstance(problem, str)]


def _read(storage: Location, run_id: str, reader: Callable[[Location, str], T]) -> T | str | None:
    """Return what a reader reads, None where there is no file, or why the file cannot be used.

    Raises:
        OSError: an object store cannot be reached.

    """
    try:
        return reader(storage, run_id)
    except FileNotFoundError:
        return None
    except DamagedError as error:
        return str(error)
    except OSError as error:
        if is_outage(storage, error):
            raise
        return str(error)
