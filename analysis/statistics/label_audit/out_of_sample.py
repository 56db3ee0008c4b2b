"""How suspicious labels are by out-of-sample probabilities, ranked by cleanlab."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats, Integers

MISSING = (
    "out-of-sample probabilities are not used, because cleanlab is not installed; install the extra audit: "
    "pip install -c constraints.txt '.[audit]'"
)


def has_cleanlab() -> bool:
    """Return whether cleanlab is installed."""
    return importlib.util.find_spec("cleanlab") is not None


def self_confidence(probabilities: Floats, labels: Integers) -> Floats:
    """Return 1 - the probability of each given label, as cleanlab scores the quality of labels.

    cleanlab's normalised margin, which subtracts the largest other probability, ranks worse where the sound is of none
    of the classes and resembles several of them a little.

    Args:
        probabilities: of the classes, each row by runs that did not train on the clip; NaN without any. Shape (N, K).
        labels: given labels, as class indices. Shape (N,).

    Returns:
        From 0 to 1, the most suspicious 1; NaN where a clip has no probabilities. Shape (N,).

    """
    from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415 -- scikit-learn, which few studies need

    known = np.isfinite(probabilities).all(axis=1)
    rows = probabilities[known] / probabilities[known].sum(axis=1, keepdims=True)
    suspicion = np.full(len(labels), np.nan)
    suspicion[known] = 1 - get_label_quality_scores(labels[known], rows, method="self_confidence")
    return suspicion
