"""The number of frames and patches of a sound of so many samples; imports neither torch nor numpy."""

from __future__ import annotations

from trainables.config import FEATURES, Features


def frame_count(samples: int, features: Features = FEATURES) -> int:
    """Return the number of frames of a sound of so many samples at the features' own rate."""
    return 1 + max(samples, features.min_samples) // features.hop  # ``logmel.prepare`` lengthens a short sound


def patch_starts(frames: int) -> list[int]:
    """Return the first frames of a clip's patches: max(1, ceil((frames - 100) / 50)) of them, every 50.

    Args:
        frames: the clip's frames, at least 100.

    Raises:
        ValueError: the clip is shorter than one patch.

    """
    if frames < FEATURES.patch_frames:
        msg = f"a clip of {frames} frames is shorter than one patch of {FEATURES.patch_frames}"
        raise ValueError(msg)
    count = max(1, -(-(frames - FEATURES.patch_frames) // FEATURES.patch_hop))
    return [FEATURES.patch_hop * i for i in range(count)]
