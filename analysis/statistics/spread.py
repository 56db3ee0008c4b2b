"""How much more one configuration scatters over seeds than another, on several subsets at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.independent_means import KnownMean
from analysis.statistics.intervals import no_spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.statistics.arrays import Floats

MIN_FOR_JACKKNIFE = 4  # the jackknife leaves one out and needs three to see a spread


def log_spread_ratio(pairs: Sequence[tuple[Mapping[int, float], Mapping[int, float]]]) -> KnownMean | None:
    """Return the logarithm of the ratio of standard deviations, first over second, averaged over the pairs.

    Each pair is two configurations on one subset. The standard error is the jackknife's over seeds (Miller 1968, Annals
    of Mathematical Statistics 39, 567): a seed is left out of every sample at once, so it allows for seeds that move
    both configurations, or all subsets, alike; and unlike an F test it does not need normal scores.

    Simulated 1,500 times with 1 or 5 pairs, 4, 6 or 12 seeds, equal spreads and a correlation of 0 or 0.7 between the
    two: the 95 % t-interval covers in 94 to 98 % of normal samples, and in 93 to 97 % with Student's t of 5 degrees of
    freedom.

    Args:
        pairs: (first, second) as seed -> score, in any unit.

    Returns:
        The mean log ratio; None with fewer than four seeds that all samples share, or without spread in one of them.

    """
    seeds = sorted(set.intersection(*(set(sample) for pair in pairs for sample in pair))) if pairs else []
    n = len(seeds)
    if n < MIN_FOR_JACKKNIFE:
        return None
    values = np.array([[[sample[seed] for seed in seeds] for sample in pair] for pair in pairs])  # (pairs, 2, seeds)
    kept = np.array([np.delete(np.arange(n), i) for i in range(n)])
    without = values[:, :, kept]  # (pairs, 2, left out, seeds)
    if any(no_spread(float(sample.std(ddof=1)), sample) for sample in without.reshape(-1, n - 1)):
        return None
    pseudo = n * _mean_log_ratio(values) - (n - 1) * _mean_log_ratio(without)  # one for each seed
    return KnownMean(float(pseudo.mean()), float(pseudo.std(ddof=1)) / math.sqrt(n), n - 1)


def _mean_log_ratio(values: Floats) -> Floats:
    """Return the mean over pairs of log(sd of first / sd of second), for (pairs, 2, ..., seeds)."""
    log_sd = np.log(values.std(axis=-1, ddof=1))
    return np.asarray((log_sd[:, 0] - log_sd[:, 1]).mean(axis=0))
