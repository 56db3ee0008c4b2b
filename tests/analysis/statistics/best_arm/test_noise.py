"""The noise of seeds: least squares with the seeds' effects integrated out, and the spreads of the values."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.best_arm import noise as seed_noise
from analysis.statistics.best_arm.noise import ICCS, Guess, noises
from analysis.statistics.best_arm.scores import arrange

SCORES = [{0: 70.1, 1: 71.0, 3: 70.2}, {0: 73.4, 3: 74.0}, {0: 74.2, 1: 75.0, 2: 73.1}, {1: 73.9, 2: 72.0}]


@pytest.fixture(autouse=True)
def whole_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_noise, "NEGLIGIBLE_LOG", 1e9)


def design(icc: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scores (n,), the values' incidence (n, K), and the covariance (n, n) of the noise."""
    runs = [(i, seed, y) for i, by_seed in enumerate(SCORES) for seed, y in by_seed.items()]
    owner, seed, y = (np.array(column) for column in zip(*runs, strict=True))
    return y, (owner[:, None] == np.arange(4)).astype(float), icc * (seed[:, None] == seed) + (1 - icc) * np.eye(len(y))


@pytest.mark.parametrize("point", range(len(ICCS)))
def test_the_estimates_are_those_of_least_squares_over_all_runs(point: int) -> None:
    data = arrange(SCORES)
    noise, guess = noises(data), Guess.of(data)
    y, incidence, covariance = design(ICCS[point])
    precision = incidence.T @ np.linalg.solve(covariance, incidence)
    estimate = np.linalg.solve(precision, incidence.T @ np.linalg.solve(covariance, y))
    residual = y - incidence @ estimate
    np.testing.assert_allclose(noise.estimate[point], estimate - data.centre, atol=1e-9)
    np.testing.assert_allclose(noise.covariance[point], np.linalg.inv(precision), atol=1e-9)
    squares = residual @ np.linalg.solve(covariance, residual) + guess.df * guess.variance
    assert noise.squares[point] == pytest.approx(squares)
    information, _ = noise.information(data.planned)
    np.testing.assert_allclose(information[point], precision, atol=1e-9)


@pytest.mark.parametrize("point", range(len(ICCS)))
def test_unequal_variances_are_estimated_from_residuals_without_the_seeds_effects(point: int) -> None:
    data, icc = arrange(SCORES), ICCS[point]
    noise, guess = noises(data), Guess.of(data)
    y, incidence, covariance = design(icc)
    inverse = np.linalg.inv(covariance)
    fitted = inverse @ incidence @ np.linalg.inv(incidence.T @ inverse @ incidence) @ incidence.T @ inverse
    annihilator = inverse - fitted
    squares = (1 - icc) * incidence.T @ (annihilator @ y) ** 2
    freedom = (1 - icc) * incidence.T @ np.diag(annihilator)
    common = (squares.sum() + guess.df * guess.variance) / (freedom.sum() + guess.df)
    expected = (seed_noise.VARIANCE_DF - 2 + squares / common) / (seed_noise.VARIANCE_DF + freedom - 2)
    np.testing.assert_allclose(noise.relative[len(ICCS) + point], expected, rtol=1e-9)


def simulated(icc: float, spreads: tuple[float, ...], seeds: int = 40) -> list[dict[int, float]]:
    rng = np.random.default_rng(5)
    common = rng.normal(0, 1, seeds)
    return [
        dict(enumerate((70 + sd * (np.sqrt(icc) * common + np.sqrt(1 - icc) * rng.normal(0, 1, seeds))).tolist()))
        for sd in spreads
    ]


@pytest.mark.parametrize("icc", [0.0, 0.4, 0.8])
def test_many_runs_show_what_part_of_the_noise_is_the_seed_s(icc: float) -> None:
    noise = noises(arrange(simulated(icc, (0.9,) * 6)))
    assert abs(noise.icc[noise.log.argmax()] - icc) < 0.25


def test_many_runs_show_whether_the_values_spreads_differ() -> None:
    even, uneven = (noises(arrange(simulated(0, spreads))) for spreads in ((1, 1, 1, 1), (0.3, 1, 1, 3)))
    assert (even.relative[even.log.argmax()] == 1).all()
    relative = uneven.relative[uneven.log.argmax()]
    assert relative[3] > 20 * relative[0]


@pytest.mark.parametrize(
    ("scores", "variance", "df"),
    [
        ([{0: 70.0, 1: 72.0}, {0: 71.0}], seed_noise.GUESS_SHARE * 2 / 3, seed_noise.GUESS_WEIGHT),
        ([{0: 70.0}, {0: 72.0}], 1.0, seed_noise.BLIND_WEIGHT),
        ([{0: 70.0, 1: 70.0}, {0: 70.0}], seed_noise.BLIND_GUESS, seed_noise.BLIND_WEIGHT),
        ([{}, {}], seed_noise.BLIND_GUESS, seed_noise.BLIND_WEIGHT),
    ],
)
def test_the_guess_comes_from_the_scores_where_they_have_a_spread(
    scores: list[dict[int, float]], variance: float, df: float
) -> None:
    assert Guess.of(arrange(scores)) == (pytest.approx(variance), df)
