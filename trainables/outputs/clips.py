"""What a complete run leaves beside its record, clip by clip: the margins of the training clips, and its test scores.

Records are read by the thousand, so what is only needed for one study at a time lies in a file of its own: 8 bytes for
each training clip, and 2 bytes for each test clip and class, compressed. It is written before the record, so every
record of a complete run has one, except those of earlier versions.
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

    The first three have one value for each training clip of the data set, in the manifest's order, N in all; whatever
    the run's subset is. A clip that the run held out was seen by the final weights alone; one outside the run's subset
    has no values.

    Attributes:
        margins: area under the margin (Pleiss et al. 2020): the mean over epochs, and over the clip's patches, of the
            given label's logit minus the largest other one, as the training passes see them. Of held-out clips the
            margin by the final weights. NaN outside the run's subset, and of clips that no epoch trained on. Shape
            (N,), float32.
        epochs: in how many epochs at least one patch of the clip was trained on; 0 of clips that were held out or
            outside the subset. Shape (N,), uint16.
        suggested: the class with the largest mean softmax over those epochs; of held-out clips the predicted one; 0
            where there is no margin. Shape (N,), uint16.
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
