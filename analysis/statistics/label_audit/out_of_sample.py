"""Wrong labels by out-of-sample probabilities: confident learning (Northcutt et al. 2021), computed by cleanlab."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats, Integers

MISSING = (
    "out-of-sample probabilities are there and not used, because cleanlab is not installed; install the extra: "
    "pip install -c constraints.txt '.[audit]'"
)


@dataclass(frozen=True)
class ConfidentLearning:
    """What out-of-sample probabilities show of the labels.

    Attributes:
        suspicion: 1 - the probability of each given label, from 0 to 1; NaN where a clip has no probabilities. Shape
            (N,).
        rates: estimated share of wrong labels among the clips of each given class; NaN without clips. Shape (K,).
        transition: estimated probability of each given label (columns) for each true class (rows). Shape (K, K).

    """

    suspicion: Floats
    rates: Floats
    transition: Floats


def has_cleanlab() -> bool:
    """Return whether cleanlab is installed."""
    return importlib.util.find_spec("cleanlab") is not None


def confident_learning(probabilities: Floats, labels: Integers) -> ConfidentLearning:
    """Rank the labels and estimate the joint distribution of given and true labels, by cleanlab's confident joint.

    The rank is by self-confidence, the probability of the given label. The normalised margin, which subtracts the
    largest other one, ranks worse where the sound is of none of the classes and resembles several of them a little.

    Sounds of none of the classes have no place in that distribution: they count under the class that they resemble.

    Args:
        probabilities: of the classes, each row by runs that did not train on the clip; NaN without any. Shape (N, K).
        labels: given labels, as class indices. Shape (N,).

    """
    from cleanlab.count import compute_confident_joint  # noqa: PLC0415 -- scikit-learn, which few studies need
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415 -- the same

    known = np.isfinite(probabilities).all(axis=1)
    rows, given = probabilities[known] / probabilities[known].sum(axis=1, keepdims=True), labels[known]
    suspicion = np.full(len(labels), np.nan)
    suspicion[known] = 1 - get_label_quality_scores(given, rows, method="self_confidence")
    joint = np.asarray(compute_confident_joint(given, rows), dtype=np.float64)  # given labels x true classes
    return ConfidentLearning(suspicion, 1 - _normalised(joint).diagonal(), _normalised(joint.T))


def _normalised(rows: Floats) -> Floats:
    """Divide each row by its sum; a row of zeros becomes NaN."""
    total = rows.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(rows, total, out=np.full(rows.shape, np.nan), where=total > 0))
