"""How many more seeds: tabulated sample sizes, the power simulated, and what no number of seeds reaches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.pairs.power import power_of, seeds_to_halve, seeds_to_separate


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_sample_sizes_are_those_of_the_tables(effect: float, pairs: int) -> None:
    """G*Power's for the two-sided paired t test at alpha .05 and power .8."""
    assert power_of(effect, pairs) >= 0.8
    assert power_of(effect, pairs - 1) < 0.8
    gap = np.array([-1.0, 1.0, -1.0, 1.0])
    assert seeds_to_separate(list(gap / gap.std(ddof=1) + effect)) == pairs - 4


def test_power_is_the_share_of_simulated_tests_that_reject() -> None:
    gaps = np.random.default_rng(2).normal(0.9, 1, (5000, 12))
    share = (stats.ttest_1samp(gaps, 0, axis=1).pvalue <= 0.05).mean()
    assert share == pytest.approx(power_of(0.9, 12), abs=3 * math.sqrt(0.2 * 0.8 / 5000))


def test_no_effect_is_found_at_the_tests_level() -> None:
    assert power_of(0.0, 7) == pytest.approx(0.05)


@pytest.mark.parametrize("effect", [30.0, 1e3, 1e8])
def test_a_huge_effect_is_always_found_with_enough_pairs(effect: float) -> None:
    assert power_of(effect, 1000) == pytest.approx(1.0)


def test_a_clear_difference_needs_no_more_seeds() -> None:
    assert seeds_to_separate([0.010, 0.011, 0.012, 0.009, 0.010]) == 0


def test_what_ten_thousand_seeds_do_not_reach_is_none() -> None:
    assert seeds_to_separate([1.0, -1.0, 1.0, -0.99]) is None
    assert seeds_to_separate([1.0, -1.0]) is None


def test_no_spread_gives_no_number() -> None:
    assert seeds_to_separate([0.01]) is None
    assert seeds_to_separate([0.01, 0.01]) is None


@pytest.mark.parametrize("n", [2, 3, 5, 12, 40])
def test_the_fewest_seeds_are_added_that_halve_the_width(n: int) -> None:
    def width(m: int) -> float:
        return float(stats.t.ppf(0.975, m - 1)) / math.sqrt(m)

    more = seeds_to_halve(n)
    assert more is not None
    assert more > 0
    assert width(n + more) <= width(n) / 2
    assert n + more - 1 == n or width(n + more - 1) > width(n) / 2


def test_twelve_seeds_need_twenty_nine_more_to_halve() -> None:
    assert seeds_to_halve(12) == 29


def test_one_seed_has_no_width_to_halve() -> None:
    assert seeds_to_halve(1) is None


def test_arguments_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="level"):
        seeds_to_halve(3, 1.0)
    with pytest.raises(ValueError, match="power"):
        seeds_to_separate([0.1, 0.2], power=0.01)
    with pytest.raises(ValueError, match="at least one value"):
        seeds_to_separate([])
