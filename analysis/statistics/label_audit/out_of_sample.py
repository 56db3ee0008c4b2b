"""How suspicious labels are by out-of-sample predicted probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats, Integers


def self_confidence(probabilities: Floats, labels: Integers) -> Floats:
    """Return 1 - the probability of each given label: cleanlab's label quality score ``self_confidence``.

    Its normalised margin, which subtracts the largest other probability, ranks worse where the sound is of none
    of the classes and resembles several of them a little.

    Args:
        probabilities: of the classes, each row by runs that did not train on the clip; NaN without any. Shape (N, K).
        labels: given labels, as class indices. Shape (N,).

    Returns:
        From 0 to 1, the most suspicious 1; NaN where a clip has no probabilities. Shape (N,).

    """
    known = np.isfinite(probabilities).all(axis=1)
    rows = probabilities[known] / probabilities[known].sum(axis=1, keepdims=True)
    suspicion = np.full(len(labels), np.nan)
    suspicion[known] = 1 - np.take_along_axis(rows, labels[known, None], axis=1)[:, 0]
    return suspicion
