"""Disagreement of a label with the labels of the nearest neighbours by embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.statistics.arrays import Floats, Integers

    Vectors = NDArray[np.floating]

NEIGHBOURS = 20
BLOCK = 1024  # rows of similarities at a time; memory holds 1024 x clips numbers


def neighbour_disagreement(vectors: Vectors, labels: Integers, neighbours: int = NEIGHBOURS) -> Floats:
    """Return the share of each clip's nearest neighbours that have another label, weighted by similarity.

    Neighbours are nearest by cosine similarity, after the mean vector is subtracted; a weight is that similarity, at
    least 0 (Zhu et al. 2022, SimiFeat, https://proceedings.mlr.press/v162/zhu22a.html, ranks by the same quantity).

    Args:
        vectors: one embedding for each clip, such as the mean over its windows; finite. Shape (N, D).
        labels: given labels. Shape (N,).
        neighbours: how many; of fewer clips, all others.

    Returns:
        In [0, 1]; NaN where no neighbour is similar. Shape (N,).

    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
    k = min(neighbours, len(labels) - 1)
    disagreement = np.full(len(labels), np.nan)
    if k < 1:
        return disagreement
    for start in range(0, len(labels), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(labels)))
        similarity = unit[rows] @ unit.T
        similarity[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        weights = np.maximum(np.take_along_axis(similarity, nearest, axis=1), 0.0)
        others = (labels[nearest] != labels[rows, None]) * weights
        total = weights.sum(axis=1)
        np.divide(others.sum(axis=1), total, out=disagreement[start : start + len(rows)], where=total > 0)
    return disagreement
