"""The patches of a run, from a manifest and its stored frames or embeddings: subset, split, standardisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from trainables.datasets.known_labels import known_labels
from trainables.datasets.subsets import clips_to_test, split_validation, subset
from trainables.feature_settings import FEATURES
from trainables.features.shared_data import load_embeddings, load_published
from trainables.training.embedding_patches import PatchEmbeddings, WindowPatches, Windows
from trainables.training.patches import Patches, PatchIndex, index_patches, standardisation

if TYPE_CHECKING:
    from trainables.config import Run
    from trainables.datasets.manifest import Manifest
    from trainables.feature_settings import Features
    from trainables.features.frame_store import FrameStore
    from trainables.losses.base import KnownLabels
    from trainables.storage.types import Location

MAX_CACHED = 32  # splits whose patches are kept: some megabytes each on a large data set


class RunDataSource:
    """A data set on a device; all runs share one copy of its frames, and one of its embeddings."""

    def __init__(
        self,
        manifest: Manifest,
        store: FrameStore | None,
        features: Features,
        device: torch.device,
        windows: Windows | None = None,
    ) -> None:
        """Map the frames (CPU) or copy them to the device (GPU).

        Args:
            manifest: the data set.
            store: its frames; None if no run uses them.
            features: settings of the frames.
            device: of the runs.
            windows: its embeddings, on the device; None if no run uses them.

        """
        self.manifest, self.store, self.features, self.device, self.windows = manifest, store, features, device, windows
        self.frames = None if store is None else torch.from_numpy(store.frames()).to(device)
        self.class_index = {label: k for k, label in enumerate(manifest.classes)}
        training_clips = (i for i, clip in enumerate(manifest.clips) if clip.split == "train")
        self._place = {i: place for place, i in enumerate(training_clips)}  # among all training clips, by position
        # Small, as it holds starts and labels only. Runs alternate subsets, and with a split for each seed also splits.
        self._cache: dict[object, RunData] = {}

    def run_data(self, run: Run) -> RunData:
        """Return the patches of a run: its subset, split into training and validation clips, and its test clips.

        Raises:
            DataSetError: the data set has no clips for the subset.
            LookupError: the run needs frames or embeddings that are not there.

        """
        configuration, protocol = run.configuration, run.configuration.training
        split = protocol.validation_split(run.seed)
        key = (run.fold, configuration.subset, *split, configuration.network.input, configuration.loss.needs_embeddings)
        if key not in self._cache:
            if len(self._cache) >= MAX_CACHED:
                del self._cache[next(iter(self._cache))]
            chosen = subset(self.manifest, configuration.subset, fold=run.fold)
            train, validation = split_validation(self.manifest, chosen, *split)
            test = clips_to_test(self.manifest, run.fold)
            data = self._of_frames if configuration.network.input == "frames" else self._of_windows
            self._cache[key] = data(train, validation, test, embeddings=configuration.loss.needs_embeddings)
        return self._cache[key]

    def _of_frames(self, train: list[int], validation: list[int], test: list[int], *, embeddings: bool) -> RunData:
        """Return the data of a run on frames, by the positions of its clips."""
        if self.frames is None:
            msg = "the run's network receives frames, but only embeddings were stored"
            raise LookupError(msg)
        patches = self._index(train)
        length = self.features.patch_frames
        mean, sd = standardisation(self.frames, patches.starts, length)
        return RunData(
            patches=Patches(self.frames, mean, sd, length),
            train=patches,
            validation=self._index(validation),
            test=self._index(test),
            places=self._places(train, validation),
            classes=len(self.class_index),
            labels=known_labels(self.manifest, train),
            embeddings=self._embeddings(train) if embeddings else None,
        )

    def _of_windows(self, train: list[int], validation: list[int], test: list[int], *, embeddings: bool) -> RunData:
        """Return the data of a run on embeddings, by the positions of its clips."""
        index = self._window_index(train)
        patches = self._standardised(index)
        alone = torch.ones_like(index.starts)
        return RunData(
            patches=patches,
            train=index,
            validation=self._window_index(validation),
            test=self._window_index(test),
            places=self._places(train, validation),
            classes=len(self.class_index),
            labels=known_labels(self.manifest, train),
            embeddings=PatchEmbeddings(patches, index.starts, alone, 1) if embeddings else None,
        )

    def _places(self, train: list[int], validation: list[int]) -> Places:
        return Places(len(self._place), *([self._place[i] for i in clips] for clips in (train, validation)))

    def _embeddings(self, train: list[int]) -> PatchEmbeddings:
        """Return the embeddings of the patches of clips, by the clips' positions."""
        windows = self._standardised(self._window_index(train))
        paths = [self.manifest.clips[i].path for i in train]
        frames = [self._frames_of(i)[1] for i in train]
        first, counts = self._given_windows().overlapping(paths, frames, self.features)
        return PatchEmbeddings(windows, first.to(self.device), counts.to(self.device), int(counts.max()))

    def _given_windows(self) -> Windows:
        if self.windows is None:
            msg = "the run uses embeddings, but none were stored"
            raise LookupError(msg)
        return self.windows

    def _standardised(self, index: PatchIndex) -> WindowPatches:
        rows = self._given_windows().rows
        return WindowPatches(rows, *standardisation(rows, index.starts, 1))

    def _window_index(self, positions: list[int]) -> PatchIndex:
        paths = [self.manifest.clips[i].path for i in positions]
        return self._given_windows().index(paths, *self._labels(positions)).to(self.device)

    def _index(self, positions: list[int]) -> PatchIndex:
        places = [self._frames_of(i) for i in positions]
        return index_patches(places, *self._labels(positions), self.features).to(self.device)

    def _labels(self, positions: list[int]) -> tuple[list[int], list[bool]]:
        """Return the class index of clips, and whether each is verified."""
        clips = [self.manifest.clips[i] for i in positions]
        return [self.class_index[clip.label] for clip in clips], [clip.verified for clip in clips]

    def _frames_of(self, i: int) -> tuple[int, int]:
        """Return a clip's first frame and number of frames in the store."""
        if self.store is None:
            msg = "the run's network receives frames, but only embeddings were stored"
            raise LookupError(msg)
        return self.store.rows[self.manifest.digests[i]]


