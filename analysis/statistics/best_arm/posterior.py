"""The posterior of the mean accuracies of K values of a parameter, given a few runs of each.

The model of the run of value i with seed s, with x the parameter's scale rescaled to [0, 1]:

    y_is = theta_i + b_s + e_is,   theta_i = m + f(x_i) + d_i
    b_s ~ N(0, r s^2),   e_is ~ N(0, (1 - r) s^2 w_i),   d_i ~ N(0, t^2),   m flat

f is a Gaussian process with Matern-5/2 covariance (Rasmussen and Williams 2006, eq. 4.17). Length and amplitude of f,
t, r and the w_i are integrated over a grid (``prior``, ``noise``); the seed variance s^2 and the effects b_s of the
seeds are integrated out in closed form. The posterior is therefore a mixture of multivariate Student t distributions.
The documentation derives the formulas on the page "The mathematics of settle".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from analysis.statistics.best_arm.noise import noises
from analysis.statistics.best_arm.prior import Components, grid, matern, weigh
from analysis.statistics.best_arm.scores import UNKNOWN_LEVEL, arrange

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from analysis.statistics.arrays import Floats, Integers
    from analysis.statistics.best_arm.noise import Noise
    from analysis.statistics.best_arm.scores import Scores

DRAWS = 4000  # behind each probability; the Monte Carlo error is then below 0.008
JITTER = 1e-6  # in seed variances; ensures that every covariance has a Cholesky factor
GOLDEN = (5**0.5 - 1) / 2  # multiples of it, modulo 1, fill [0, 1] evenly
HALF_WIDTH = 1.959964  # sds on either side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Posterior:
    """The posterior of the K values' mean accuracies: a mixture of M multivariate Student t distributions.

    Attributes:
        mean: (K,), in points.
        sd: (K,), in points, such that mean ± 1.96 sd holds 95 % where one component has all the weight (with few runs
            a Student t distribution has no standard deviation); runs in flight count as landed.

    """

    mean: Floats
    sd: Floats
    _scores: Scores
    _noise: Noise
    _x: Floats | None  # (K,), on the caller's scale
    _components: Components
    _df: float  # of every component
    _means: Floats  # (M, K)
    _covariances: Floats  # (M, K, K), in seed variances

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """Return n joint draws of the values' means, shape (n, K), in points."""
        stretch = np.sqrt(self._df / rng.chisquare(self._df, n))
        normals = rng.standard_normal((n, len(self.mean))) * stretch[:, None]
        return self._spread(rng.multinomial(n, self._components.weight), normals)

    def probability_within(self, within: float) -> Floats:
        """Return each value's probability of being at most ``within`` points below the best; shape (K,)."""
        return np.asarray((self.fixed_draws >= self.fixed_draws.max(axis=1, keepdims=True) - within).mean(axis=0))

    def probability_best(self) -> Floats:
        """Return each value's probability of being the best; shape (K,), sum 1."""
        return np.bincount(self.fixed_draws.argmax(axis=1), minlength=len(self.mean)) / len(self.fixed_draws)

    def regret(self) -> Floats:
        """Return by how many points each value is expected to be below the best; shape (K,)."""
        return np.asarray((self.fixed_draws.max(axis=1, keepdims=True) - self.fixed_draws).mean(axis=0))

    @cached_property
    def fixed_draws(self) -> Floats:
        """The draws behind every probability, equal for equal posteriors; shape (DRAWS, K), in points."""
        ends = np.round(np.cumsum(self._components.weight) * DRAWS).astype(np.int64)
        return self._spread(np.diff(ends, prepend=0), _normals(len(self.mean)) * _stretch(self._df)[:, None])

    @cached_property
    def _factors(self) -> Floats:
        covariances = self._covariances.copy()
        diagonal = np.arange(len(self.mean))
        covariances[:, diagonal, diagonal] += JITTER
        covariances *= self._components.scale[:, None, None]
        return np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)

    def _spread(self, counts: Integers, standard: Floats) -> Floats:
        """Transform standard draws (n, K): the first counts[0] into draws of the first component, and so on."""
        draws = np.empty_like(standard)
        ends = np.cumsum(counts)
        for mean, factor, start, end in zip(self._means, self._factors, ends - counts, ends, strict=True):
            if end > start:
                draws[start:end] = standard[start:end] @ factor.T + mean
        return draws

    def narrowing(self, chosen: int, seeds: Sequence[int]) -> Floats:
        """Return how much one more run of each value narrows the difference of each value from the chosen one.

        A run on a seed that other values have had tells more: what the seed gives to all values alike is known in part.

        Args:
            chosen: index of the chosen value.
            seeds: (K,), the seed of each value's next run.

        Returns:
            (K, K): entry (j, r) is the share of the variance of theta_j - theta_chosen that a run of r removes.

        """
        variance, removed = (np.zeros((len(self.mean), size)) for size in (1, len(self.mean)))
        _, shrinkage = self._noise.information(self._scores.planned)
        column = {seed: i for i, seed in enumerate(self._scores.seeds)}
        for g in np.unique(self._components.noise):
            weight = np.where(self._components.noise == g, self._components.weight * self._components.scale, 0)
            covariance = np.einsum("m,mij->ij", weight, self._covariances)
            unit = weight.sum()  # seed variance of these components, in points^2
            icc, relative = self._noise.icc[g], self._noise.relative[g]
            # y_is - E(b_s | theta) = observed' theta + noise
            observed, left = np.eye(len(seeds)), np.full(len(seeds), icc / (1 - icc))
            for r, seed in enumerate(seeds):
                if seed in column:
                    left[r] = shrinkage[g, column[seed]]
                    observed[r] -= left[r] * self._scores.planned[:, column[seed]] / relative
            cross = covariance @ observed.T
            noise = (1 - icc) * (left + relative) * unit + np.einsum("rk,kr->r", observed, cross)
            difference = covariance - covariance[chosen]
            variance[:, 0] += np.diag(difference) - difference[:, chosen]
            removed += (cross - cross[chosen]) ** 2 / noise
        variance[chosen] = 1  # avoids 0 / 0: the difference from itself is 0
        return np.asarray(removed / np.maximum(variance, np.finfo(float).tiny))

    def curve(self, x: Sequence[float]) -> tuple[Floats, Floats]:
        """Return mean and sd of the smooth part m + f at any x, in points; runs in flight have no effect on it.

        Args:
            x: positions on the scale passed to ``fit``.

        Raises:
            ValueError: the values have no order, so there is no smooth part.

        """
        if self._x is None:
            msg = "the values are unordered, so there is no curve"
            raise ValueError(msg)
        low, width = float(self._x.min()), float(np.ptp(self._x)) or 1.0
        known, new = (self._x - low) / width, (np.asarray(x, dtype=np.float64) - low) / width
        prior_new = self._components.covariance(matern(new[:, None] - new[None, :]))
        cross = self._components.covariance(matern(new[:, None] - known[None, :]))
        prior = self._components.with_deviation(self._components.covariance(matern(known[:, None] - known[None, :])))
        seen = self._scores.seen
        conditional = _Conditional.on(self._scores, self._noise, self._components, prior, self._scores.scored)
        means = conditional.means(cross[:, :, seen])
        variances = np.einsum("mii->mi", conditional.covariances(prior_new, cross[:, :, seen]))
        return _moments(self._components, self._df, means, variances)


