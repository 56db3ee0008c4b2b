"""The hyperparameters that the posterior integrates over, and their prior.

They are the length and amplitude of the smooth part, the sd of the deviations and that of the seeds. They form a grid,
whose points are weighted by the marginal likelihood of the scores times a weak prior. Amplitudes and deviations are
measured in seed standard deviations, so units hardly matter. The prior of the deviations was tuned on simulations with
other seeds than those of ``benchmarks/cost_to_answer.py``: with less weight on deviations, the probabilities stated for
rough parameters are too high; with more, smooth parameters cost more runs than necessary.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from analysis.statistics.intervals import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.statistics.arrays import Floats, Integers


LENGTHS = (0.15, 0.3, 0.6, 1.2)  # of f, in units of the whole range of x
AMPLITUDES = 6  # grid points, evenly spaced in the logarithm between the two ends below
MIN_AMPLITUDE = 0.3  # in seed standard deviations
MAX_AMPLITUDE = 3.0  # in seed standard deviations, or in ranges of the means if that is more
DEVIATIONS = 5  # grid points: 0, then evenly spaced in the logarithm between the two ends below
MIN_DEVIATION = 0.3  # in seed standard deviations
MAX_DEVIATION = 1.5  # in seed standard deviations, or half the range of the means if that is more
DEVIATION_SCALE = 1.0  # of the half-Cauchy prior on t, in seed standard deviations
P_NO_DEVIATION = 0.02  # prior probability that theta is exactly smooth
SEED_SD = 1.0  # points: the prior guess of s, or the sd of all scores together if that is less
SEED_SD_WEIGHT = 1.0  # degrees of freedom that the guess counts for
SEED_SDS = 3  # grid points: equally likely quantiles, given the spread within the values
VARIANCE_DF = 6.0  # degrees of freedom of the scatter of the values' variances, if they differ; above 2
P_UNEVEN = 0.3  # prior probability that the values' variances differ
KNOWN_SEED_SD_DF = 200  # degrees of freedom beyond which a single grid point represents s
NEGLIGIBLE = 0.001  # total weight of the grid points that are dropped
UNKNOWN_LEVEL = (50.0, 100.0)  # mean and sd of m, in points, without any score


class Data(NamedTuple):
    """The sufficient statistics of the scores of K values."""

    runs: Integers  # (K,)
    mean: Floats  # (K,), in points; 0 without a score
    squares: Floats  # (K,), sums of squared deviations from the values' own means, in points^2
    variance: float  # of all scores together, in points^2

    @property
    def seen(self) -> Integers:
        """Indices of the values with a score."""
        return np.flatnonzero(self.runs)

    @property
    def centre(self) -> float:
        """The mean of the values' means, in points."""
        return float(self.mean[self.seen].mean()) if self.seen.size else UNKNOWN_LEVEL[0]

    @property
    def spread(self) -> float:
        """The range of the values' means, in points."""
        return float(np.ptp(self.mean[self.seen])) if self.seen.size else 0.0


class Components(NamedTuple):
    """A grid of C hyperparameter settings; every array has shape (C,) unless stated otherwise."""

    weight: Floats  # of the prior, or of the posterior; sum 1
    length: Integers  # index into LENGTHS
    amplitude: Floats  # variance of f, in points^2
    deviation: Floats  # t^2, in points^2
    noise: Floats  # s^2 of each value, in points^2; shape (C, K)

    def select(self, points: Integers, weight: Floats) -> Components:
        """Return some of the points, with new weights."""
        return Components(
            weight, self.length[points], self.amplitude[points], self.deviation[points], self.noise[points]
        )

    def covariance(self, correlation: Floats) -> Floats:
        """Return the covariance of f, shape (C, P, Q), from correlations of shape (LENGTHS, P, Q)."""
        return np.asarray(self.amplitude[:, None, None] * correlation[self.length])

    def with_deviation(self, covariance: Floats) -> Floats:
        """Add the variance of the deviations to the diagonal, in place; shape (C, K, K)."""
        diagonal = np.arange(covariance.shape[1])
        covariance[:, diagonal, diagonal] += self.deviation[:, None]
        return covariance


def summarise(scores: Sequence[Sequence[float]]) -> Data:
    """Return the sufficient statistics of each value's scores, in points.

    Raises:
        ValueError: there is no value, or a score is not finite.

    """
    arrays = [np.asarray(values, dtype=np.float64) for values in scores]
    if not arrays:
        msg = "a posterior needs at least one value"
        raise ValueError(msg)
    mean = np.array([values.mean() if values.size else 0.0 for values in arrays])
    if not np.isfinite(mean).all():
        msg = f"value {int(np.flatnonzero(~np.isfinite(mean))[0])} has a score that is not finite"
        raise ValueError(msg)
    squares = np.array([((values - m) ** 2).sum() for values, m in zip(arrays, mean, strict=True)])
    variance = float(np.concatenate(arrays).var()) if any(values.size for values in arrays) else 0.0
    return Data(np.array([values.size for values in arrays], dtype=np.int64), mean, squares, variance)


def matern(difference: Floats) -> Floats:
    """Return Matern-5/2 correlations, shape (LENGTHS, *difference.shape)."""
    r = np.sqrt(5) * np.abs(difference) / np.array(LENGTHS).reshape(-1, *[1] * difference.ndim)
    return np.asarray((1 + r + r**2 / 3) * np.exp(-r))


@lru_cache(maxsize=1024)
def _noise_quantiles(freedom: int) -> Floats:
    """Return equally likely values of s^2, in units of an estimate with this many degrees of freedom."""
    n = 1 if freedom > KNOWN_SEED_SD_DF else SEED_SDS
    weight = freedom + SEED_SD_WEIGHT
    return np.asarray(weight / (2 * special.gammaincinv(weight / 2, (np.arange(n) + 0.5) / n)))


