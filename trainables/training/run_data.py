"""The patches of a run, from a manifest and its frame store: subset, validation split, standardisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from trainables.datasets.known_labels import known_labels
from trainables.datasets.subsets import split_validation, subset
from trainables.features.shared_data import load_published
from trainables.training.patches import Patches, PatchIndex, index_patches, standardisation

if TYPE_CHECKING:
    from trainables.config import Features, Run
    from trainables.datasets.manifest import Manifest
    from trainables.features.frame_store import FrameStore
    from trainables.losses.base import KnownLabels
    from trainables.storage.types import Location

MAX_CACHED = 32  # splits whose patches are kept: some megabytes each on a large data set


class RunDataSource:
    """A data set on a device; all runs share one copy of its frames."""

    def __init__(self, manifest: Manifest, store: FrameStore, features: Features, device: torch.device) -> None:
        """Map the frames (CPU) or copy them to the device (GPU)."""
        self.manifest, self.store, self.features, self.device = manifest, store, features, device
        self.frames = torch.from_numpy(store.frames()).to(device)
        self.class_index = {label: k for k, label in enumerate(manifest.classes)}
        # Small, as it holds starts and labels only. Runs alternate subsets, and with ``split: per_seed`` splits.
        self._cache: dict[object, RunData] = {}
        self._test = self._index([i for i, clip in enumerate(manifest.clips) if clip.split == "test"])

    def run_data(self, run: Run) -> RunData:
        """Return the patches of a run: its subset, split into training and validation clips, and the test clips.

        Raises:
            DataSetError: the data set has no clips for the subset.

        """
        protocol = run.configuration.training
        key = (run.configuration.subset, protocol.validation, protocol.validation_seed(run.seed))
        if key not in self._cache:
            if len(self._cache) >= MAX_CACHED:
                del self._cache[next(iter(self._cache))]
            clips = subset(self.manifest, run.configuration.subset)
            train_clips, validation = split_validation(self.manifest, clips, *key[1:])
            train = self._index(train_clips)
            mean, sd = standardisation(self.frames, train.starts, self.features.patch_frames)
            self._cache[key] = RunData(
                patches=Patches(self.frames, mean, sd, self.features.patch_frames),
                train=train,
                validation=self._index(validation),
                test=self._test,
                classes=len(self.class_index),
                labels=known_labels(self.manifest, train_clips),
            )
        return self._cache[key]

    def _label(self, i: int) -> int:
        return self.class_index[self.manifest.clips[i].label]

    def _index(self, positions: list[int]) -> PatchIndex:
        return index_patches(
            [self.store.rows[self.manifest.digests[i]] for i in positions],
            [self._label(i) for i in positions],
            [self.manifest.clips[i].verified for i in positions],
            self.features,
        ).to(self.device)


def open_run_data(storage: Location, fingerprint: str, features: Features, device: torch.device) -> RunDataSource:
    """Open a data set that the driver has published; the driver has verified the checksums of the frame store.

    Raises:
        FileNotFoundError: the data set was not published, or its frame store is absent or incomplete.

    """
    return RunDataSource(*load_published(storage, fingerprint, features), features, device)


@dataclass(frozen=True)
class RunData:
    """The patches of a subset, on the run's device.

    Attributes:
        patches: the frames, standardised by the training patches.
        train: patches to train on.
        validation: patches of the clips held out from the subset.
        test: patches of the test clips.
        classes: number of classes K.
        labels: what is known of the labels of the training clips.

    """

    patches: Patches
    train: PatchIndex
    validation: PatchIndex
    test: PatchIndex
    classes: int
    labels: KnownLabels
