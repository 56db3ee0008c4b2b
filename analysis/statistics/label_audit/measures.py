"""How well a score finds wrong labels, where the true labels are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.statistics.arrays import Floats


def auroc(score: Floats, wrong: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: the probability that a wrong label scores above a right one, ties half.

    Args:
        score: finite. Shape (N,).
        wrong: whether the label is wrong. Shape (N,).

    Returns:
        NaN if all labels are right, or all wrong.

    """
    positive, negative = int(wrong.sum()), int((~wrong).sum())
    if not positive or not negative:
        return float("nan")
    ranks = stats.rankdata(score)[wrong].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * negative))


def precision_at(score: Floats, wrong: NDArray[np.bool_], k: int) -> float:
    """Return the share of wrong labels among the k highest scores; of equal scores the first in order count.

    Args:
        score: finite. Shape (N,).
        wrong: whether the label is wrong. Shape (N,).
        k: at least 1.

    Returns:
        NaN if there are fewer than k clips.

    """
    if len(score) < k:
        return float("nan")
    top = np.argsort(-score, kind="stable")[:k]
    return float(wrong[top].mean())
