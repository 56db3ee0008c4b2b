"""What a complete run keeps beside its record: margins of the training clips and probabilities of the test clips.

Records are read by the thousand, so data that only one study at a time needs are in a file of their own: 8 bytes for
each training clip, and 2 bytes for each test clip and class, before compression. It is written before the record, so
every record of a complete run has one, except those of earlier versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainables.outputs.arrays import read_arrays, write_arrays
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from trainables.outputs.arrays import Counts, Dtypes, Floats, Halves
    from trainables.storage.types import Location

DTYPES: Dtypes = {"margins": np.float32, "epochs": np.uint16, "suggested": np.uint16, "probabilities": np.float16}


@dataclass(frozen=True)
class RunOutputs:
    """The outputs of one complete run.

    The first three have one value for each of the N training clips of the data set, in the manifest's order, whatever
    the run's subset is. Values of held-out clips are by the final weights. A clip outside the run's subset has none.

    Attributes:
        margins: area under the margin (Pleiss et al. 2020): the mean over epochs, and over the clip's patches, of the
            given label's logit minus the largest other one, in the training passes. For held-out clips, the margin by
            the final weights. NaN outside the run's subset, and of clips that no epoch trained on. Shape
            (N,), float32.
        epochs: in how many epochs at least one patch of the clip was trained on; 0 for clips that were held out or
            outside the subset. Shape (N,), uint16.
        suggested: the class with the largest mean softmax over those epochs; for held-out clips the predicted one; 0
            without a margin. Shape (N,), uint16.
        probabilities: of the classes, for each test clip in the manifest's order: the normalised geometric mean of the
            softmax over its patches, whose largest class is the prediction. Shape (test clips, K), float16.

    """

    margins: Floats
    epochs: Counts
    suggested: Counts
    probabilities: Halves


def outputs_path(storage: Location, run_id: str) -> Location:
    """Return the path of a run's outputs in a storage location."""
    return storage / "outputs" / f"{run_id}.npz"


def write_outputs(storage: Location, run_id: str, outputs: RunOutputs) -> None:
    """Write the outputs of a run.

    Raises:
        OSError: the storage location cannot be written.

    """
    write_arrays(outputs_path(storage, run_id), vars(outputs), DTYPES)


def read_outputs(storage: Location, run_id: str) -> RunOutputs:
    """Read the outputs of a run.

    Raises:
        FileNotFoundError: it has none: it is not complete, or an earlier version of gce-study trained it.
        DamagedError: the file is not what was written.
        OSError: it cannot be read now.

    """
    path = outputs_path(storage, run_id)
    outputs = RunOutputs(**read_arrays(path, DTYPES))
    if len({len(outputs.margins), len(outputs.epochs), len(outputs.suggested)}) != 1:
        raise DamagedError(path, "arrays of several lengths")
    return outputs
