"""The posterior of the mean accuracies of K values of a parameter, given a few runs of each.

The model of run j of value i, with x the parameter's scale rescaled to [0, 1]:

    y_ij = theta_i + e_ij,   theta_i = m + f(x_i) + d_i,   e_ij ~ N(0, s_i^2),   d_i ~ N(0, t^2),   m flat

f is a Gaussian process with Matern-5/2 covariance (Rasmussen and Williams 2006, eq. 4.17). Length and amplitude of f, t
and the s_i are integrated over (``prior``), so the posterior is a mixture of Gaussians over a grid of them. The
documentation derives the formulas on the page "The mathematics of settle".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.statistics.best_arm.prior import UNKNOWN_LEVEL, Components, Data, grid, matern, summarise, weigh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.statistics.arrays import Floats, Integers

DRAWS = 4000  # behind each probability; the Monte Carlo error is then below 0.008
JITTER = 1e-6  # in seed variances; ensures that every covariance has a Cholesky factor


@dataclass(frozen=True)
class Posterior:
    """The posterior of the K values' mean accuracies: a mixture of M Gaussians.

    Attributes:
        mean: (K,), in points.
        sd: (K,), in points; runs in flight count as landed.

    """

    mean: Floats
    sd: Floats
    _data: Data
    _x: Floats | None  # (K,), on the caller's scale
    _components: Components
    _means: Floats  # (M, K)
    _covariances: Floats  # (M, K, K)

    def draws(self, n: int, rng: np.random.Generator) -> Floats:
        """Return n joint draws of the values' means, shape (n, K), in points."""
        return self._from_normals(rng.multinomial(n, self._components.weight), rng.standard_normal((n, len(self.mean))))

    def probability_within(self, within: float) -> Floats:
        """Return each value's probability of being at most ``within`` points below the best; shape (K,)."""
        return np.asarray((self.fixed_draws >= self.fixed_draws.max(axis=1, keepdims=True) - within).mean(axis=0))

    def probability_best(self) -> Floats:
        """Return each value's probability of being the best; shape (K,), sum 1."""
        return np.bincount(self.fixed_draws.argmax(axis=1), minlength=len(self.mean)) / len(self.fixed_draws)

    @cached_property
    def fixed_draws(self) -> Floats:
        """The draws behind every probability, equal for equal posteriors; shape (DRAWS, K), in points."""
        ends = np.round(np.cumsum(self._components.weight) * DRAWS).astype(np.int64)
        return self._from_normals(np.diff(ends, prepend=0), _normals(len(self.mean)))

    @cached_property
    def _factors(self) -> Floats:
        covariances = self._covariances.copy()
        diagonal = np.arange(len(self.mean))
        covariances[:, diagonal, diagonal] += JITTER * self._components.noise
        return np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)

    def _from_normals(self, counts: Integers, normals: Floats) -> Floats:
        """Transform standard normals (n, K) into draws: the first counts[0] from the first component, and so on."""
        draws = np.empty_like(normals)
        ends = np.cumsum(counts)
        for mean, factor, start, end in zip(self._means, self._factors, ends - counts, ends, strict=True):
            if end > start:
                draws[start:end] = normals[start:end] @ factor.T + mean
        return draws

    def narrowing(self, chosen: int) -> Floats:
        """Return how much one more run of each value narrows the difference of each value from the chosen one.

        Returns:
            (K, K): entry (j, r) is the share of the variance of theta_j - theta_chosen that a run of r removes.

        """
        weight = self._components.weight
        covariance = np.einsum("m,mij->ij", weight, self._covariances)
        difference = covariance - covariance[chosen]
        variance = np.diag(difference) - difference[:, chosen]
        variance[chosen] = 1  # avoids 0 / 0: the difference from itself is 0
        removed = difference**2 / (np.diag(covariance) + weight @ self._components.noise)
        return np.asarray(removed / np.maximum(variance, np.finfo(float).tiny)[:, None])

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
        seen = self._data.seen
        conditional = _Conditional.on(self._data, self._components, prior, self._data.runs)
        means = conditional.means(cross[:, :, seen])
        variances = np.einsum("mii->mi", conditional.covariances(prior_new, cross[:, :, seen]))
        return _moments(self._components.weight, means, variances)


class _Conditional(NamedTuple):
    """The Gaussians of M components, each conditioned on the mean scores of the o observed values."""

    centre: float
    inverse: Floats  # (M, o, o), inverse covariance of the observed means
    ones: Floats  # (M, o), the inverse times ones
    residual: Floats  # (M, o), the inverse times (observed means - estimate of m)
    level: Floats  # (M,), estimate of m minus the centre
    precision: Floats  # (M,), of the estimate of m

    @classmethod
    def on(cls, data: Data, components: Components, prior: Floats, count: Integers) -> _Conditional:
        """Condition the prior (M, K, K) on the observed means, as if they were means of ``count`` runs (K,)."""
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
        """Return the conditional means (M, P) given the covariance ``cross`` (M, P, o) with the observed values."""
        return np.asarray(self.centre + self.level[:, None] + np.einsum("mpo,mo->mp", cross, self.residual))

    def covariances(self, prior: Floats, cross: Floats) -> Floats:
        """Return the conditional covariances (M, P, P), given the prior ones; the uncertainty of m is included."""
        free = 1 - np.einsum("mpo,mo->mp", cross, self.ones)
        explained = cross @ self.inverse @ cross.swapaxes(1, 2)
        return np.asarray(prior - explained + free[:, :, None] * free[:, None, :] / self.precision[:, None, None])


def fit(
    scores: Sequence[Sequence[float]], x: Sequence[float] | None = None, pending: Sequence[int] | None = None
) -> Posterior:
    """Return the posterior of K values' mean accuracies.

    Args:
        scores: each value's scores, in points; a value may have none.
        x: positions of the values on the parameter's scale, such as log10 T; None if they have no order: they are then
            independent deviations from a common mean.
        pending: each value's number of runs in flight. They are taken to land on their expectation, so they narrow the
            posterior but do not move its means (the kriging believer of Ginsbourger et al. 2010).

    Raises:
        ValueError: there is no value, a score or a position is not finite, or the lengths differ.

    """
    data = summarise(scores)
    position, correlation = _positions(x, len(scores))
    in_flight = np.zeros(len(scores), dtype=np.int64) if pending is None else np.asarray(pending, dtype=np.int64)
    if in_flight.shape != data.runs.shape:
        msg = f"{len(scores)} values have scores, {in_flight.size} have a number of runs in flight"
        raise ValueError(msg)
    components = weigh(grid(data, smooth=position is not None), data, correlation)
    prior = components.with_deviation(components.covariance(correlation))
    conditional = _Conditional.on(data, components, prior, data.runs)
    means = conditional.means(prior[:, :, data.seen])
    count = data.runs + in_flight
    seen = np.flatnonzero(count)
    if in_flight.any():
        conditional = _Conditional.on(data, components, prior, count)
    covariances = conditional.covariances(prior, prior[:, :, seen])
    mean, sd = _moments(components.weight, means, np.einsum("mii->mi", covariances))
    return Posterior(mean, sd, data, position, components, means, covariances)


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


def _moments(weight: Floats, means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return mean and sd (P,) of a mixture, from the means and variances (M, P) of its components."""
    mean = weight @ means
    return mean, np.sqrt(np.maximum(weight @ (variances + (means - mean) ** 2), 0))
