"""The probabilities that a run's final weights predict for its held-out clips, with ``training.split: in_turn``.

Together these runs keep out-of-sample probabilities of all training clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainables.outputs.arrays import read_arrays, write_arrays
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from trainables.outputs.arrays import Dtypes, Halves, Places
    from trainables.storage.types import Location

DTYPES: Dtypes = {"clips": np.uint32, "probabilities": np.float16}


@dataclass(frozen=True)
class HeldOutProbabilities:
    """What one run predicts for the clips that it held out.

    Attributes:
        clips: places of the H clips among all training clips of the data set, in the manifest's order, from 0. Shape
            (H,), uint32.
        probabilities: of the classes: the normalised geometric mean of the softmax over a clip's patches. Shape (H, K),
            float16.

    """

    clips: Places
    probabilities: Halves


def held_out_path(storage: Location, run_id: str) -> Location:
    """Return the path of a run's held-out probabilities in a storage location."""
    return storage / "outputs" / f"{run_id}.held_out.npz"


def write_held_out(storage: Location, run_id: str, held_out: HeldOutProbabilities) -> None:
    """Write the held-out probabilities of a run.

    Raises:
        OSError: the storage location cannot be written.

    """
    write_arrays(held_out_path(storage, run_id), vars(held_out), DTYPES)


def read_held_out(storage: Location, run_id: str) -> HeldOutProbabilities:
    """Read the held-out probabilities of a run.

    Raises:
        FileNotFoundError: it has none.
        DamagedError: the file is not what was written.
        OSError: it cannot be read now.

    """
    path = held_out_path(storage, run_id)
    held_out = HeldOutProbabilities(**read_arrays(path, DTYPES))
    if held_out.probabilities.ndim != 2 or len(held_out.clips) != len(held_out.probabilities):  # noqa: PLR2004 -- clips and classes
        raise DamagedError(path, "arrays of several lengths")
    return held_out
