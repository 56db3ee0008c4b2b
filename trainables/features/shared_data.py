"""Publish a data set to the workers through the storage location, and load it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from trainables.datasets.manifest import Manifest, from_json, to_json
from trainables.features.embeddings.files import Timing
from trainables.features.frame_store import STORES, FrameStore, open_store
from trainables.features.frame_store_cache import fetch
from trainables.published import PublishedDataSet, PublishedEmbeddings, embeddings_path, published_path
from trainables.storage.documents import DamagedError, read_document, to_bytes

if TYPE_CHECKING:
    from trainables.feature_settings import Features
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
    return from_json(json.dumps(data.manifest).encode()), _published_store(storage, data.frames)


def _published_store(storage: Location, name: str) -> FrameStore:
    folder = storage / STORES / name
    store = open_store(folder.local_path) if folder.local_path else fetch(folder, storage.scratch / STORES)
    if store is None:
        msg = f"{folder}: the store is absent or unfinished"
        raise FileNotFoundError(msg)
    return store


class StoredEmbeddings(NamedTuple):
    """A data set, the store of its embeddings, and when the windows of a clip begin."""

    manifest: Manifest
    store: FrameStore
    timing: Timing


def publish_embeddings(storage: Location, embeddings: StoredEmbeddings) -> None:
    """Publish a data set's embeddings to the workers, under its fingerprint and their digest.

    Raises:
        OtherVersionError: a newer version has published them; they are left as they are.
        OSError: the storage location cannot be written.

    """
    manifest, store, timing = embeddings
    path = embeddings_path(storage, manifest.fingerprint, store.folder.name)
    with suppress(FileNotFoundError, DamagedError):
        read_document(path, PublishedEmbeddings)
    stated = json.loads(to_json(manifest))
    data = PublishedEmbeddings(frames=store.folder.name, manifest=stated, **timing.model_dump())
    path.write(to_bytes(data))


def load_embeddings(storage: Location, fingerprint: str, digest: str) -> StoredEmbeddings:
    """Return the embeddings that the driver published; errors as in ``load_published``."""
    try:
        data = read_document(embeddings_path(storage, fingerprint, digest), PublishedEmbeddings)
    except DamagedError as error:
        raise StorageError(str(error)) from None
    manifest = from_json(json.dumps(data.manifest).encode())
    timing = Timing(hop_s=data.hop_s, window_s=data.window_s, model=data.model)
    return StoredEmbeddings(manifest, _published_store(storage, data.frames), timing)
