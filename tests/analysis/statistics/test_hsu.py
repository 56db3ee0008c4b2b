"""Comparisons with the best: formulas, coverage, and inputs that can tell nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.results.runs_table import Key
from analysis.statistics.dunnett import one_sided
from analysis.statistics.hsu import best_set
from analysis.statistics.two_way import two_way_table

A, B, C = (Key(name, name, "all") for name in "abc")
TIMES = 400


def _table(values: np.ndarray) -> dict[Key, dict[int, float]]:
    return {Key(str(i), str(i), "all"): dict(enumerate(map(float, row))) for i, row in enumerate(values)}


def test_two_configurations_give_one_sided_paired_t_bounds() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2, 10)) + rng.normal(size=10)
    found = best_set(_table(values))
    assert found is not None
    gap = values[0] - values[1]
    bound = stats.t.ppf(0.95, 9) * gap.std(ddof=1) / math.sqrt(10)
    first, second = found.candidates
    assert first.difference == pytest.approx(gap.mean())
    assert (first.low, first.high) == (pytest.approx(gap.mean() - bound), pytest.approx(gap.mean() + bound))
    assert (second.low, second.high) == (pytest.approx(-gap.mean() - bound), pytest.approx(-gap.mean() + bound))


def test_intervals_equal_hsus_formula_for_equal_sizes() -> None:
    values = np.array([[1.0, 2.0, 3.0, 4.0], [2.1, 3.4, 3.9, 5.2], [0.2, 0.1, 0.9, 1.1]])
    found = best_set(_table(values))
    layout = two_way_table(_table(values))
    assert found is not None
    assert layout is not None
    assert layout.variance is not None
    d = one_sided(4, [4, 4], 6, 0.95) * math.sqrt(layout.variance * 2 / 4)
    mean = values.mean(axis=1)
    assert d < 1.1  # the second is alone the best, so it is bounded by 0 and the others by its own mean
    assert found.members == (Key("1", "1", "all"),)
    expected = [(mean[0] - mean[1] - d, 0), (0, mean[1] - mean[0] + d), (mean[2] - mean[1] - d, 0)]
    assert [(each.low, each.high) for each in found.candidates] == [pytest.approx(pair) for pair in expected]


def test_unequal_sizes_use_each_configurations_own_critical_value() -> None:
    scores = {A: {0: 1.0, 1: 2.0}, B: {5: 3.0, 6: 2.0, 7: 2.5, 8: 3.5}, C: {0: 0.0, 1: 1.0, 2: 0.5}}
    found = best_set(scores, paired=False)
    assert found is not None
    assert (found.design, found.df) == ("unpaired", 6)
    sd = math.sqrt((0.5 + 1.25 + 0.5) / 6)
    assert found.sd == pytest.approx(sd)
    own = one_sided(2, [4, 3], 6, 0.95)
    high = min(1.5 - 2.75 + own * sd * math.sqrt(1 / 2 + 1 / 4), 1.5 - 0.5 + own * sd * math.sqrt(1 / 2 + 1 / 3))
    assert found.candidates[0].high == pytest.approx(max(0, high))
    best = one_sided(4, [2, 3], 6, 0.95)
    assert found.candidates[0].low == pytest.approx(1.5 - 2.75 - best * sd * math.sqrt(1 / 2 + 1 / 4))


def test_a_configuration_is_ruled_out_exactly_where_scipys_dunnett_test_rejects_it_as_the_control() -> None:
    rng = np.random.default_rng(15)
    for _ in range(12):
        runs = [rng.normal(mean, 1, n) for mean, n in ((0, 4), (0.8, 6), (1.6, 9))]
        found = best_set(dict(zip((A, B, C), (dict(enumerate(each)) for each in runs), strict=True)), paired=False)
        assert found is not None
        for i, each in enumerate(found.candidates):
            others = [*runs[:i], *runs[i + 1 :]]
            p = stats.dunnett(*others, control=runs[i], alternative="greater", rng=1).pvalue.min()
            assert each.may_be_best == (p > 0.05)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("means", [(0, 0, 0, 0), (0, 1, 1.5, 1.5)])
def test_the_intervals_hold_together_as_often_as_they_say(means: tuple[float, ...], paired: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(8)
    truth = np.array(means)
    target = [m - max(np.delete(truth, i)) for i, m in enumerate(truth)]
    block = 2.0 if paired else 0.0
    hits = 0
    for _ in range(TIMES):
        found = best_set(_table(truth[:, None] + block * rng.normal(size=5) + rng.normal(size=(4, 5))), paired=paired)
        assert found is not None
        hits += all(
            each.low is not None and each.high is not None and each.low <= t <= each.high
            for each, t in zip(found.candidates, target, strict=True)
        )
    assert hits / TIMES >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / TIMES)


def test_the_set_holds_the_best_of_unequal_sizes_as_often_as_it_says() -> None:
    """With equal means each is the best; the least often kept is the one to look at."""
    rng = np.random.default_rng(9)
    kept = np.zeros(3)
    for _ in range(TIMES):
        scores = {key: dict(enumerate(rng.normal(size=n))) for key, n in zip((A, B, C), (2, 4, 12), strict=True)}
        found = best_set(scores, paired=False)
        assert found is not None
        kept += [key in found.members for key in (A, B, C)]
    assert np.abs(kept / TIMES - 0.95).max() < 3.5 * math.sqrt(0.05 * 0.95 / TIMES)


@settings(max_examples=15)
@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 10_000))
def test_the_highest_mean_is_always_in_the_set_and_intervals_are_constrained(k: int, n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(k, n))
    found = best_set(_table(values))
    assert found is not None
    assert found.members[0] == Key(str(values.mean(axis=1).argmax()), str(values.mean(axis=1).argmax()), "all")
    for each in found.candidates:
        assert each.low is not None
        assert each.high is not None
        assert each.difference is not None
        assert each.low <= 0 <= each.high
        assert each.low <= each.difference <= each.high


def test_pairing_rules_out_what_unpaired_runs_would_not() -> None:
    scores = {A: {0: 0.7, 1: 0.8, 2: 0.9}, B: {0: 0.681, 1: 0.779, 2: 0.88}}
    paired, unpaired = best_set(scores), best_set(scores, paired=False)
    assert paired is not None
    assert unpaired is not None
    assert paired.members == (A,)
    assert unpaired.members == (A, B)


def test_one_seed_rules_nothing_out() -> None:
    for paired in (True, False):
        found = best_set({A: {0: 0.7}, B: {0: 0.1}}, paired=paired)
        assert found is not None
        assert found.members == (A, B)
        assert found.candidates[0].high is None
        assert found.label() == "no interval: no spread seen, n = 1"


def test_equal_differences_rule_nothing_out() -> None:
    found = best_set({A: {0: 0.7, 1: 0.8}, B: {0: 0.1, 1: 0.2}})
    assert found is not None
    assert (found.sd, found.members) == (None, (A, B))


def test_one_configuration_is_the_set_and_has_no_interval() -> None:
    found = best_set({A: {0: 0.7, 1: 0.8}}, paired=False)
    assert found is not None
    assert found.members == (A,)
    assert (found.candidates[0].difference, found.candidates[0].low) == (None, None)


def test_nothing_has_no_best() -> None:
    assert best_set({}) is None
    assert best_set({A: {}}, paired=False) is None


def test_configurations_without_enough_runs_are_named() -> None:
    scores = {A: {0: 0.7, 1: 0.8, 2: 0.7}, B: {0: 0.6, 1: 0.6, 2: 0.7}, C: {9: 0.9}}
    paired, unpaired = best_set(scores), best_set(scores | {C: {}}, paired=False)
    assert paired is not None
    assert unpaired is not None
    assert (paired.left_out, unpaired.left_out) == ((C,), (C,))


def test_the_label_says_design_level_and_sizes() -> None:
    found = best_set({A: {0: 0.7, 1: 0.8}, B: {0: 0.6, 1: 0.6, 2: 0.7}}, 0.9, paired=False)
    assert found is not None
    assert found.label() == (
        "90 % simultaneous intervals, Hsu's comparisons with the best, unpaired runs, one variance for all "
        "configurations, 3 degrees of freedom, n = 2 to 3"
    )


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="level = 1"):
        best_set({A: {0: 0.7}}, 1.0)
    for paired in (True, False):
        with pytest.raises(ValueError, match="not"):
            best_set({A: {0: math.nan, 1: 1.0}, B: {0: 1.0, 1: 1.0}}, paired=paired)
