"""Almost stochastic order agrees with the reference implementation, deepsig 1.2.8 (Ulmer et al. 2022)."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.pairs.stochastic_order import almost_stochastic_order

A12 = [-0.052, 0.425, 2.264, 1.259, -1.041, 0.595, -0.023, 0.749, -1.008, 0.842, 0.835, 2.176]
B12 = [0.317, 0.511, -1.493, 2.253, -1.916, 1.102, -0.33, -0.881, -0.656, -0.672, 0.38, -0.11]
A10 = [1.683, -1.63, 0.197, -0.692, 0.976, -1.918, -0.144, 0.41, -1.284, 1.185]
B14 = [0.179, 1.007, 0.959, -0.98, -0.798, -0.203, 0.748, 0.851, -0.71, -0.607, -0.798, -0.584, -0.238, -0.132]


def test_the_violation_is_the_references() -> None:
    """``compute_violation_ratio(A10, B14, dt=1e-5)`` is 0.65716; its integral is a sum, this one is exact."""
    found = almost_stochastic_order(A10, B14, 0)
    assert found is not None
    assert found.violation == pytest.approx(0.65716, abs=1e-4)


def test_the_bound_is_the_references() -> None:
    """``aso(A12, B12)``, the mean of three seeds with 1,000 draws: 0.325, and 1.0 the other way round."""
    found = almost_stochastic_order(A12, B12, 0, draws=20_000)
    assert found is not None
    assert found.bound == pytest.approx(0.325, abs=0.015)
    other = almost_stochastic_order(B12, A12, 0)
    assert other is not None
    assert other.bound == 1


def test_the_violations_of_both_directions_add_up_to_one() -> None:
    one, other = almost_stochastic_order(A10, B14, 0), almost_stochastic_order(B14, A10, 0)
    assert one is not None
    assert other is not None
    assert one.violation + other.violation == pytest.approx(1)


def test_a_score_that_is_always_higher_violates_nothing() -> None:
    found = almost_stochastic_order(np.arange(12) + 20.0, np.arange(12) * 1.0, 0)
    assert found is not None
    assert (found.violation, found.bound) == (0, 0)


def test_the_order_of_the_scores_does_not_matter_and_equal_seeds_give_equal_bounds() -> None:
    assert almost_stochastic_order(A12, B12, 3) == almost_stochastic_order(sorted(A12), sorted(B12), 3)


def test_below_ten_runs_or_with_equal_scores_there_is_none() -> None:
    assert almost_stochastic_order(A12[:9], B12, 0) is None
    assert almost_stochastic_order(A12, A12, 0) is None
