"""What the posterior integrates over: length and amplitude of the smooth part, the deviations' sd and the seeds' sd.

They make a grid; each point is weighed by the marginal likelihood of the scores times a weak prior. Amplitudes and
deviations are measured in seed standard deviations, so that units hardly matter. The deviations' prior was set on
simulations with other seeds than those of ``benchmarks/cost_to_answer.py``: with less of it, what is stated of rough
parameters is too high; with more, smooth ones cost more runs than they need.
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
LEAST_AMPLITUDE = 0.3  # in seed standard deviations
MOST_AMPLITUDE = 3.0  # in seed standard deviations, or in ranges of the means where that is more
DEVIATIONS = 5  # grid points: none, then evenly spaced in the logarithm
LEAST_DEVIATION = 0.3  # in seed standard deviations
MOST_DEVIATION = 1.5  # in seed standard deviations, or half the range of the means where that is more
USUAL_DEVIATION = 1.0  # in seed standard deviations: the scale of the half-Cauchy prior on t
NO_DEVIATION = 0.02  # prior probability that theta is exactly smooth
SEED_SD = 1.0  # points: the prior's guess of s, or the sd of all scores together where that is less
SEED_SD_WEIGHT = 1.0  # degrees of freedom that the guess counts for
SEED_SDS = 3  # grid points, equally likely by the spread within the values
EVENNESS = 6.0  # degrees of freedom by which the values' variances scatter, where each has its own; above 2
UNEVEN = 0.3  # prior probability that each has its own
SURE_OF_SEED_SD = 200  # degrees of freedom from which one value of s stands for all
NEGLIGIBLE = 0.001  # weight of the components that are left out, together
UNKNOWN_LEVEL = (50.0, 100.0)  # mean and sd of m, in points, when there is no score at all


class Data(NamedTuple):
    """What the scores of K values come down to."""

    runs: Integers  # (K,)
    mean: Floats  # (K,), in points; 0 where there is none
    squares: Floats  # (K,), sums of squared deviations from the values' own means, in points^2
    variance: float  # of all scores together, in points^2

    @property
    def seen(self) -> Integers:
        """The values with a score."""
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
    """A grid of hyperparameters, of C points; every array has the shape (C,)."""

    weight: Floats  # of the prior, or of the posterior; sum 1
    length: Integers  # index into LENGTHS
    amplitude: Floats  # variance of f, in points^2
    deviation: Floats  # t^2, in points^2
    noise: Floats  # s^2 of each value, in points^2; shape (C, K)

    def some(self, which: Integers, weight: Floats) -> Components:
        """Return some of the points, with these weights."""
        return Components(weight, self.length[which], self.amplitude[which], self.deviation[which], self.noise[which])

    def covariance(self, correlation: Floats) -> Floats:
        """Return the covariance of f, shape (C, P, Q), from correlations of shape (LENGTHS, P, Q)."""
        return np.asarray(self.amplitude[:, None, None] * correlation[self.length])

    def with_deviation(self, covariance: Floats) -> Floats:
        """Add the deviations' variance to the diagonal; shape (C, K, K)."""
        diagonal = np.arange(covariance.shape[1])
        covariance[:, diagonal, diagonal] += self.deviation[:, None]
        return covariance


def summed(scores: Sequence[Sequence[float]]) -> Data:
    """Sum up each value's scores, in points.

    Raises:
        ValueError: there is no value, or a score is not finite.

    """
    arrays = [np.asarray(each, dtype=np.float64) for each in scores]
    if not arrays:
        msg = "a posterior needs at least one value, and there is none"
        raise ValueError(msg)
    mean = np.array([each.mean() if each.size else 0.0 for each in arrays])
    if not np.isfinite(mean).all():
        msg = f"value {int(np.flatnonzero(~np.isfinite(mean))[0])} has a score that is not finite"
        raise ValueError(msg)
    squares = np.array([((each - m) ** 2).sum() for each, m in zip(arrays, mean, strict=True)])
    scattered = [each for each in arrays if each.size]
    variance = float(np.concatenate(scattered).var()) if scattered else 0.0
    return Data(np.array([each.size for each in arrays], dtype=np.int64), mean, squares, variance)


def matern(difference: Floats) -> Floats:
    """Return Matern-5/2 correlations, shape (LENGTHS, *difference.shape)."""
    r = np.sqrt(5) * np.abs(difference) / np.array(LENGTHS).reshape(-1, *[1] * difference.ndim)
    return np.asarray((1 + r + r**2 / 3) * np.exp(-r))