class _Conditional(NamedTuple):
    """The Gaussians of M components, each conditioned on the runs of the o observed values; s^2 is the unit."""

    centre: float
    inverse: Floats  # (M, o, o), inverse covariance of the estimated means
    ones: Floats  # (M, o), the inverse times ones
    residual: Floats  # (M, o), the inverse times (estimated means - estimate of m), in points
    level: Floats  # (M,), estimate of m minus the centre, in points
    precision: Floats  # (M,), of the estimate of m

    @classmethod
    def on(cls, scores: Scores, noise: Noise, components: Components, prior: Floats, runs: Floats) -> _Conditional:
        """Condition the prior (M, K, K) on runs (K, S): those scored, or those planned, for the covariances alone."""
        seen = np.flatnonzero(runs.any(axis=1))
        used, group = np.unique(components.noise, return_inverse=True)
        part = noise._replace(icc=noise.icc[used], relative=noise.relative[used][:, seen])
        precision, _ = part.information(runs[seen][:, runs.any(axis=0)])
        estimated = np.asarray(np.linalg.inv(precision), dtype=np.float64)
        inverse = np.asarray(np.linalg.inv(prior[:, seen][:, :, seen] + estimated[group]), dtype=np.float64)
        ones = inverse.sum(axis=2)
        unknown = np.full(len(prior), UNKNOWN_LEVEL[1] ** -2 * components.scale)
        precision = ones.sum(axis=1) if len(seen) else unknown
        every = np.zeros((len(prior), len(runs)))
        every[:, scores.seen] = noise.estimate[components.noise]
        observed = every[:, seen]
        level = np.einsum("mo,mo->m", ones, observed) / precision
        residual = np.einsum("mij,mj->mi", inverse, observed - level[:, None])
        return cls(scores.centre, inverse, ones, residual, level, precision)

    def means(self, cross: Floats) -> Floats:
        """Return the conditional means (M, P) given the covariance ``cross`` (M, P, o) with the observed values."""
        return np.asarray(self.centre + self.level[:, None] + np.einsum("mpo,mo->mp", cross, self.residual))

    def covariances(self, prior: Floats, cross: Floats) -> Floats:
        """Return the conditional covariances (M, P, P), given the prior ones; the uncertainty of m is included."""
        free = 1 - np.einsum("mpo,mo->mp", cross, self.ones)
        explained = cross @ self.inverse @ cross.swapaxes(1, 2)
        return np.asarray(prior - explained + free[:, :, None] * free[:, None, :] / self.precision[:, None, None])


