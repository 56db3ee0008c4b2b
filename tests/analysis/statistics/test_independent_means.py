"""Welch's test from summaries alone equals that from the values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.independent_means import KnownMean, difference, from_half_width, weighted_sum
from analysis.statistics.intervals import t_interval


def known(values: np.ndarray) -> KnownMean:
    interval = t_interval(values)
    assert interval.half_width is not None
    return from_half_width(interval.mean, interval.half_width, interval.n)


def test_a_printed_interval_gives_back_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=12)
    mean = known(values)
    assert (mean.value, mean.error, mean.df) == pytest.approx((values.mean(), stats.sem(values), 11))
    assert mean.half_width() == pytest.approx(t_interval(values).half_width)


@pytest.mark.parametrize("seed", range(5))
def test_a_difference_of_two_summaries_has_welchs_p_and_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(0.5, 1, size=12), rng.normal(0, 3, size=5)
    welch = stats.ttest_ind(first, second, equal_var=False)
    gap = difference(known(first), known(second))
    assert gap.p == pytest.approx(welch.pvalue)
    assert gap.df == pytest.approx(welch.df)
    low, high = welch.confidence_interval(0.9)
    assert (gap.value - gap.half_width(0.9), gap.value + gap.half_width(0.9)) == pytest.approx((low, high))


def test_a_weighted_sum_has_the_variance_of_its_parts() -> None:
    parts = [KnownMean(1.0, 0.3, 11), KnownMean(2.0, 0.4, 11)]
    total = weighted_sum((2, -1), parts)
    assert total.value == 0
    assert total.error**2 == pytest.approx(4 * 0.09 + 0.16)
    assert weighted_sum((3,), parts[:1]).df == pytest.approx(11)
