"""Gaps pooled over subsets: a t-interval over seeds, and the interaction of a repeated-measures analysis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.intervals import t_interval
from analysis.statistics.pairs.pooled_gap import pooled_gap


def gaps(values: np.ndarray) -> dict[str, dict[int, float]]:
    return {f"subset{b}": dict(enumerate(map(float, row))) for b, row in enumerate(values)}


def test_the_pooled_gap_is_the_t_interval_of_the_seeds_averages() -> None:
    values = np.random.default_rng(0).normal(0.01, 0.01, (3, 6))
    found = pooled_gap(gaps(values))
    assert found is not None
    assert found.interval == t_interval(values.mean(axis=0))


def test_of_two_subsets_the_interaction_is_the_paired_t_test() -> None:
    values = np.random.default_rng(1).normal(0.01, 0.01, (2, 7))
    found = pooled_gap(gaps(values))
    assert found is not None
    assert found.interaction is not None
    test = stats.ttest_rel(*values)
    assert found.interaction.f == pytest.approx(test.statistic**2)
    assert found.interaction.p == pytest.approx(test.pvalue)
    assert found.interaction.epsilon == pytest.approx(1)


def test_of_three_subsets_the_interaction_compares_nested_least_squares_fits() -> None:
    values = np.random.default_rng(2).normal(0, 0.01, (3, 5)) + np.array([[0.0], [0.01], [0.03]])
    subset, seed = np.divmod(np.arange(15), 5)

    def fit(*factors: np.ndarray) -> float:
        design = np.column_stack([(factor[:, None] == np.unique(factor)).astype(float) for factor in factors])
        rest = values.ravel() - design @ np.linalg.lstsq(design, values.ravel(), rcond=None)[0]
        return float((rest**2).sum())

    expected = ((fit(seed) - fit(seed, subset)) / 2) / (fit(seed, subset) / 8)
    found = pooled_gap(gaps(values))
    assert found is not None
    assert found.interaction is not None
    assert found.interaction.f == pytest.approx(expected)
    assert found.interaction.df == (2, 8)


def test_epsilon_is_that_of_the_covariance_of_orthonormal_contrasts() -> None:
    """Greenhouse and Geisser: (sum of eigenvalues)^2 / ((B - 1) sum of squared eigenvalues)."""
    values = np.random.default_rng(3).normal(0, 0.01, (4, 9)) * np.array([[1.0], [1.0], [2.0], [5.0]])
    contrasts = np.linalg.svd(np.eye(4) - 0.25)[0][:, :3]
    eigenvalues = np.linalg.eigvalsh(np.cov(contrasts.T @ values))
    found = pooled_gap(gaps(values))
    assert found is not None
    assert found.interaction is not None
    assert found.interaction.epsilon == pytest.approx(eigenvalues.sum() ** 2 / (3 * (eigenvalues**2).sum()))


def test_unequal_spreads_do_not_make_equal_gaps_differ_too_often() -> None:
    """Without the correction the F test rejects in 11 % of these studies."""
    rng, sds, rejected = np.random.default_rng(4), np.array([[0.6], [0.6], [0.6], [0.6], [2.7]]), 0
    for _ in range(800):
        found = pooled_gap(gaps(sds * rng.standard_normal((5, 12)) + rng.standard_normal(12)))
        assert found is not None
        assert found.interaction is not None
        rejected += found.interaction.p < 0.05
    assert rejected / 800 < 0.07


def test_only_seeds_that_all_subsets_share_count() -> None:
    found = pooled_gap({"clean": {0: 0.1, 1: 0.2, 2: 0.9}, "all": {0: 0.3, 1: 0.5, 3: 0.9}})
    assert found is not None
    assert found.interval.n == 2
    assert found.interval.mean == pytest.approx(0.275)


def test_one_subset_or_one_shared_seed_is_not_pooled() -> None:
    assert pooled_gap({"clean": {0: 0.1, 1: 0.2}}) is None
    assert pooled_gap({"clean": {0: 0.1, 1: 0.2}, "all": {1: 0.3}}) is None
    assert pooled_gap({}) is None


def test_gaps_that_differ_by_constants_have_no_interaction() -> None:
    found = pooled_gap({"clean": {0: 0.1, 1: 0.2}, "all": {0: 0.3, 1: 0.4}})
    assert found is not None
    assert found.interaction is None
