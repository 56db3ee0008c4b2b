"""Patches of frames, gathered in batches on the device.

There is no loader and there are no worker processes: the frames of the whole data set are one tensor (a memory map on a
CPU, resident on a GPU), a patch is a start index into it, a subset is an index of patches, and a batch is one gather.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from trainables.features.framing import patch_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.feature_settings import Features

ROWS = 65_536  # frames summed at once; another number would round their sums differently
MOST_MELS = 512  # rows with more columns are embeddings


@dataclass(frozen=True)
class PatchIndex:
    """The P patches of a list of C clips.

    Attributes:
        starts: first frame of each patch in the frame store, shape (P,), int64.
        labels: class index of each patch's clip, shape (P,), int64.
        verified: whether each patch's clip is verified, shape (P,), bool.
        clips: position of each patch's clip in the list, shape (P,), int64.
        clip_labels: class index of each clip, shape (C,), int64.
        clip_verified: whether each clip is verified, shape (C,), bool.

    """

    starts: torch.Tensor
    labels: torch.Tensor
    verified: torch.Tensor
    clips: torch.Tensor
    clip_labels: torch.Tensor
    clip_verified: torch.Tensor

    def __len__(self) -> int:
        """Return the number of patches P."""
        return len(self.starts)

    def to(self, device: torch.device) -> PatchIndex:
        """Move the index to a device."""
        return PatchIndex(**{name: tensor.to(device) for name, tensor in vars(self).items()})


def index_patches(
    places: Sequence[tuple[int, int]], labels: Sequence[int], verified: Sequence[bool], features: Features
) -> PatchIndex:
    """Return the patches of a list of clips.

    Args:
        places: (first frame in the store, number of frames) of each clip.
        labels: class index of each clip.
        verified: whether each clip's label is verified.
        features: settings of the patches.

    """
    starts = [[first + offset for offset in patch_starts(frames, features)] for first, frames in places]
    return index_starts(starts, labels, verified)


def index_starts(of_clips: Sequence[Sequence[int]], labels: Sequence[int], verified: Sequence[bool]) -> PatchIndex:
    """Return the patches of a list of clips; arguments as in ``index_patches``, but for the starts of their patches."""
    starts = [start for of_clip in of_clips for start in of_clip]
    clips = [position for position, of_clip in enumerate(of_clips) for _ in of_clip]
    clip_of_patch = torch.tensor(clips, dtype=torch.int64)
    clip_labels, clip_verified = torch.tensor(labels, dtype=torch.int64), torch.tensor(verified, dtype=torch.bool)
    return PatchIndex(
        starts=torch.tensor(starts, dtype=torch.int64),
        labels=clip_labels[clip_of_patch],
        verified=clip_verified[clip_of_patch],
        clips=clip_of_patch,
        clip_labels=clip_labels,
        clip_verified=clip_verified,
    )


def standardisation(frames: torch.Tensor, starts: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean and standard deviation of each mel band over patches; a frame counts once per patch it is in.

    Args:
        frames: shape (N, mels), float32.
        starts: first frames of the patches, shape (P,), P >= 1.
        length: frames of a patch.

    Returns:
        Two float32 tensors of shape (mels,) on the frames' device; a constant band gets the standard deviation 1.

    """
    steps = torch.zeros(len(frames) + 1, dtype=torch.float64, device=frames.device)
    steps.index_add_(0, starts, torch.ones_like(starts, dtype=torch.float64))
    steps.index_add_(0, starts + length, -torch.ones_like(starts, dtype=torch.float64))
    weights = steps.cumsum(0)[:-1]  # the number of patches that each frame is in: integers, exact
    # Limits the memory needed for large data sets: 50 MB for the baseline's bands, and as much for embeddings.
    at_once = ROWS if frames.shape[1] <= MOST_MELS else max(1, ROWS * 96 // frames.shape[1])
    rows = weights.nonzero().squeeze(1).split(at_once)
    total = weights.sum()
    mean = torch.stack([weights[part] @ frames[part].double() for part in rows]).sum(dim=0) / total
    squares = torch.stack([weights[part] @ (frames[part].double() - mean).square() for part in rows]).sum(dim=0)
    sd = (squares / total).sqrt()
    sd[sd == 0] = 1.0
    return mean.float(), sd.float()


@dataclass(frozen=True)
class Patches:
    """Frames on a device, and the statistics to standardise them with.

    Attributes:
        frames: shape (N, mels), float32.
        mean: per mel band, shape (mels,).
        sd: per mel band, shape (mels,), above 0.
        length: frames of a patch.

    """

    frames: torch.Tensor
    mean: torch.Tensor
    sd: torch.Tensor
    length: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one patch, (1, length, mels)."""
        return 1, self.length, self.frames.shape[1]

    def gather(self, starts: torch.Tensor) -> torch.Tensor:
        """Return a batch: starts (B,) -> standardised patches (B, 1, length, mels), float32."""
        windows = self.frames.unfold(0, self.length, 1)  # a view: (N - length + 1, mels, length)
        patches = windows.index_select(0, starts).transpose(1, 2)
        return ((patches - self.mean) / self.sd).unsqueeze(1)
