"""From a manifest and its frame store to the patches of one run: subset, validation split, standardisation.

The driver leaves a data set in the storage location, the workers take it from there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from trainables.datasets.manifest import from_json, to_json
from trainables.datasets.subsets import split_validation, subset
from trainables.patches import Patches, PatchIndex, index_patches, standardisation
from trainables.records import write_atomically
from trainables.storage import scratch
from trainables.store import STORES, open_store
from trainables.store_cache import fetch
from trainables.training import RunData

if TYPE_CHECKING:
    from trainables.config import Configuration
    from trainables.datasets.manifest import Manifest
    from trainables.storage import Location
    from trainables.store import FrameStore


class Loader:
    """A data set on a device: its frames lie there once, whatever runs use them."""

    def __init__(self, manifest: Manifest, store: FrameStore, device: torch.device) -> None:
        """Map the frames (CPU) or copy them to the device (GPU)."""
        self.manifest, self.store, self.device = manifest, store, device
        self.frames = torch.from_numpy(store.frames()).to(device)
        self.number = {label: k for k, label in enumerate(manifest.classes)}
        self._kept: dict[object, RunData] = {}  # starts and labels only: small, and runs alternate between subsets

    def run_data(self, configuration: Configuration) -> RunData:
        """Index the patches of a configuration's data.

        Raises:
            DataSetError: the data set has no clips for the subset.

        """
        protocol = configuration.training
        key = (configuration.subset, protocol.validation, protocol.split_seed)
        if key not in self._kept:
            chosen = subset(self.manifest, configuration.subset)
            train, validation = split_validation(self.manifest, chosen, protocol.validation, protocol.split_seed)
            test = [i for i, clip in enumerate(self.manifest.clips) if clip.split == "test"]
            trained = self._index(train)
            mean, sd = standardisation(self.frames, trained.starts)
            self._kept[key] = RunData(
                patches=Patches(self.frames, mean, sd),
                train=trained,
                validation=self._index(validation),
                test=self._index(test),
                test_labels=torch.tensor([self._label(i) for i in test], device=self.device),
                classes=len(self.number),
            )
        return self._kept[key]

    def _label(self, i: int) -> int:
        return self.number[self.manifest.clips[i].label]

    def _index(self, positions: list[int]) -> PatchIndex:
        return index_patches(
            [self.store.rows[self.manifest.digests[i]] for i in positions],
            [self._label(i) for i in positions],
            [self.manifest.clips[i].verified for i in positions],
        ).to(self.device)


def leave_data(storage: Location, manifest: Manifest, store: FrameStore) -> None:
    """Leave a data set for the workers, under its fingerprint.

    The store is named beside the manifest: it may hold more clips than the manifest, which has lost its bad ones.
    """
    value = {"frames": store.folder.name, "manifest": json.loads(to_json(manifest))}
    write_atomically(storage / "datasets" / f"{manifest.fingerprint}.json", json.dumps(value).encode())


def take_data(storage: Location, fingerprint: str, device: torch.device) -> Loader:
    """Open on a device what the driver left; it has compared the store's checksums.

    Raises:
        FileNotFoundError: no such data set was left, or its frame store is absent or unfinished.

    """
    value = json.loads((storage / "datasets" / f"{fingerprint}.json").read_bytes())
    folder = storage / STORES / value["frames"]
    store = open_store(folder) if isinstance(folder, Path) else fetch(folder, scratch(storage) / STORES)
    if store is None:
        msg = f"{folder}: the frame store is absent or unfinished"
        raise FileNotFoundError(msg)
    return Loader(from_json(json.dumps(value["manifest"]).encode()), store, device)
