"""The probabilities of better, alike and worse are those of draws from the posterior."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.pairs.practical_equivalence import practical_equivalence


def test_the_probabilities_are_those_of_draws_from_the_posterior() -> None:
    """Variance: (n - 1) s^2 / chi^2; mean given the variance: normal with the variance / n (the prior 1 / variance)."""
    gaps = np.array([0.008, -0.004, 0.012, 0.001, 0.009])
    found = practical_equivalence(dict(enumerate(gaps)), dict.fromkeys(range(5), 0.0), 0.5)
    assert found is not None
    rng = np.random.default_rng(0)
    variances = 4 * gaps.var(ddof=1) / rng.chisquare(4, 400_000)
    means = rng.normal(gaps.mean(), np.sqrt(variances / 5))
    assert found.better == pytest.approx((means > 0.005).mean(), abs=0.003)
    assert found.worse == pytest.approx((means < -0.005).mean(), abs=0.003)
    assert found.better + found.alike + found.worse == pytest.approx(1)


def test_swapping_the_two_swaps_better_and_worse() -> None:
    first, second = {0: 0.71, 1: 0.74, 2: 0.72}, {0: 0.70, 1: 0.75, 2: 0.70}
    one, other = practical_equivalence(first, second, 0.5), practical_equivalence(second, first, 0.5)
    assert one is not None
    assert other is not None
    assert (one.better, one.worse) == pytest.approx((other.worse, other.better))


def test_differences_without_spread_have_no_posterior() -> None:
    assert practical_equivalence({0: 0.7, 1: 0.8}, {0: 0.6, 1: 0.7}, 0.5) is None
    assert practical_equivalence({0: 0.7}, {1: 0.6}, 0.5) is None


def test_a_margin_lies_above_zero() -> None:
    with pytest.raises(ValueError, match="margin = 0"):
        practical_equivalence({}, {}, 0)
