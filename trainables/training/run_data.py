"""From a manifest and its frame store to the patches of one run: subset, validation split, standardisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from trainables.datasets.subsets import split_validation, subset
from trainables.features.shared_data import load_published
from trainables.training.patches import Patches, PatchIndex, index_patches, standardisation

if TYPE_CHECKING:
    from trainables.config import Configuration
    from trainables.datasets.manifest import Manifest
    from trainables.features.frame_store import FrameStore
    from trainables.storage.types import Location


class RunDataSource:
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


def open_run_data(storage: Location, fingerprint: str, device: torch.device) -> RunDataSource:
    """Open on a device what the driver left; it has compared the store's checksums.

    Raises:
        FileNotFoundError: no such data set was left, or its frame store is absent or unfinished.

    """
    return RunDataSource(*load_published(storage, fingerprint), device)


@dataclass(frozen=True)
class RunData:
    """The patches of one subset's run, on the run's device.

    Attributes:
        patches: frames and their standardisation by the training patches.
        train: patches that are trained on.
        validation: patches held out of the subset's training clips.
        test: patches of the test clips.
        test_labels: class index of each test clip, shape (C,).
        classes: number of classes K.

    """

    patches: Patches
    train: PatchIndex
    validation: PatchIndex
    test: PatchIndex
    test_labels: torch.Tensor
    classes: int
