"""The share of wrong labels in each class, estimated by the scores of clips whose label a person verified.

Verified clips show how right labels score: 80 % of them below some threshold. If a share pi of the unverified labels is
right, and these score alike, then a share of at least 0.8 pi lies below it, and hardly more if wrong labels mostly
score above. So pi is estimated by the share below, divided by 0.8. Wrong labels that score below count as right: where
the network has learned them, or has learned little at all, the estimated share of wrong labels is much too low. So
only a lower end can be stated for it. This is Storey's estimator of the share of true null
hypotheses (Storey 2002, https://doi.org/10.1111/1467-9868.00346), with p-values by rank among the verified clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.statistics.intervals import LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.statistics.arrays import Floats, Integers

QUANTILE = 0.8  # of the verified clips' scores: a higher one is more precise, a lower one less biased
MIN_VERIFIED = 20  # clips, below which their quantile is too uncertain


@dataclass(frozen=True)
class NoiseRates:
    """The estimated share of wrong labels of each of K classes, among all training clips with that label.

    Attributes:
        rate: NaN without clips. Shape (K,).
        low, high: ends of its interval; ``high`` is NaN where only the lower end can be stated. Shape (K,).

    """

    rate: Floats
    low: Floats
    high: Floats


def rates_by_verified(
    score: Floats, labels: Integers, verified: NDArray[np.bool_], classes: int, level: float = LEVEL
) -> NoiseRates | None:
    """Estimate the share of wrong labels of each class; None with fewer than ``MIN_VERIFIED`` verified clips.

    Verified labels count as right. The quantile is that of the verified clips of all classes, since those of one are
    few. The lower end is Wilson's one-sided one, of the share of the class that lies below the quantile; it does not
    hold for a class whose right labels score unlike those of others.

    Args:
        score: how suspicious each label is; NaN where unknown. Shape (N,).
        labels: given labels, as class indices. Shape (N,).
        verified: shape (N,).
        classes: number of classes, K.
        level: with which each lower end holds, in (0, 1).

    """
    known = np.isfinite(score)
    reference = np.sort(score[verified & known])
    if len(reference) < MIN_VERIFIED or not (known & ~verified).any():
        return None
    places = np.arange(1, len(reference) + 1)
    share_below = special.betaincinv(places, len(reference) + 1 - places, 0.5)  # of right labels, below each place
    at = min(int(np.searchsorted(share_below, QUANTILE)), len(reference) - 1)
    rates = np.full((2, classes), np.nan)  # rate, low
    for label in range(classes):
        clips = known & (labels == label)
        open_clips = clips & ~verified
        if clips.any():
            right = _right_share(score[open_clips], reference[at], share_below[at], level)
            rates[:, label] = (1 - right) * open_clips.sum() / clips.sum()
    return NoiseRates(rates[0], rates[1], np.full(classes, np.nan))


def _right_share(score: Floats, threshold: float, share_below: float, level: float) -> Floats:
    """Return the share of right labels and its upper end; 1 without clips."""
    if not len(score):
        return np.ones(2)
    below, n = int((score <= threshold).sum()), len(score)
    z = float(special.ndtri(level))
    centre = (below + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(below * (n - below) / n + z * z / 4)
    return np.clip(np.array([below / n, centre + half]) / share_below, 0.0, 1.0)