def open_run_data(
    storage: Location, fingerprint: str, features: Features | None, embeddings: str | None, device: torch.device
) -> RunDataSource:
    """Open a data set that the driver has published; the driver has verified the checksums of its stores.

    Args:
        storage: the storage location.
        fingerprint: of the data set.
        features: settings of its frames; None if they are not needed.
        embeddings: digest of its embeddings; None if they are not needed.
        device: of the runs.

    Raises:
        FileNotFoundError: the data set was not published, or a store is absent or incomplete.

    """
    windows = store = None
    if embeddings is not None:
        published = load_embeddings(storage, fingerprint, embeddings)
        manifest = published.manifest
        rows = torch.from_numpy(published.store.frames()).to(device)
        windows = Windows(rows, published.store.rows, published.timing)
    if features is not None:
        manifest, store = load_published(storage, fingerprint, features)
    return RunDataSource(manifest, store, features or FEATURES, device, windows)


class Places(NamedTuple):
    """Where the clips of a run are among all training clips of its data set, which are in the manifest's order.

    Attributes:
        total: number of all training clips N.
        train: places, in [0, N), of the clips that the run trains on.
        validation: places of those that it holds out.

    """

    total: int
    train: list[int]
    validation: list[int]


@dataclass(frozen=True)
class RunData:
    """The patches of a subset, on the run's device.

    Attributes:
        patches: the frames, standardised by the training patches; or the windows of embeddings.
        train: patches to train on.
        validation: patches of the clips held out from the subset.
        test: patches of the test clips.
        places: of the training and validation clips among all training clips of the data set.
        classes: number of classes K.
        labels: what is known of the labels of the training clips.
        embeddings: those of the training patches; None if the loss does not use them.

    """

    patches: Patches | WindowPatches
    train: PatchIndex
    validation: PatchIndex
    test: PatchIndex
    places: Places
    classes: int
    labels: KnownLabels
    embeddings: PatchEmbeddings | None = None
