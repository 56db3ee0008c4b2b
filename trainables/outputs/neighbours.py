"""The share of each training clip's nearest neighbours, by embeddings, that have another label: computed once, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from trainables.outputs.arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from trainables.outputs.arrays import Dtypes, Floats
    from trainables.storage.types import Location

DTYPES: Dtypes = {"disagreement": np.float32}


def neighbours_path(storage: Location, fingerprint: str, digest: str) -> Location:
    """Return the path of the disagreements of a data set, by its embeddings with this digest."""
    return storage / "datasets" / f"{fingerprint}-{digest}.neighbours.npz"


def write_neighbours(storage: Location, fingerprint: str, digest: str, disagreement: Floats) -> None:
    """Write the share of each training clip's neighbours that have another label, in [0, 1], in the manifest's order.

    Raises:
        OSError: the storage location cannot be written.

    """
    write_arrays(neighbours_path(storage, fingerprint, digest), {"disagreement": disagreement}, DTYPES)


def read_neighbours(storage: Location, fingerprint: str, digest: str) -> Floats:
    """Read what ``write_neighbours`` wrote. Shape (N,), float32; NaN where no neighbour is similar.

    Raises:
        FileNotFoundError: nothing was written.
        DamagedError: the file is not what was written.
        OSError: it cannot be read now.

    """
    path = neighbours_path(storage, fingerprint, digest)
    return cast("Floats", read_arrays(path, DTYPES)["disagreement"])
