"""Paired tests, Holm's p-values, effect sizes and equivalence against scipy, closed forms and published numbers."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.results.runs_table import Key
from analysis.statistics.pairs.paired_tests import equivalence, hedges, holm, paired_tests

A, B, C = (Key(name, name, "all") for name in "abc")
FIRST = {0: 0.71, 1: 0.74, 2: 0.70, 3: 0.76, 4: 0.73}
SECOND = {0: 0.69, 1: 0.75, 2: 0.66, 3: 0.73, 4: 0.70, 9: 0.1}


def test_p_and_interval_are_those_of_the_paired_t_test() -> None:
    (found,) = paired_tests({A: FIRST, B: SECOND}, [(A, B)])
    expected = stats.ttest_rel(list(FIRST.values()), list(SECOND.values())[:5])
    low, high = expected.confidence_interval(0.95)
    assert found.interval is not None
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.interval.low, found.interval.high) == (pytest.approx(low), pytest.approx(high))
    assert found.interval is not None
    assert (found.interval.n, found.adjusted) == (5, found.p)


def test_holm_multiplies_the_sorted_p_values_and_keeps_their_order() -> None:
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx((0.06, 0.03, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_p_and_bonferroni(p_values: list[float]) -> None:
    for p, adjusted in zip(p_values, holm(p_values), strict=True):
        assert p <= adjusted
        assert adjusted <= 1


def test_holm_rarely_rejects_anything_where_nothing_differs() -> None:
    rng = np.random.default_rng(4)
    keys = [Key(str(i), str(i), "all") for i in range(4)]
    pairs = list(combinations(keys, 2))
    wrong = 0
    for _ in range(300):
        values = rng.normal(size=6) + rng.normal(size=(4, 6))
        found = paired_tests({k: dict(enumerate(row)) for k, row in zip(keys, values, strict=True)}, pairs)
        wrong += any(each.adjusted is not None and each.adjusted <= 0.05 for each in found)
    assert wrong / 300 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_the_effect_is_the_mean_in_standard_deviations_of_the_differences() -> None:
    (found,) = paired_tests({A: FIRST, B: SECOND}, [(A, B)])
    gap = np.array(list(FIRST.values())) - np.array(list(SECOND.values())[:5])
    assert found.effect == pytest.approx(gap.mean() / gap.std(ddof=1))
    assert found.corrected == pytest.approx(found.effect * math.gamma(2) / (math.sqrt(2) * math.gamma(1.5)))


def test_hedges_correction_is_near_its_usual_approximation() -> None:
    for df in (4, 11, 50):
        assert hedges(df) == pytest.approx(1 - 3 / (4 * df - 1), abs=0.003)


def test_the_corrected_effect_is_right_on_average() -> None:
    gaps = np.random.default_rng(6).normal(1, 1, (20_000, 5))
    d = gaps.mean(axis=1) / gaps.std(axis=1, ddof=1)
    assert (d * hedges(4)).mean() == pytest.approx(1, abs=3 * d.std() / math.sqrt(20_000))


def test_pairs_that_cannot_be_tested_count_in_the_family() -> None:
    scores = {A: FIRST, B: SECOND, C: {0: 0.5}}
    tested, single, absent = paired_tests(scores, [(A, B), (A, C), (Key("d", "d", "all"), A)])
    assert tested.p is not None
    assert tested.adjusted == pytest.approx(3 * tested.p)
    assert single.interval is not None
    assert (single.interval.n, single.p, single.adjusted) == (1, None, None)
    assert (single.effect, single.corrected) == (None, None)
    assert absent.interval is None


def test_equal_differences_have_no_p() -> None:
    (found,) = paired_tests({A: {0: 0.7, 1: 0.8}, B: {0: 0.6, 1: 0.7}}, [(A, B)])
    assert found.interval is not None
    assert (found.interval.n, found.p, found.effect) == (2, None, None)


def test_two_pairs_have_no_corrected_effect() -> None:
    (found,) = paired_tests({A: {0: 0.7, 1: 0.8}, B: {0: 0.6, 1: 0.5}}, [(A, B)])
    assert found.effect is not None
    assert found.corrected is None


def test_equivalence_is_the_larger_of_two_one_sided_tests() -> None:
    gap = np.array(list(FIRST.values())) - np.array(list(SECOND.values())[:5])
    found = equivalence(FIRST, SECOND, 5)
    assert found is not None
    below = stats.ttest_1samp(gap, 0.05, alternative="less").pvalue
    above = stats.ttest_1samp(gap, -0.05, alternative="greater").pvalue
    assert found.p == pytest.approx(max(below, above))
    assert found.interval.level == pytest.approx(0.9)


@given(st.lists(st.floats(-0.02, 0.02), min_size=3, max_size=9))
def test_equivalence_is_shown_exactly_when_the_interval_lies_within_the_margin(gaps: list[float]) -> None:
    found = equivalence(dict(enumerate(gaps)), dict.fromkeys(range(len(gaps)), 0.0), 0.5)
    assert found is not None
    if found.interval.low is not None and found.interval.high is not None:
        assert found.shown == (found.interval.low > -0.005 and found.interval.high < 0.005)
    else:
        assert not found.shown


def test_equivalence_is_wrongly_shown_as_seldom_as_it_says() -> None:
    """At a true difference of the margin itself; 12 pairs, so that only that side matters."""
    rng = np.random.default_rng(11)
    zeros = dict.fromkeys(range(12), 0.0)
    found = [equivalence(dict(enumerate(row)), zeros, 0.5) for row in rng.normal(0.005, 0.003, (1000, 12))]
    wrong = sum(each is not None and each.shown for each in found)
    assert wrong / 1000 == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 1000))


def test_equivalence_is_not_shown_by_a_wide_interval_nor_by_one_seed() -> None:
    wide = equivalence({0: 0.71, 1: 0.70}, {0: 0.70, 1: 0.70}, 0.5)
    assert wide is not None
    assert (wide.interval.low, wide.interval.high) == (
        pytest.approx(-0.0266, abs=5e-5),
        pytest.approx(0.0366, abs=5e-5),
    )
    single = equivalence({0: 0.7}, {0: 0.7}, 0.5)
    assert single is not None
    assert (wide.shown, single.p, single.shown) == (False, None, False)
    assert equivalence({0: 0.7}, {1: 0.7}, 0.5) is None


@pytest.mark.parametrize(("margin", "alpha"), [(0.0, 0.05), (math.inf, 0.05), (0.5, 0.5), (0.5, 0.0)])
def test_a_margin_or_alpha_outside_its_range_is_refused(margin: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        equivalence(FIRST, SECOND, margin, alpha)
