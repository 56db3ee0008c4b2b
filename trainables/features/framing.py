"""The number of frames and patches of a sound of so many samples; imports neither torch nor numpy."""

from __future__ import annotations

from trainables.feature_settings import FEATURES, Features


def frame_count(samples: int, features: Features = FEATURES) -> int:
    """Return the number of frames of a sound of so many samples at the features' own rate."""
    return 1 + max(samples, features.min_samples) // features.hop  # ``logmel.prepare`` lengthens a short sound


def patch_starts(frames: int, features: Features = FEATURES) -> list[int]:
    """Return the first frames of a clip's patches: max(1, ceil((frames - patch_frames) / patch_hop)) of them.

    Args:
        frames: the clip's frames, at least ``patch_frames``.
        features: settings; the defaults are patches of 100 frames, every 50.

    Raises:
        ValueError: the clip is shorter than one patch.

    """
    if frames < features.patch_frames:
        msg = f"a clip of {frames} frames is shorter than one patch of {features.patch_frames}"
        raise ValueError(msg)
    count = max(1, -(-(frames - features.patch_frames) // features.patch_hop))
    return [features.patch_hop * i for i in range(count)]
