"""Whether the posterior is right as often as it states, on worlds that are drawn from its prior."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.best_arm.noise import ICC_PRIOR, ICCS
from analysis.statistics.best_arm.posterior import fit
from analysis.statistics.best_arm.prior import MAX_DEVIATION, MIN_AMPLITUDE, matern

WORLDS = 200
VALUES = 7


@pytest.fixture(scope="module")
def played() -> np.ndarray:
    """Return for each world the stated probability, whether it was right, and the rank of a true mean in the draws."""
    rng = np.random.default_rng(1)
    x = np.linspace(0, 1, VALUES)
    smooth = np.linalg.cholesky(matern(x[:, None] - x[None, :]) + 1e-9 * np.eye(VALUES))
    rows = []
    for _ in range(WORLDS):
        sd, icc = np.exp(rng.normal(0, 2)), rng.choice(ICCS, p=ICC_PRIOR)
        amplitude = np.exp(rng.uniform(np.log(MIN_AMPLITUDE), np.log(6)))
        deviation = min(abs(rng.standard_cauchy()), MAX_DEVIATION)
        shape = amplitude * smooth[rng.integers(len(smooth))] @ rng.normal(size=VALUES)
        truth = 70 + sd * (shape + deviation * rng.normal(size=VALUES))
        common = sd * np.sqrt(icc) * rng.normal(size=6)
        own = sd * np.sqrt(1 - icc) * rng.normal(size=(VALUES, 6))
        scores = [dict(enumerate((truth[i] + common + own[i])[: rng.integers(2, 6)].tolist())) for i in range(VALUES)]
        within = 0.4 * sd
        found = fit(scores, x.tolist())
        stated = found.probability_within(within)
        chosen = int(stated.argmax())
        rank = (found.fixed_draws[:, 3] < truth[3]).mean()
        rows.append((stated[chosen], truth[chosen] >= truth.max() - within, rank))
    return np.array(rows)


@pytest.mark.slow
def test_the_choice_is_right_as_often_as_stated(played: np.ndarray) -> None:
    stated, right, _ = played.T
    error = np.sqrt((stated * (1 - stated)).mean() / WORLDS)
    assert abs(right.mean() - stated.mean()) < 3 * error


@pytest.mark.slow
def test_true_means_are_spread_over_the_quantiles_of_the_posterior(played: np.ndarray) -> None:
    rank = played[:, 2]
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert abs((rank < quantile).mean() - quantile) < 4 * np.sqrt(quantile * (1 - quantile) / WORLDS)
