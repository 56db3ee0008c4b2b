"""The true labels behind each given label, estimated from out-of-sample predictions.

A run that was not trained on a clip confuses classes as it does on test clips, whose labels are right. So the share of
its predictions among the clips of a given label is a mixture of the rows of its test confusion matrix, and the weights
of the mixture are the shares of the true labels. That is the estimate of a shift of labels from a black box (Lipton et
al. 2018, https://proceedings.mlr.press/v80/lipton18a.html) within each given label, by maximum likelihood, so that no
share is negative. For that reason a share near 0 is estimated too high, and its interval covers it less often than
stated: with 60 test clips a class, of which the network classifies 80 % correctly, by 9 points, and in 7 of 10 cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.intervals import LEVEL

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats

STEPS = 200  # of the EM algorithm
REPLICATES = 200
TINY = np.finfo(np.float64).tiny
PRIOR = 0.1  # clips added to each row of the confusion matrix, spread evenly: no confusion is impossible


@dataclass(frozen=True)
class Transitions:
    """Given and true labels of K classes.

    Attributes:
        true_of_given: the share of each true label (columns) among the clips of each given one (rows); NaN without
            clips. Shape (K, K).
        given_of_true: the share of each given label (columns) among the clips of each true one (rows); NaN where no
            clip is estimated to be of that class. Shape (K, K).
        low, high: ends of the interval of each given label's share of wrong ones: percentiles of a bootstrap over
            clips and test clips. Shape (K,).

    """

    true_of_given: Floats
    given_of_true: Floats
    low: Floats
    high: Floats


def transitions(predicted: Floats, confusion: Floats, seed: int, level: float = LEVEL) -> Transitions:
    """Estimate the true labels behind the given ones.

    Args:
        predicted: how many clips of each given label (rows) are predicted as each class (columns); of several runs the
            mean. Shape (K, K).
        confusion: the same of test clips, whose given label is the true one. Shape (K, K).
        seed: of the bootstrap.
        level: of the intervals, in (0, 1).

    """
    clips = predicted.sum(axis=1, keepdims=True)
    shares = np.where(clips > 0, _mixture(predicted, confusion), np.nan)
    rng = np.random.default_rng(seed)
    drawn = _mixture(_drawn(rng, predicted), _drawn(rng, confusion))
    wrong = 1 - drawn.diagonal(axis1=1, axis2=2)
    low, high = np.where(clips[:, 0] > 0, np.quantile(wrong, [(1 - level) / 2, (1 + level) / 2], axis=0), np.nan)
    joint = np.nan_to_num(shares) * clips
    of_true = joint.sum(axis=0)[:, None]
    given = np.divide(joint.T, of_true, out=np.full(joint.shape, np.nan), where=of_true > 0)
    return Transitions(shares, np.asarray(given), low, high)


def _mixture(predicted: Floats, confusion: Floats) -> Floats:
    """Return the weights of the rows of ``confusion`` whose mixture is likeliest for each row of ``predicted``, by EM.

    The weights of a row without clips are 0. Further axes in front are for replicates.
    """
    shares = predicted / np.maximum(predicted.sum(axis=-1, keepdims=True), 1)
    rows = confusion + PRIOR / confusion.shape[-1]
    rows = rows / rows.sum(axis=-1, keepdims=True)
    weights = np.full(confusion.shape, 1 / confusion.shape[-1])
    for _ in range(STEPS):
        weights = weights * ((shares / np.maximum(weights @ rows, TINY)) @ np.swapaxes(rows, -1, -2))
    return weights


def _drawn(rng: np.random.Generator, counts: Floats) -> Floats:
    """Draw the clips of each row again, with replacement. Shape (replicates, K, K)."""
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals, 1)[:, None]
    return rng.multinomial(np.rint(totals).astype(np.int64), shares, size=(REPLICATES, len(counts))).astype(np.float64)
