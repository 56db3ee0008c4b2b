"""Publish a data set to the workers through the storage location, and load it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from trainables.datasets.manifest import Manifest, from_json, to_json
from trainables.features.frame_store import STORES, FrameStore, open_store
from trainables.features.frame_store_cache import fetch
from trainables.published import PublishedDataSet, published_path
from trainables.storage.documents import DamagedError, read_document, to_bytes

if TYPE_CHECKING:
    from trainables.config import Features
    from trainables.storage.types import Location


class StorageError(Exception):
    """The storage location cannot be used: not the fault of the run, which continues later from its checkpoint."""


def publish_dataset(storage: Location, manifest: Manifest, features: Features, store: FrameStore) -> None:
    """Publish a data set to the workers, under its fingerprint and the settings of the features.

    The store is named beside the manifest, because it may hold more clips: the manifest has lost its bad ones.

    Raises:
        OtherVersionError: a newer version has published it; it is left as it is.
        OSError: the storage location cannot be written.

    """
    path = published_path(storage, manifest.fingerprint, features)
    with suppress(FileNotFoundError, DamagedError):
        read_document(path, PublishedDataSet)
    data = PublishedDataSet(frames=store.folder.name, manifest=json.loads(to_json(manifest)))
    path.write(to_bytes(data))


def load_published(storage: Location, fingerprint: str, features: Features) -> tuple[Manifest, FrameStore]:
    """Return what the driver published, after it verified the store's checksums.

    Raises:
        FileNotFoundError: no such data set was published, or its frame store is absent or unfinished.
        StorageError: what was published is damaged.
        OSError: the storage location cannot be read.

    """
    try:
        data = read_document(published_path(storage, fingerprint, features), PublishedDataSet)
    except DamagedError as error:
        raise StorageError(str(error)) from None
    folder = storage / STORES / data.frames
    store = open_store(folder.local_path) if folder.local_path else fetch(folder, storage.scratch / STORES)
    if store is None:
        msg = f"{folder}: the frame store is absent or unfinished"
        raise FileNotFoundError(msg)
    return from_json(json.dumps(data.manifest).encode()), store