def fit(
    scores: Sequence[Mapping[int, float]],
    x: Sequence[float] | None = None,
    pending: Sequence[Collection[int]] | None = None,
) -> Posterior:
    """Return the posterior of K values' mean accuracies.

    Args:
        scores: each value's scores, seed -> points; a value may have none. Only which runs share a seed matters.
        x: positions of the values on the parameter's scale, such as log10 T; None if they have no order: they are then
            independent deviations from a common mean.
        pending: each value's seeds in flight. The runs are taken to land on their expectation, so they narrow the
            posterior but do not move its means (the kriging believer of Ginsbourger et al. 2010).

    Raises:
        ValueError: there is no value, a score or a position is not finite, the lengths differ, or a seed is in flight
            although it has a score.

    """
    data = arrange(scores, pending)
    position, correlation = _positions(x, len(scores))
    noise = noises(data)
    components = weigh(grid(data, noise, smooth=position is not None), data, noise, correlation)
    prior = components.with_deviation(components.covariance(correlation))
    conditional = _Conditional.on(data, noise, components, prior, data.scored)
    means = conditional.means(prior[:, :, data.seen])
    if (data.planned > data.scored).any():
        conditional = _Conditional.on(data, noise, components, prior, data.planned)
    covariances = conditional.covariances(prior, prior[:, :, np.flatnonzero(data.planned.any(axis=1))])
    df = noise.df + max(0, len(data.seen) - 1)
    mean, sd = _moments(components, df, means, np.einsum("mii->mi", covariances))
    return Posterior(mean, sd, data, noise, position, components, df, means, covariances)


def _positions(x: Sequence[float] | None, values: int) -> tuple[Floats | None, Floats]:
    """Return x as an array and the correlations of f, shape (LENGTHS, K, K); zero correlations if x is None."""
    if x is None:
        return None, np.zeros((1, values, values))
    position = np.asarray(x, dtype=np.float64)
    if position.shape != (values,) or not np.isfinite(position).all():
        msg = f"x = {list(x)}: {values} values need as many finite positions"
        raise ValueError(msg)
    return position, _correlation(tuple(position.tolist()))


@lru_cache(maxsize=64)
def _correlation(x: tuple[float, ...]) -> Floats:
    """Return the correlations of f between the values, shape (LENGTHS, K, K)."""
    position = np.array(x)
    scaled = (position - position.min()) / (float(np.ptp(position)) or 1.0)
    return matern(scaled[:, None] - scaled[None, :])


@lru_cache(maxsize=16)
def _normals(values: int) -> Floats:
    return np.random.default_rng(0).standard_normal((DRAWS, values))


@lru_cache(maxsize=256)
def _stretch(df: float) -> Floats:
    """Return factors (DRAWS,) that turn normals into Student t: sqrt(df / chi-square), evenly over the quantiles.

    The draws of a component are consecutive, and any consecutive factors are spread over the quantiles as well.
    """
    quantile = (0.5 + GOLDEN * np.arange(DRAWS)) % 1
    return np.asarray(np.sqrt(df / special.chdtri(df, quantile)))


def _moments(components: Components, df: float, means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return mean and sd (P,) of a mixture of Student t, from centres (M, P) and variances (M, P) in seed variances."""
    mean = components.weight @ means
    stretch = special.stdtrit(df, 0.975) / HALF_WIDTH
    spread = stretch**2 * components.scale[:, None] * variances
    return mean, np.sqrt(np.maximum(components.weight @ (spread + (means - mean) ** 2), 0))
