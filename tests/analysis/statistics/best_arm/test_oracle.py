"""The posterior against computations that share no code with it: one covariance over all runs, and weighted draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from analysis.statistics.best_arm import noise as seed_noise
from analysis.statistics.best_arm import posterior as gp_posterior
from analysis.statistics.best_arm import prior as gp_prior
from analysis.statistics.best_arm.noise import Guess, Noise, noises
from analysis.statistics.best_arm.posterior import fit
from analysis.statistics.best_arm.prior import Components, grid, matern, weigh
from analysis.statistics.best_arm.scores import Scores, arrange

X = [2.0, 3.0, 4.5, 6.0]
SCORES = [{0: 70.1, 1: 71.0, 3: 70.2}, {0: 73.4}, {0: 74.2, 1: 75.0, 2: 73.1}, {1: 73.9, 2: 72.0}]
LEVEL = 1e6  # prior variance of the level, in seed variances: as good as flat


def correlations(x: list[float] | None) -> np.ndarray:
    if x is None:
        return np.zeros((1, len(X), len(X)))
    scaled = (np.array(x) - min(x)) / np.ptp(x)
    return matern(scaled[:, None] - scaled[None, :])


class Dense(NamedTuple):
    """What one covariance matrix over all runs gives for one setting of the hyperparameters."""

    log: float  # marginal likelihood up to a constant
    mean: np.ndarray  # (K,)
    variance: np.ndarray  # (K,), the squared scale of a Student t


def dense(scores: list[dict[int, float]], theta: np.ndarray, icc: float, relative: np.ndarray) -> Dense:
    runs = [(i, seed, y) for i, by_seed in enumerate(scores) for seed, y in by_seed.items()]
    owner, seed, y = (np.array(column) for column in zip(*runs, strict=True))
    guess = Guess.of(arrange(scores))
    theta = theta + LEVEL
    noise = icc * (seed[:, None] == seed) + (1 - icc) * np.diag(relative[owner])
    covariance, cross, residual = theta[np.ix_(owner, owner)] + noise, theta[:, owner], y - y.mean()
    df = len(y) - 1 + guess.df
    squares = residual @ np.linalg.solve(covariance, residual) + guess.df * guess.variance
    log = -0.5 * np.linalg.slogdet(covariance)[1] - df / 2 * np.log(squares)
    mean = y.mean() + cross @ np.linalg.solve(covariance, residual)
    return Dense(log, mean, np.diag(theta - cross @ np.linalg.solve(covariance, cross.T)) * squares / df)


@pytest.fixture
def whole_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gp_prior, "NEGLIGIBLE", 1e-14)
    monkeypatch.setattr(gp_prior, "NEGLIGIBLE_LOG", 1e9)
    monkeypatch.setattr(seed_noise, "NEGLIGIBLE_LOG", 1e9)


@pytest.mark.usefixtures("whole_grid")
@pytest.mark.parametrize("x", [X, None])
def test_every_point_of_the_grid_has_the_moments_of_one_covariance_over_all_runs(x: list[float] | None) -> None:
    found, correlation = fit(SCORES, x), correlations(x)
    components, noise = found._components, found._noise
    for c, g in enumerate(components.noise):
        theta = components.amplitude[c] * correlation[components.length[c]] + components.deviation[c] * np.eye(4)
        expected = dense(SCORES, theta, noise.icc[g], noise.relative[g])
        np.testing.assert_allclose(found._means[c], expected.mean, atol=1e-4)
        variance = np.diag(found._covariances[c]) * components.scale[c]
        np.testing.assert_allclose(variance, expected.variance, rtol=1e-3)


@pytest.mark.usefixtures("whole_grid")
@pytest.mark.parametrize("x", [X, None])
def test_the_weights_of_the_grid_follow_the_marginal_likelihood_of_the_runs(x: list[float] | None) -> None:
    data, correlation = arrange(SCORES), correlations(x)
    noise = noises(data)
    prior = grid(data, noise, smooth=x is not None)
    posterior = weigh(prior, data, noise, correlation)
    icc_prior = dict(zip(seed_noise.ICCS, seed_noise.ICC_PRIOR, strict=True))
    even = [c for c, g in enumerate(prior.noise) if (noise.relative[g] == 1).all()]
    assert len(even) == len(prior.weight) / 2
    difference = []
    for c in even:
        g = prior.noise[c]
        theta = prior.amplitude[c] * correlation[prior.length[c]] + prior.deviation[c] * np.eye(4)
        log = dense(SCORES, theta, noise.icc[g], noise.relative[g]).log + np.log(prior.weight[c])
        difference.append(np.log(posterior.weight[c]) - log - np.log(icc_prior[noise.icc[g]]))
    assert np.ptp(difference) < 1e-3


def one_noise(scores: Scores, icc: float, monkeypatch: pytest.MonkeyPatch) -> Noise:
    monkeypatch.setattr(seed_noise, "ICCS", (icc,))
    monkeypatch.setattr(seed_noise, "ICC_PRIOR", (1.0,))
    monkeypatch.setattr(seed_noise, "P_UNEVEN", 1e-12)
    return noises(scores)


def test_draws_weighted_by_the_likelihood_of_the_runs_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw level, values, seeds' effects and sd from their priors, and weight by the likelihood of the runs."""
    scores = [{0: 1.0, 1: 2.2}, {0: 2.1, 1: 2.6}, {1: 0.4}]
    icc, deviation, n = 0.6, 1.5, 400_000
    data = arrange(scores)
    noise = one_noise(data, icc, monkeypatch)
    one = Components(np.ones(1), np.zeros(1, int), np.zeros(1), np.array([deviation]), np.zeros(1, int), np.ones(1))
    monkeypatch.setattr(gp_posterior, "noises", lambda _: noise)
    monkeypatch.setattr(gp_posterior, "grid", lambda *_, smooth: one)  # noqa: ARG005 -- stands in for the grid
    found = fit(scores)
    rng, guess = np.random.default_rng(0), Guess.of(data)
    # Importance sampling: the values' means are proposed around their scores, log s uniformly, the rest from the prior.
    log_s = rng.uniform(np.log(0.1), np.log(8), n)
    s = np.exp(log_s)
    offset = 1.2 * rng.standard_normal((n, 3))
    theta = np.array([np.mean(list(by_seed.values())) for by_seed in scores]) + offset
    effect = s[:, None] * np.sqrt(icc) * rng.standard_normal((n, 2))
    log = -guess.df * log_s - guess.df * guess.variance / (2 * s**2)  # scaled inverse chi-square, per unit of log s
    spread = ((theta - theta.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    log += -2 * log_s - spread / (2 * deviation * s**2)  # three values around a level with a flat prior
    log += (offset**2).sum(axis=1) / (2 * 1.2**2)
    own = s * np.sqrt(1 - icc)
    for i, by_seed in enumerate(scores):
        for seed, y in by_seed.items():
            log += -np.log(own) - 0.5 * ((y - theta[:, i] - effect[:, seed]) / own) ** 2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    assert 1 / (weight**2).sum() > 500  # effective draws
    np.testing.assert_allclose(weight @ theta, found.mean, atol=0.1)
    within = theta >= theta.max(axis=1, keepdims=True) - 0.5
    np.testing.assert_allclose(weight @ within, found.probability_within(0.5), atol=0.04)
    regret = theta.max(axis=1, keepdims=True) - theta
    np.testing.assert_allclose(weight @ regret, found.regret(), rtol=0.1, atol=0.015)


def test_a_run_narrows_a_difference_by_as_much_as_it_does_once_it_is_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = arrange(SCORES)
    noise = one_noise(data, 0.7, monkeypatch)
    one = Components(np.ones(1), np.ones(1, int), np.full(1, 4.0), np.full(1, 0.3), np.zeros(1, int), np.ones(1))
    monkeypatch.setattr(gp_posterior, "noises", lambda _: noise)
    monkeypatch.setattr(gp_posterior, "grid", lambda *_, smooth: one)  # noqa: ARG005 -- stands in for the grid
    found, seeds, chosen = fit(SCORES, X), [2, 1, 4, 0], 2
    narrowing = found.narrowing(chosen, seeds)

    def variances(pending: list[list[int]]) -> np.ndarray:
        covariance = fit(SCORES, X, pending)._covariances[0]
        return np.diag(covariance) + covariance[chosen, chosen] - 2 * covariance[chosen]

    others = [0, 1, 3]
    for r, seed in enumerate(seeds):
        after = variances([[seed] if i == r else [] for i in range(4)])
        expected = 1 - after[others] / variances([[]] * 4)[others]
        np.testing.assert_allclose(narrowing[others, r], expected, atol=1e-6)