@lru_cache(maxsize=1024)
def _noise_quantiles(freedom: int) -> Floats:
    """Return equally likely values of s^2 in units of its estimate, whose chi2 has this many degrees of freedom."""
    n = 1 if freedom > SURE_OF_SEED_SD else SEED_SDS
    weight = freedom + SEED_SD_WEIGHT
    return np.asarray(weight / (2 * special.gammaincinv(weight / 2, (np.arange(n) + 0.5) / n)))


def _noises(data: Data) -> tuple[Floats, Floats]:
    """Return the seed variances to integrate over, (N, K) in points^2, and their weights (N,).

    Either all values share one, or each has its own, scattered around a common one as EVENNESS degrees of freedom
    scatter, and then estimated from the value's own runs and the common one. The spread within the values says which.
    """
    freedom = np.maximum(data.runs - 1, 0)
    total = int(freedom.sum())
    # Equal scores differ by what sums of floats lose, and must not pass for certainty.
    seen = data.variance > (ROUNDING * max(1.0, float(np.abs(data.mean).max()))) ** 2
    guess = min(SEED_SD**2, data.variance) if seen else SEED_SD**2
    common = (float(data.squares.sum()) + SEED_SD_WEIGHT * guess) / (total + SEED_SD_WEIGHT)
    share = data.squares / common  # chi2 of each value's degrees of freedom, where all share one
    centre = EVENNESS - 2  # so that the mean of the values' variances is the common one
    own = (centre + share) / (EVENNESS + freedom - 2)
    # log of the density of the values' sums of squares where each has its own variance, over that where all share one
    log = (
        special.gammaln((EVENNESS + freedom) / 2)
        - special.gammaln(EVENNESS / 2)
        + EVENNESS / 2 * np.log(centre / 2)
        - (EVENNESS + freedom) / 2 * np.log((centre + share) / 2)
        + share / 2
    ).sum()
    odds = float(np.exp(np.clip(log, -50, 50))) * UNEVEN / (1 - UNEVEN)
    quantiles = _noise_quantiles(total)
    even = np.tile(quantiles[:, None] * common, (1, len(own)))
    weight = np.repeat([1 / (1 + odds), odds / (1 + odds)], len(quantiles)) / len(quantiles)
    return np.concatenate([even, even * own]), weight


def grid(data: Data, *, smooth: bool) -> Components:
    """Return the hyperparameters to integrate over, with their prior's weights.

    The prior is flat in the length and in the logarithm of the amplitude; s has what the spread within the values says
    of it; t is nought with probability NO_DEVIATION and else half-Cauchy. Values without order have no smooth part, and
    their t is flat in the logarithm, as the amplitude is.
    """
    noise, likely = _noises(data)
    s = float(np.sqrt(np.median(noise)))
    wide = np.geomspace(LEAST_AMPLITUDE * s, MOST_AMPLITUDE * max(s, data.spread), AMPLITUDES)
    if smooth:
        deviation = np.geomspace(LEAST_DEVIATION * s, max(MOST_DEVIATION * s, data.spread / 2), DEVIATIONS - 1)
        density = deviation / (1 + (deviation / (USUAL_DEVIATION * s)) ** 2)  # half-Cauchy, per unit of log t
        weight = np.concatenate([[NO_DEVIATION], (1 - NO_DEVIATION) * density / density.sum()])
        lengths, amplitudes, deviations = np.arange(len(LENGTHS)), wide, np.concatenate([[0.0], deviation])
    else:
        lengths, amplitudes = np.zeros(1, dtype=np.int64), np.zeros(1)
        deviations = np.geomspace(wide[0], wide[-1], 3 * AMPLITUDES)
        weight = np.full(len(deviations), 1 / len(deviations))
    shape = (len(lengths), len(amplitudes), len(deviations), len(noise))
    at = np.indices(shape).reshape(4, -1)
    prior = weight[at[2]] * likely[at[3]] / (shape[0] * shape[1])
    return Components(prior, lengths[at[0]], amplitudes[at[1]] ** 2, deviations[at[2]] ** 2, noise[at[3]])


def weighed(prior: Components, data: Data, correlation: Floats) -> Components:
    """Weigh the components by their marginal likelihood (m integrated out), and leave the negligible ones out."""
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
    return prior.some(kept, weight[kept] / weight[kept].sum())


def _forward(factor: Floats, right: Floats) -> Floats:
    """Solve lower-triangular systems, (C, o, o) against the same (o, 2), row by row for all at once; (C, o, 2)."""
    solved = np.zeros((len(factor), *right.shape))
    for i in range(len(right)):
        known = np.einsum("cj,cjr->cr", factor[:, i, :i], solved[:, :i])
        solved[:, i] = (right[i] - known) / factor[:, i, i, None]
    return solved
