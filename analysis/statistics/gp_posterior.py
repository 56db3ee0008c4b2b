"""The posterior of each value's mean accuracy, given a few runs of each: smooth in the parameter, up to a deviation.

The model, with x the parameter's scale brought to [0, 1]:

    y_ij = theta_i + e_ij,   theta_i = m + f(x_i) + d_i,   e_ij ~ N(0, s_i^2),   d_i ~ N(0, t^2),   m flat

with f a Gaussian process of Matern-5/2 covariance (Rasmussen and Williams 2006, eq. 4.17), and s_i one for all values
or each value's own, as the spread within the values says. Length and amplitude of f, t and the s_i are integrated over:
the posterior is a mixture of Gaussians over a grid of them, weighted by marginal likelihood times a weak prior.
Amplitudes and deviations are measured in seed standard deviations, so units hardly matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.statistics.gp_prior import UNKNOWN_LEVEL, Components, Data, grid, matern, summed, weighed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.statistics.arrays import Floats, Integers

DRAWS = 4000  # behind each probability, whose Monte Carlo error is then below 0.008
JITTER = 1e-6  # in seed variances, so that every covariance has a Cholesky factor


@dataclass(frozen=True)
class Posterior:
    """The posterior of the K values' mean accuracies: a mixture of M Gaussians.

    Attributes:
        mean: (K,), in points.
        sd: (K,), in points, with the runs in flight taken for landed.

    """

    mean: Floats
    sd: Floats
    _data: Data
    _x: Floats | None  # (K,), on the caller's scale
    _components: Components
    _means: Floats  # (M, K)
    _covariances: Floats  # (M, K, K)

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """Draw the values' means n times, jointly; shape (n, K), in points."""
        return self._from_normals(rng.multinomial(n, self._components.weight), rng.standard_normal((n, len(self.mean))))

    def probability_within(self, within: float) -> Floats:
        """Return for each value the probability that the best is at most ``within`` points better; shape (K,)."""
        return np.asarray((self.fixed_draws >= self.fixed_draws.max(axis=1, keepdims=True) - within).mean(axis=0))

    def probability_best(self) -> Floats:
        """Return for each value the probability that it is the best; shape (K,), sum 1."""
        return np.bincount(self.fixed_draws.argmax(axis=1), minlength=len(self.mean)) / len(self.fixed_draws)

    @cached_property
    def fixed_draws(self) -> Floats:
        """The draws behind every probability, the same for the same posterior; shape (DRAWS, K), in points."""
        ends = np.round(np.cumsum(self._components.weight) * DRAWS).astype(np.int64)
        return self._from_normals(np.diff(ends, prepend=0), _normals(len(self.mean)))

    @cached_property
    def _factors(self) -> Floats:
        covariances = self._covariances.copy()
        diagonal = np.arange(len(self.mean))
        covariances[:, diagonal, diagonal] += JITTER * self._components.noise
        return np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)

    def _from_normals(self, counts: Integers, normals: Floats) -> Floats:
        """Turn standard normals (n, K) into draws, the first counts[0] from the first component, and so on."""
        drawn = np.empty_like(normals)
        ends = np.cumsum(counts)
        for mean, factor, start, end in zip(self._means, self._factors, ends - counts, ends, strict=True):
            if end > start:
                drawn[start:end] = normals[start:end] @ factor.T + mean
        return drawn

    def narrowing(self, chosen: int) -> Floats:
        """Return by how much one more run of a value narrows each value's difference from the chosen one.

        Returns:
            (K, K): row j, column r is the share of the variance of theta_j - theta_chosen that a run of r takes away.

        """
        weight = self._components.weight
        covariance = np.einsum("m,mij->ij", weight, self._covariances)
        difference = covariance - covariance[chosen]
        variance = np.diag(difference) - difference[:, chosen]
        variance[chosen] = 1  # it does not differ from itself
        lost = difference**2 / (np.diag(covariance) + weight @ self._components.noise)
        return np.asarray(lost / np.maximum(variance, np.finfo(float).tiny)[:, None])

    def curve(self, x: Sequence[float]) -> tuple[Floats, Floats]:
        """Return mean and sd of the smooth part m + f at any x, in points; runs in flight do not narrow it.

        Args:
            x: on the scale that ``fit`` was given.

        Raises:
            ValueError: the values are unordered: there is no smooth part.

        """
        if self._x is None:
            msg = "the values are unordered: there is no curve"
            raise ValueError(msg)
        low, width = float(self._x.min()), float(np.ptp(self._x)) or 1.0
        known, new = (self._x - low) / width, (np.asarray(x, dtype=np.float64) - low) / width
        own = self._components.covariance(matern(new[:, None] - new[None, :]))
        cross = self._components.covariance(matern(new[:, None] - known[None, :]))
        prior = self._components.with_deviation(self._components.covariance(matern(known[:, None] - known[None, :])))
        seen = self._data.seen
        conditional = _Conditional.on(self._data, self._components, prior, self._data.runs)
        means = conditional.means(cross[:, :, seen])
        variances = np.einsum("mii->mi", conditional.covariances(own, cross[:, :, seen]))
        return _moments(self._components.weight, means, variances)


