"""From the log-probabilities of patches to those of their clips, and to the metrics over clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainables.metrics import METRICS
from trainables.records import Test

if TYPE_CHECKING:
    from trainables.training.patches import PatchIndex


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


def validation_metrics(log_p: torch.Tensor, index: PatchIndex) -> dict[str, float | None]:
    """Return the fields of ``Epoch`` that are over validation clips: over all of them, and over the verified ones.

    Args:
        log_p: log-softmax of the validation patches, shape (P, K).
        index: of these patches.

    """
    predicted = clip_predictions(log_p, index.clips, len(index.clip_labels)).cpu().numpy()
    labels, verified = index.clip_labels.cpu().numpy(), index.clip_verified.cpu().numpy()
    values: dict[str, float | None] = {}
    for name in ("accuracy", "macro_f1", "balanced_accuracy"):
        metric = METRICS[name].of
        values[f"validation_{name}"] = metric(labels, predicted)
        values[f"verified_{name}"] = metric(labels[verified], predicted[verified]) if verified.any() else None
    return {"validation_clip_accuracy": values.pop("validation_accuracy"), **values}


def tested(log_p: torch.Tensor, index: PatchIndex) -> Test:
    """Return the result on the test clips.

    Args:
        log_p: log-softmax of the test patches, shape (P, K).
        index: of these patches.

    """
    clips = len(index.clip_labels)
    labels, predicted = index.clip_labels.cpu().numpy(), clip_predictions(log_p, index.clips, clips).cpu().numpy()
    probabilities = clip_probabilities(log_p, index.clips, clips).cpu().numpy()
    return Test(
        accuracy=METRICS["accuracy"].of(labels, predicted),
        predictions=predicted.tolist(),
        top3=METRICS["top3"].of(labels, probabilities),
        log_loss=METRICS["log_loss"].of(labels, probabilities),
        calibration_error=METRICS["calibration_error"].of(labels, probabilities),
    )
