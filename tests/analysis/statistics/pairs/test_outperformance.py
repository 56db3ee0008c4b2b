"""P(A > B): the share of seeds, with the interval of the score test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.pairs.outperformance import outperformance


@pytest.mark.parametrize(("wins", "n"), [(0, 3), (2, 3), (5, 5), (9, 12)])
def test_the_interval_is_wilsons(wins: int, n: int) -> None:
    first = {seed: float(seed < wins) for seed in range(n)}
    found = outperformance(first, dict.fromkeys(range(n), 0.5))
    expected = stats.binomtest(wins, n).proportion_ci(0.95, method="wilson")
    assert found is not None
    assert (found.share, found.n) == (wins / n, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_tie_counts_as_half_and_only_shared_seeds_count() -> None:
    found = outperformance({0: 0.7, 1: 0.8, 2: 0.9}, {0: 0.7, 1: 0.7, 3: 0.1})
    assert found is not None
    assert (found.share, found.n) == (0.75, 2)


def test_both_orders_add_up_to_one() -> None:
    first, second = {0: 0.7, 1: 0.8, 2: 0.8}, {0: 0.7, 1: 0.7, 2: 0.9}
    one, other = outperformance(first, second), outperformance(second, first)
    assert one is not None
    assert other is not None
    assert one.share + other.share == 1
    assert one.low == pytest.approx(1 - other.high)


def test_without_a_shared_seed_there_is_none() -> None:
    assert outperformance({0: 0.5}, {1: 0.5}) is None


@pytest.mark.parametrize("n", [3, 5, 12])
def test_the_interval_covers_as_often_as_it_states_on_average(n: int) -> None:
    """On average over P(A > B) in [0.5, 1]; that of the percentile bootstrap covers in 49, 65 and 79 %."""
    rng = np.random.default_rng(0)
    half = dict.fromkeys(range(n), 0.5)
    intervals = [outperformance({seed: float(seed < wins) for seed in range(n)}, half) for wins in range(n + 1)]
    truths = rng.uniform(0.5, 1, 40_000)
    drawn = [intervals[wins] for wins in rng.binomial(n, truths)]
    covered = np.mean([i is not None and i.low <= truth <= i.high for i, truth in zip(drawn, truths, strict=True)])
    assert 0.94 <= covered <= 0.965
