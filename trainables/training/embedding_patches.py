"""Embeddings on a device: windows that a network receives, and the mean of the windows that overlap a patch of frames.

Both are standardised per dim by the mean and standard deviation over the windows of the run's training clips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from trainables.features.framing import patch_starts
from trainables.training.patches import PatchIndex, index_starts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trainables.feature_settings import Features
    from trainables.features.embeddings.files import Timing

ROUNDING_S = 1e-9  # so that a window that ends where a patch begins does not overlap it by rounding


@dataclass(frozen=True)
class Windows:
    """The windows of a data set's clips on a device.

    Attributes:
        rows: shape (N, dims), float32.
        places: clip path -> (its first row, number of its windows).
        timing: when the windows of a clip begin, and how long they are.

    """

    rows: torch.Tensor
    places: Mapping[str, tuple[int, int]]
    timing: Timing

    def index(self, paths: Sequence[str], labels: Sequence[int], verified: Sequence[bool]) -> PatchIndex:
        """Return the windows of a list of clips as patches; ``starts`` are rows."""
        places = [self.places[path] for path in paths]
        return index_starts([range(first, first + count) for first, count in places], labels, verified)

    def overlapping(
        self, paths: Sequence[str], frames: Sequence[int], features: Features
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the windows that overlap each patch of frames of a list of clips.

        Args:
            paths: of the clips.
            frames: number of frames of each clip, at least a patch.
            features: settings of the patches.

        Returns:
            The first row, and the number of rows, of each patch, in the order of ``index_patches``: int64, shape (P,).

        """
        rows, counts = [], []
        for path, frames_of_clip in zip(paths, frames, strict=True):
            first, windows = self.places[path]
            for start in patch_starts(frames_of_clip, features):
                window, count = overlap(start, windows, self.timing, features)
                rows.append(first + window)
                counts.append(count)
        return torch.tensor(rows, dtype=torch.int64), torch.tensor(counts, dtype=torch.int64)


def overlap(start: int, windows: int, timing: Timing, features: Features) -> tuple[int, int]:
    """Return the windows that overlap a patch in time: the first, and how many.

    The patch that starts at frame s covers the time from ``s * hop / sample_rate`` on, for ``patch_frames`` hops.
    Window w covers ``window_s`` from ``w * hop_s`` on. A patch after the last window gets that one: models may drop the
    end of a sound, and a sound that is shorter than a patch is repeated in its frames.

    Args:
        start: first frame of the patch in its clip.
        windows: number of the clip's windows, at least 1.
        timing: of the windows.
        features: settings of the patches.

    """
    hop = features.hop / features.sample_rate
    begin, end = start * hop + ROUNDING_S, (start + features.patch_frames) * hop - ROUNDING_S
    first = max(0, math.floor((begin - timing.window_s) / timing.hop_s) + 1)
    last = min(windows - 1, math.ceil(end / timing.hop_s) - 1)
    return (first, last - first + 1) if first <= last else (min(first, windows - 1), 1)


@dataclass(frozen=True)
class WindowPatches:
    """Windows as the patches of a network, standardised.

    Attributes:
        rows: shape (N, dims), float32.
        mean: per dim, shape (dims,).
        sd: per dim, shape (dims,), above 0.

    """

    rows: torch.Tensor
    mean: torch.Tensor
    sd: torch.Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one patch, (dims,)."""
        return (self.rows.shape[1],)

    def gather(self, starts: torch.Tensor) -> torch.Tensor:
        """Return a batch: rows (B,) -> standardised windows (B, dims), float32."""
        return (self.rows.index_select(0, starts) - self.mean) / self.sd


@dataclass(frozen=True)
class PatchEmbeddings:
    """The embedding of each training patch: the mean of its windows, standardised.

    Attributes:
        windows: all windows.
        first: first row of each patch's windows, shape (P,), int64.
        counts: number of each patch's windows, at least 1, shape (P,), int64.
        most: the largest of the counts.

    """

    windows: WindowPatches
    first: torch.Tensor
    counts: torch.Tensor
    most: int

    def gather(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of a batch: indices of training patches (B,) -> (B, dims), float32."""
        offsets = torch.arange(self.most, device=patches.device)
        counts = self.counts[patches][:, None]
        # A patch with fewer windows than the most repeats its last row here, with the weight 0.
        rows = self.first[patches][:, None] + torch.minimum(offsets, counts - 1)
        weights = (offsets < counts) / counts
        of_windows = self.windows.rows.index_select(0, rows.flatten()).view(*rows.shape, -1)
        mean = (of_windows * weights[:, :, None]).sum(dim=1)
        return (mean - self.windows.mean) / self.windows.sd
