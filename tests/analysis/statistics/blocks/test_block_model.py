"""Seeds as random blocks: the two-way analysis where nothing is missing, dense matrices and simulation elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.results.runs_table import Key
from analysis.statistics.blocks.block_model import BlockModel, block_model
from analysis.statistics.blocks.two_way import two_way_table
from analysis.statistics.intervals import paired_difference

A, B, C = (Key(name, name, "all") for name in "abc")


def _fit(values: np.ndarray, recorded: np.ndarray) -> BlockModel:
    keys = [Key(str(i), str(i), "all") for i in range(len(values))]
    model = block_model({key: {s: values[i, s] for s in np.flatnonzero(recorded[i])} for i, key in enumerate(keys)})
    assert model is not None
    return model


def _dense(model: BlockModel, ratio: float) -> tuple[np.ndarray, float, float, np.ndarray]:
    """Return means, variance, penalised restricted deviance and covariance, by the textbook with N x N matrices."""
    x = np.eye(len(model.keys))[model.configuration]
    z = np.eye(model.seeds)[model.seed]
    v = np.eye(len(model.values)) + ratio * z @ z.T
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    means = np.linalg.solve(information, x.T @ inverse @ model.values)
    residuals = model.values - x @ means
    squares = float(residuals @ inverse @ residuals)
    free = len(model.values) - len(means)
    icc, lowest = ratio / (1 + ratio), -1 / (np.bincount(model.seed).max() - 1)
    deviance = free * math.log(squares) + np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return means, squares / free, deviance - 2 * math.log((1 - icc) * (icc - lowest)), np.linalg.inv(information)


def _incomplete() -> BlockModel:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(4, 7)) + 1.5 * rng.normal(size=7)
    return _fit(values, rng.random((4, 7)) > 0.3)


def test_complete_data_give_the_two_way_analysis() -> None:
    rng = np.random.default_rng(1)
    scores = {key: dict(enumerate(rng.normal(size=6) + rng.normal())) for key in (A, B, C)}
    model, table = block_model(scores), two_way_table(scores)
    assert model is not None
    assert table is not None
    assert model.means.tolist() == pytest.approx(table.means.tolist(), rel=1e-15)
    assert model.variance == pytest.approx(table.variance, rel=1e-14)
    assert model.df == table.df


def test_two_configurations_give_the_paired_t_interval() -> None:
    rng = np.random.default_rng(2)
    first, second = (dict(enumerate(rng.normal(size=9))) for _ in range(2))
    model, gap = block_model({A: first, B: second}), paired_difference(first, second)
    assert model is not None
    assert gap is not None
    variances, df = model.differences_from(0)
    assert model.means[0] - model.means[1] == pytest.approx(gap.mean)
    assert stats.t.ppf(0.975, df[1]) * math.sqrt(variances[1]) == pytest.approx(gap.half_width)


def test_the_ratio_maximises_the_likelihood_and_the_means_are_least_squares() -> None:
    model = _incomplete()
    found = optimize.minimize_scalar(
        lambda icc: _dense(model, icc / (1 - icc))[2], bounds=(-0.3, 0.99), method="bounded", options={"xatol": 1e-9}
    )
    assert model.icc == pytest.approx(found.x, abs=1e-5)
    means, variance, _, _ = _dense(model, model.ratio)
    assert model.means == pytest.approx(means)
    assert model.variance == pytest.approx(variance)


def test_the_variance_of_a_difference_is_that_of_the_least_squares_means_and_a_correction() -> None:
    model = _incomplete()
    covariance = _dense(model, model.ratio)[3]
    assert model.variance is not None
    for i in range(4):
        variances, _ = model.differences_from(i)
        for j in set(range(4)) - {i}:
            plain = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
            assert 1 <= variances[j] / model.variance / plain < 1.3


def test_configurations_without_a_common_seed_differ_by_their_means() -> None:
    model = block_model({A: {0: 0.70, 1: 0.72, 2: 0.71}, B: {5: 0.80, 6: 0.81, 7: 0.83}})
    assert model is not None
    assert model.means.tolist() == pytest.approx([0.71, 2.44 / 3])
    assert model.df == 4
    variance = (0.0002 + 0.00046667) / 4  # pooled: sums of squares over degrees of freedom
    assert model.differences_from(0)[0][1] == pytest.approx(2 * variance / 3, rel=1e-4)


def test_the_order_of_configurations_and_the_names_of_seeds_do_not_matter() -> None:
    scores = {A: {0: 0.7, 1: 0.8, 2: 0.75}, B: {1: 0.7, 2: 0.72}, C: {0: 0.6, 3: 0.7}}
    renamed = {key: {90 - seed: value for seed, value in scores[key].items()} for key in (C, B, A)}
    first, second = block_model(scores), block_model(renamed)
    assert first is not None
    assert second is not None
    assert first.means.tolist() == pytest.approx(second.means[::-1].tolist(), abs=1e-6)


@pytest.mark.parametrize(("k", "n", "missing"), [(2, 5, 0.3), (3, 3, 0.3), (6, 8, 0.2)])
@pytest.mark.parametrize("icc", [0.0, 0.7])
@pytest.mark.slow
def test_intervals_of_differences_cover_as_often_as_they_say(k: int, n: int, missing: float, icc: float) -> None:
    rng = np.random.default_rng(11)
    covered = []
    for _ in range(250):
        values = math.sqrt(icc) * rng.normal(size=n) + math.sqrt(1 - icc) * rng.normal(size=(k, n))
        recorded = rng.random((k, n)) >= missing
        recorded[:2, 0] = True
        recorded[2:, 1] = True
        model = _fit(values, recorded)
        if model.variance is not None and not model.complete:
            variances, df = model.differences_from(0)
            gap = abs(model.means[0] - model.means[1])
            covered.append(gap <= stats.t.ppf(0.975, df[1]) * math.sqrt(variances[1]))
    assert np.mean(covered) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / len(covered))


@pytest.mark.parametrize(
    "scores",
    [{A: {0: 0.7}}, {A: {0: 0.7}, B: {0: 0.8}}, {A: {0: 0.7}, B: {4: 0.8}}, {A: {0: 0.7, 1: 0.7}, B: {0: 0.8}}],
)
def test_without_spread_there_is_no_variance(scores: dict[Key, dict[int, float]]) -> None:
    model = block_model(scores)
    assert model is not None
    assert model.variance is None


def test_nothing_has_no_model() -> None:
    assert block_model({A: {}}) is None


def test_a_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 3 values are not finite"):
        block_model({A: {0: math.nan, 1: 1.0}, B: {0: 1.0}})