class _Conditional(NamedTuple):
    """Gaussians conditioned on the means of the o values with a score, one for each of M components."""

    centre: float
    inverse: Floats  # (M, o, o), inverse of the covariance of the values' observed means
    ones: Floats  # (M, o), that inverse times ones
    residual: Floats  # (M, o), that inverse times the observations less m's estimate and the centre
    level: Floats  # (M,), m's estimate less the centre
    precision: Floats  # (M,), of m's estimate

    @classmethod
    def on(cls, data: Data, components: Components, prior: Floats, count: Integers) -> _Conditional:
        """Condition on the observed means, as if the values had had ``count`` runs, (K,); prior (M, K, K)."""
        seen = np.flatnonzero(count)
        covariance = prior[:, seen][:, :, seen]
        diagonal = np.arange(len(seen))
        covariance[:, diagonal, diagonal] += components.noise[:, seen] / count[seen]
        inverse = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
        ones = inverse.sum(axis=2)
        precision = ones.sum(axis=1) if len(seen) else np.full(len(prior), UNKNOWN_LEVEL[1] ** -2)
        observed = np.where(data.runs[seen] > 0, data.mean[seen] - data.centre, 0.0)
        level = ones @ observed / precision
        residual = np.einsum("mij,mj->mi", inverse, observed - level[:, None])
        return cls(data.centre, inverse, ones, residual, level, precision)

    def means(self, cross: Floats) -> Floats:
        """Return the conditional means, (M, P), of what has covariance ``cross`` (M, P, o) with the values seen."""
        return np.asarray(self.centre + self.level[:, None] + np.einsum("mpo,mo->mp", cross, self.residual))

    def covariances(self, own: Floats, cross: Floats) -> Floats:
        """Return the conditional covariances (M, P, P), given the prior ones ``own``; m's uncertainty included."""
        free = 1 - np.einsum("mpo,mo->mp", cross, self.ones)
        lost = cross @ self.inverse @ cross.swapaxes(1, 2)
        return np.asarray(own - lost + free[:, :, None] * free[:, None, :] / self.precision[:, None, None])


def fit(
    scores: Sequence[Sequence[float]], x: Sequence[float] | None = None, pending: Sequence[int] | None = None
) -> Posterior:
    """Return the posterior of K values' mean accuracies.

    Args:
        scores: each value's scores, in points; a value may have none.
        x: where the values lie on the parameter's scale, such as log10 T; None when they have no order, and then they
            are independent deviations from a common mean.
        pending: each value's number of runs in flight. They are taken to land on their expectation: they narrow the
            posterior and leave its means where they are (the kriging believer of Ginsbourger et al. 2010).

    Raises:
        ValueError: there is no value, a score or an x is not finite, or the lengths differ.

    """
    data = summed(scores)
    position, correlation = _positions(x, len(scores))
    flying = np.zeros(len(scores), dtype=np.int64) if pending is None else np.asarray(pending, dtype=np.int64)
    if flying.shape != data.runs.shape:
        msg = f"{len(scores)} values have scores, {flying.size} have a number of runs in flight"
        raise ValueError(msg)
    components = weighed(grid(data, smooth=position is not None), data, correlation)
    prior = components.with_deviation(components.covariance(correlation))
    conditional = _Conditional.on(data, components, prior, data.runs)
    means = conditional.means(prior[:, :, data.seen])
    count = data.runs + flying
    seen = np.flatnonzero(count)
    if flying.any():
        conditional = _Conditional.on(data, components, prior, count)
    covariances = conditional.covariances(prior, prior[:, :, seen])
    mean, sd = _moments(components.weight, means, np.einsum("mii->mi", covariances))
    return Posterior(mean, sd, data, position, components, means, covariances)


def _positions(x: Sequence[float] | None, values: int) -> tuple[Floats | None, Floats]:
    """Return x as an array and the correlations of f, shape (LENGTHS, K, K); no correlations where x is None."""
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


def _moments(weight: Floats, means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return mean and sd of a mixture, each (P,), from its components' means and variances, (M, P)."""
    mean = weight @ means
    return mean, np.sqrt(np.maximum(weight @ (variances + (means - mean) ** 2), 0))
