"""Publish a data set to the workers through the storage location, and load it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trainables.datasets.manifest import Manifest, from_json, to_json
from trainables.features.frame_store import STORES, FrameStore, open_store
from trainables.features.frame_store_cache import fetch

if TYPE_CHECKING:
    from trainables.storage.types import Location


class StorageError(Exception):
    """The storage location cannot be used: not the fault of the run, which continues later from its checkpoint."""


def publish_dataset(storage: Location, manifest: Manifest, store: FrameStore) -> None:
    """Publish a data set to the workers, under its fingerprint.

    The store is named beside the manifest, because it may hold more clips: the manifest has lost its bad ones.
    """
    value = {"frames": store.folder.name, "manifest": json.loads(to_json(manifest))}
    (storage / "datasets" / f"{manifest.fingerprint}.json").write(json.dumps(value).encode())


def load_published(storage: Location, fingerprint: str) -> tuple[Manifest, FrameStore]:
    """Return what the driver published, after it verified the store's checksums.

    Raises:
        FileNotFoundError: no such data set was published, or its frame store is absent or unfinished.

    """
    value = json.loads((storage / "datasets" / f"{fingerprint}.json").read_bytes())
    folder = storage / STORES / value["frames"]
    store = open_store(folder.local_path) if folder.local_path else fetch(folder, storage.scratch / STORES)
    if store is None:
        msg = f"{folder}: the frame store is absent or unfinished"
        raise FileNotFoundError(msg)
    return from_json(json.dumps(value["manifest"]).encode()), store
