"""The metrics of how well clips are classified: definitions, names and units.

Labels and predictions are class indices, shape (N,), with N >= 1 clips. Probabilities have the shape (N, K), each row
with the sum 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Indices: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.integer[Any]]]"
Floats: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.floating[Any]]]"

BINS = 15  # of the calibration error (Guo et al. 2017)
TOP = 3
SMALLEST = float(np.finfo(np.float32).eps)  # a smaller probability counts as this one in the log loss


def accuracy(labels: Indices, predicted: Indices) -> float:
    """Return the fraction of clips whose prediction is their label, in [0, 1]."""
    return float(np.mean(predicted == labels))


def balanced_accuracy(labels: Indices, predicted: Indices) -> float:
    """Return the mean recall over the classes that have clips, in [0, 1]."""
    right, clips, _ = _counts(labels, predicted)
    return float(np.mean(right[clips > 0] / clips[clips > 0]))


def macro_f1(labels: Indices, predicted: Indices) -> float:
    """Return the mean F1 over the classes that have clips, in [0, 1].

    The F1 of a class is 2 TP / (2 TP + FP + FN). A class without clips does not count, even if it is predicted, so
    that the mean is over the same classes in every run.
    """
    right, clips, guesses = _counts(labels, predicted)
    some = clips > 0
    return float(np.mean(2 * right[some] / (clips + guesses)[some]))


def top3(labels: Indices, probabilities: Floats) -> float:
    """Return the fraction of clips whose label is among their three most probable classes, in [0, 1].

    Of equal probabilities, that of the lower class index comes first. With at most three classes it is 1.
    """
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :TOP]
    return float(np.mean((best == labels[:, None]).any(axis=1)))


def log_loss(labels: Indices, probabilities: Floats) -> float:
    """Return the mean of -ln p(label) over clips, in nats, at least 0.

    Probabilities below 1.2e-7, the precision of float32, count as that, so that one clip adds at most 15.9.
    """
    of_labels = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.mean(np.log(np.clip(of_labels, SMALLEST, 1.0))))


def calibration_error(labels: Indices, probabilities: Floats) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3) with 15 bins of equal width, in [0, 1].

    A clip's confidence is the probability of its predicted class. The error is the mean, over the bins of confidence
    and weighted by their clips, of the distance between accuracy and mean confidence.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)  # each bin includes its upper end
    gaps = np.bincount(bins, right, minlength=BINS) - np.bincount(bins, confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(labels))


def _counts(labels: Indices, predicted: Indices) -> tuple[Indices, Indices, Indices]:
    """Return, for each class, its clips that are predicted right, its clips, and the clips that are predicted as it."""
    classes = max(int(labels.max()), int(predicted.max())) + 1
    right = np.bincount(labels[labels == predicted], minlength=classes)
    return right, np.bincount(labels, minlength=classes), np.bincount(predicted, minlength=classes)


@dataclass(frozen=True)
class Metric:
    """A metric of one run on a set of clips.

    Attributes:
        name: in study files, options and columns.
        words: the name in running text.
        of: from labels, and predictions or probabilities as ``needs`` states, to the value.
        needs: what the value is computed from.
        higher_is_better: whether a higher value is better.
        unit: ``%`` for fractions, which are shown as percentages, or ``nats``.

    """

    name: str
    words: str
    of: Callable[[Indices, Any], float]
    needs: Literal["predictions", "probabilities"] = "predictions"
    higher_is_better: bool = True
    unit: Literal["%", "nats"] = "%"


_METRICS = (
    Metric("accuracy", "accuracy", accuracy),
    Metric("macro_f1", "macro F1", macro_f1),
    Metric("balanced_accuracy", "balanced accuracy", balanced_accuracy),
    Metric("top3", "top-3 accuracy", top3, "probabilities"),
    Metric("log_loss", "log loss", log_loss, "probabilities", higher_is_better=False, unit="nats"),
    Metric("calibration_error", "calibration error", calibration_error, "probabilities", higher_is_better=False),
)
METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _METRICS})


def split_name(measured: str) -> tuple[str, Metric]:
    """Return the clips and the metric of a value's name: ``verified_macro_f1`` is macro F1 on verified clips.

    A name without a metric, such as ``verified``, is of accuracy.
    """
    clips, _, name = measured.partition("_")
    return clips, METRICS[name or "accuracy"]
