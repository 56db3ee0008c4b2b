"""From the log-probabilities of patches to those of their clips."""

from __future__ import annotations

import torch


def clip_predictions(log_p: torch.Tensor, clips: torch.Tensor, count: int) -> torch.Tensor:
    """Return each clip's predicted class: the one with the largest geometric mean of the softmax over its patches.

    Args:
        log_p: log-softmax of the patches, shape (P, K).
        clips: clip of each patch, shape (P,), in [0, count).
        count: number of clips C.

    Returns:
        Class indices, shape (C,).

    """
    # The sum of logarithms is largest where the geometric mean is.
    return sum_by_clip(log_p, clips, count).argmax(dim=1)


def clip_probabilities(log_p: torch.Tensor, clips: torch.Tensor, count: int) -> torch.Tensor:
    """Return the normalised geometric mean of the softmax over each clip's patches, shape (C, K).

    Args:
        log_p: log-softmax of the patches, shape (P, K).
        clips: clip of each patch, shape (P,), in [0, count); every clip has a patch.
        count: number of clips C.

    """
    patches = torch.bincount(clips, minlength=count)
    return (sum_by_clip(log_p, clips, count) / patches[:, None]).softmax(dim=1)


def sum_by_clip(values: torch.Tensor, clips: torch.Tensor, count: int) -> torch.Tensor:
    """Return the sums over each clip's patches: values (P, ...), clips (P,) in [0, C) -> (C, ...)."""
    sums = torch.zeros(count, *values.shape[1:], dtype=values.dtype, device=values.device)
    return sums.index_add_(0, clips, values)
