"""The hyperparameters that the posterior integrates over, and their prior.

They are the length and amplitude of the smooth part, the sd of the deviations and the settings of the seed noise. They
form a grid, whose points are weighted by the marginal likelihood of the scores times a weak prior. Amplitudes and
deviations are measured in seed standard deviations, and those are integrated out, so units do not matter. The prior of
the deviations was tuned on simulations with other seeds than those of ``benchmarks/cost_to_answer.py``: with less
weight on deviations, the probabilities stated for rough parameters are too high; with more, smooth parameters cost more
runs than necessary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats, Integers
    from analysis.statistics.best_arm.noise import Noise
    from analysis.statistics.best_arm.scores import Scores


LENGTHS = (0.15, 0.3, 0.6, 1.2)  # of f, in units of the whole range of x
AMPLITUDES = 6  # grid points, evenly spaced in the logarithm between the two ends below
MIN_AMPLITUDE = 0.3  # in seed standard deviations
MAX_AMPLITUDE = 3.0  # in seed standard deviations, or in ranges of the means if that is more
DEVIATIONS = 5  # grid points: 0, then evenly spaced in the logarithm between the two ends below
MIN_DEVIATION = 0.3  # in seed standard deviations
MAX_DEVIATION = 1.5  # in seed standard deviations, or half the range of the means if that is more
DEVIATION_SCALE = 1.0  # of the half-Cauchy prior on t, in seed standard deviations
P_NO_DEVIATION = 0.02  # prior probability that theta is exactly smooth
NEGLIGIBLE = 0.001  # total weight of the grid points that are dropped
NEGLIGIBLE_LOG = 12.0  # a point that is exp(12) times less likely than the best at one setting of the noise is dropped


class Components(NamedTuple):
    """A grid of C hyperparameter settings; every array has shape (C,)."""

    weight: Floats  # of the prior, or of the posterior; sum 1
    length: Integers  # index into LENGTHS
    amplitude: Floats  # variance of f, in seed variances
    deviation: Floats  # t^2, in seed variances
    noise: Integers  # index into the settings of the noise
    scale: Floats  # s^2 as estimated under the setting, in points^2; 0 in the prior

    def select(self, points: Integers) -> Components:
        """Return some of the points."""
        numbers = (self.length[points], self.amplitude[points], self.deviation[points], self.noise[points])
        return Components(self.weight[points], *numbers, self.scale[points])

    def covariance(self, correlation: Floats) -> Floats:
        """Return the covariance of f, shape (C, P, Q), from correlations of shape (LENGTHS, P, Q)."""
        return np.asarray(self.amplitude[:, None, None] * correlation[self.length])

    def with_deviation(self, covariance: Floats) -> Floats:
        """Add the variance of the deviations to the diagonal, in place; shape (C, K, K)."""
        diagonal = np.arange(covariance.shape[1])
        covariance[:, diagonal, diagonal] += self.deviation[:, None]
        return covariance


def matern(difference: Floats) -> Floats:
    """Return Matern-5/2 correlations, shape (LENGTHS, *difference.shape)."""
    r = np.sqrt(5) * np.abs(difference) / np.array(LENGTHS).reshape(-1, *[1] * difference.ndim)
    return np.asarray((1 + r + r**2 / 3) * np.exp(-r))


def grid(scores: Scores, noise: Noise, *, smooth: bool) -> Components:
    """Return the grid of hyperparameters to integrate over, with their prior weights.

    The prior is flat in the length and in the logarithm of the amplitude; t is 0 with probability P_NO_DEVIATION and
    otherwise half-Cauchy. Values without an order have no smooth part, and a prior of t that is flat in its logarithm.
    """
    seed_sd = float(np.sqrt(noise.squares[noise.log.argmax()] / noise.df))
    spread = scores.spread / seed_sd
    log_spaced = np.geomspace(MIN_AMPLITUDE, MAX_AMPLITUDE * max(1.0, spread), AMPLITUDES)
    if smooth:
        deviation = np.geomspace(MIN_DEVIATION, max(MAX_DEVIATION, spread / 2), DEVIATIONS - 1)
        density = deviation / (1 + (deviation / DEVIATION_SCALE) ** 2)  # half-Cauchy, per unit of log t
        weight = np.concatenate([[P_NO_DEVIATION], (1 - P_NO_DEVIATION) * density / density.sum()])
        lengths, amplitudes, deviations = np.arange(len(LENGTHS)), log_spaced, np.concatenate([[0.0], deviation])
    else:
        lengths, amplitudes = np.zeros(1, dtype=np.int64), np.zeros(1)
        deviations = np.geomspace(log_spaced[0], log_spaced[-1], 3 * AMPLITUDES)
        weight = np.full(len(deviations), 1 / len(deviations))
    shape = (len(lengths), len(amplitudes), len(deviations), len(noise.icc))
    at = np.indices(shape).reshape(4, -1)  # the four indices of each grid point
    points = weight[at[2]] / (shape[0] * shape[1] * shape[3])
    scale = np.zeros(len(points))
    return Components(points, lengths[at[0]], amplitudes[at[1]] ** 2, deviations[at[2]] ** 2, at[3], scale)


def weigh(prior: Components, scores: Scores, noise: Noise, correlation: Floats) -> Components:
    """Weight the components by their marginal likelihood, with m and s integrated out, and drop the negligible ones.

    Points that are far too unlikely at the likeliest setting of the noise are not considered at any other.
    """
    correlation = correlation[:, scores.seen][:, :, scores.seen]
    likeliest = prior.select(np.flatnonzero(prior.noise == noise.log.argmax()))
    log, _ = _log_marginal(likeliest, noise, correlation)
    plausible = prior.select(np.flatnonzero(np.repeat(log > log.max() - NEGLIGIBLE_LOG, len(noise.icc))))
    log, squares = _log_marginal(plausible, noise, correlation)
    weight = np.exp(log - log.max())
    order = np.argsort(-weight, kind="stable")
    total = np.cumsum(weight[order]) / weight.sum()
    kept = np.sort(order[: int(np.searchsorted(total, 1 - NEGLIGIBLE)) + 1])
    df = noise.df + max(0, len(scores.seen) - 1)
    return plausible.select(kept)._replace(weight=weight[kept] / weight[kept].sum(), scale=squares[kept] / df)


def _log_marginal(points: Components, noise: Noise, correlation: Floats) -> tuple[Floats, Floats]:
    """Return the log of prior times marginal likelihood (C,) up to a constant, and the squares (C,) that estimate s^2.

    Args:
        points: the grid.
        noise: of the o observed values.
        correlation: of f between them, shape (LENGTHS, o, o).

    """
    covariance = points.with_deviation(points.covariance(correlation))
    covariance += noise.covariance[points.noise]
    observed = covariance.shape[1]
    diagonal = np.arange(observed)
    factor = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    within = noise.squares[points.noise]
    log = np.log(points.weight) + noise.log[points.noise] - np.log(factor[:, diagonal, diagonal]).sum(axis=1)
    if not observed:
        return log, within
    estimate = noise.estimate[points.noise]
    y, ones = np.moveaxis(_forward(factor, np.stack([estimate, np.ones(estimate.shape)], axis=2)), 2, 0)
    precision = (ones**2).sum(axis=1)
    squares = within + (y**2).sum(axis=1) - (y * ones).sum(axis=1) ** 2 / precision
    log += noise.df / 2 * np.log(within) - (noise.df + observed - 1) / 2 * np.log(squares) - 0.5 * np.log(precision)
    return log, squares


def _forward(factor: Floats, right: Floats) -> Floats:
    """Solve C lower-triangular systems (C, o, o) for two right-hand sides each (C, o, 2); shape (C, o, 2)."""
    solved = np.zeros(right.shape)
    for i in range(right.shape[1]):
        known = np.einsum("cj,cjr->cr", factor[:, i, :i], solved[:, :i])
        solved[:, i] = (right[:, i] - known) / factor[:, i, i, None]
    return solved
