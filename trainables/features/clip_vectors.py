"""One vector for each training clip of a data set with embeddings: the mean over its windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from trainables.features.shared_data import load_embeddings

if TYPE_CHECKING:
    from trainables.storage.types import Location

Vectors: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"


def training_clip_vectors(storage: Location, fingerprint: str, digest: str) -> Vectors:
    """Return the mean embedding of each training clip, shape (N, dims), in the manifest's order.

    Memory holds one vector for each clip, not the windows: 205 MB for 50,000 clips of 1024 dims.

    Args:
        storage: the storage location.
        fingerprint: of the data set.
        digest: of its embeddings.

    Raises:
        FileNotFoundError: the embeddings were not published, or their store is absent.
        StorageError: what was published is damaged.
        OSError: the storage location cannot be read.

    """
    published = load_embeddings(storage, fingerprint, digest)
    windows, places = published.store.frames(), published.store.rows
    clips = [places[clip.path] for clip in published.manifest.clips if clip.split == "train"]
    vectors = np.empty((len(clips), windows.shape[1]), dtype=np.float32)
    for vector, (first, count) in zip(vectors, clips, strict=True):
        windows[first : first + count].mean(axis=0, out=vector)
    return vectors