def _noises(data: Data) -> tuple[Floats, Floats]:
    """Return the seed variances to integrate over, (N, K) in points^2, and their weights (N,).

    Either all values share one variance, or each value's variance scatters around a common one with VARIANCE_DF degrees
    of freedom and is estimated from the value's runs and the common one. The two cases are weighted by their marginal
    likelihoods, given the spread within the values.
    """
    freedom = np.maximum(data.runs - 1, 0)
    total = int(freedom.sum())
    # A spread that is only rounding error must not pass for certainty.
    has_spread = data.variance > (ROUNDING * max(1.0, float(np.abs(data.mean).max()))) ** 2
    guess = min(SEED_SD**2, data.variance) if has_spread else SEED_SD**2
    common = (float(data.squares.sum()) + SEED_SD_WEIGHT * guess) / (total + SEED_SD_WEIGHT)
    share = data.squares / common  # chi-square with each value's degrees of freedom, if all share one variance
    centre = VARIANCE_DF - 2  # makes the mean of the values' variances the common one
    relative = (centre + share) / (VARIANCE_DF + freedom - 2)
    # log of the density of the sums of squares if the variances differ, divided by that if they are equal
    log = (
        special.gammaln((VARIANCE_DF + freedom) / 2)
        - special.gammaln(VARIANCE_DF / 2)
        + VARIANCE_DF / 2 * np.log(centre / 2)
        - (VARIANCE_DF + freedom) / 2 * np.log((centre + share) / 2)
        + share / 2
    ).sum()
    odds = float(np.exp(np.clip(log, -50, 50))) * P_UNEVEN / (1 - P_UNEVEN)
    quantiles = _noise_quantiles(total)
    even = np.tile(quantiles[:, None] * common, (1, len(relative)))
    weight = np.repeat([1 / (1 + odds), odds / (1 + odds)], len(quantiles)) / len(quantiles)
    return np.concatenate([even, even * relative]), weight


def grid(data: Data, *, smooth: bool) -> Components:
    """Return the grid of hyperparameters to integrate over, with their prior weights.

    The prior is flat in the length and in the logarithm of the amplitude; s has its posterior given the spread within
    the values; t is 0 with probability P_NO_DEVIATION and otherwise half-Cauchy. Values without an order have no smooth
    part, and a prior of t that is flat in its logarithm.
    """
    noise, noise_weight = _noises(data)
    s = float(np.sqrt(np.median(noise)))
    log_spaced = np.geomspace(MIN_AMPLITUDE * s, MAX_AMPLITUDE * max(s, data.spread), AMPLITUDES)
    if smooth:
        deviation = np.geomspace(MIN_DEVIATION * s, max(MAX_DEVIATION * s, data.spread / 2), DEVIATIONS - 1)
        density = deviation / (1 + (deviation / (DEVIATION_SCALE * s)) ** 2)  # half-Cauchy, per unit of log t
        weight = np.concatenate([[P_NO_DEVIATION], (1 - P_NO_DEVIATION) * density / density.sum()])
        lengths, amplitudes, deviations = np.arange(len(LENGTHS)), log_spaced, np.concatenate([[0.0], deviation])
    else:
        lengths, amplitudes = np.zeros(1, dtype=np.int64), np.zeros(1)
        deviations = np.geomspace(log_spaced[0], log_spaced[-1], 3 * AMPLITUDES)
        weight = np.full(len(deviations), 1 / len(deviations))
    shape = (len(lengths), len(amplitudes), len(deviations), len(noise))
    at = np.indices(shape).reshape(4, -1)  # the four indices of each grid point
    prior = weight[at[2]] * noise_weight[at[3]] / (shape[0] * shape[1])
    return Components(prior, lengths[at[0]], amplitudes[at[1]] ** 2, deviations[at[2]] ** 2, noise[at[3]])


def weigh(prior: Components, data: Data, correlation: Floats) -> Components:
    """Weight the components by their marginal likelihood, with m integrated out, and drop the negligible ones."""
    seen = data.seen
    covariance = prior.with_deviation(prior.covariance(correlation[:, seen][:, :, seen]))
    diagonal = np.arange(len(seen))
    covariance[:, diagonal, diagonal] += prior.noise[:, seen] / data.runs[seen]
    right = np.stack([data.mean[seen] - data.centre, np.ones(len(seen))], axis=1)
    factor = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    log = -np.log(factor[:, diagonal, diagonal]).sum(axis=1)
    if len(seen):
        y, ones = np.moveaxis(_forward(factor, right), 2, 0)
        precision = (ones**2).sum(axis=1)
        log -= 0.5 * (np.log(precision) + (y**2).sum(axis=1) - (y * ones).sum(axis=1) ** 2 / precision)
    weight = prior.weight * np.exp(log - log.max())
    order = np.argsort(-weight, kind="stable")
    total = np.cumsum(weight[order]) / weight.sum()
    kept = np.sort(order[: int(np.searchsorted(total, 1 - NEGLIGIBLE)) + 1])
    return prior.select(kept, weight[kept] / weight[kept].sum())


def _forward(factor: Floats, right: Floats) -> Floats:
    """Solve C lower-triangular systems (C, o, o) for the same right-hand side (o, 2); shape (C, o, 2)."""
    solved = np.zeros((len(factor), *right.shape))
    for i in range(len(right)):
        known = np.einsum("cj,cjr->cr", factor[:, i, :i], solved[:, :i])
        solved[:, i] = (right[i] - known) / factor[:, i, i, None]
    return solved
