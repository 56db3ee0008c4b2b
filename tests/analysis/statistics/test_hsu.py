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
from analysis.statistics.hsu import BestSet, best_set
from analysis.statistics.ranking import on_common_seeds
from analysis.statistics.two_way import two_way_table

A, B, C = (Key(name, name, "all") for name in "abc")
TIMES = 400


def _table(values: np.ndarray) -> dict[Key, dict[int, float]]:
    return {Key(str(i), str(i), "all"): dict(enumerate(map(float, row))) for i, row in enumerate(values)}


def _best_set(scores: dict[Key, dict[int, float]], level: float = 0.95) -> BestSet:
    table = two_way_table(on_common_seeds(scores))
    assert table is not None
    return best_set(table, level)


def test_two_configurations_give_one_sided_paired_t_bounds() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2, 10)) + rng.normal(size=10)
    found = _best_set(_table(values))
    gap = values[0] - values[1]
    bound = stats.t.ppf(0.95, 9) * gap.std(ddof=1) / math.sqrt(10)
    first, second = found.candidates
    assert first.difference == pytest.approx(gap.mean())
    assert (first.low, first.high) == (pytest.approx(gap.mean() - bound), pytest.approx(gap.mean() + bound))
    assert (second.low, second.high) == (pytest.approx(-gap.mean() - bound), pytest.approx(-gap.mean() + bound))


def test_intervals_equal_hsus_formula_for_equal_sizes() -> None:
    values = np.array([[1.0, 2.0, 3.0, 4.0], [2.1, 3.4, 3.9, 5.2], [0.2, 0.1, 0.9, 1.1]])
    found = _best_set(_table(values))
    layout = two_way_table(on_common_seeds(_table(values)))
    assert layout is not None
    assert layout.variance is not None
    d = one_sided(2, 6, 0.95) * math.sqrt(layout.variance * 2 / 4)
    mean = values.mean(axis=1)
    assert d < 1.1  # the second is alone the best, so it is bounded by 0 and the others by its own mean
    assert found.members == (Key("1", "1", "all"),)
    expected = [(mean[0] - mean[1] - d, 0), (0, mean[1] - mean[0] + d), (mean[2] - mean[1] - d, 0)]
    assert [(each.low, each.high) for each in found.candidates] == [pytest.approx(pair) for pair in expected]


@pytest.mark.parametrize("means", [(0, 0, 0, 0), (0, 1, 1.5, 1.5)])
def test_the_intervals_hold_together_as_often_as_they_say(means: tuple[float, ...]) -> None:
    rng = np.random.default_rng(8)
    truth = np.array(means)
    target = [m - max(np.delete(truth, i)) for i, m in enumerate(truth)]
    hits = 0
    for _ in range(TIMES):
        found = _best_set(_table(truth[:, None] + 2 * rng.normal(size=5) + rng.normal(size=(4, 5))))
        hits += all(
            each.low is not None and each.high is not None and each.low <= t <= each.high
            for each, t in zip(found.candidates, target, strict=True)
        )
    assert hits / TIMES >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / TIMES)


@settings(max_examples=15)
@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 10_000))
def test_the_highest_mean_is_always_in_the_set_and_intervals_are_constrained(k: int, n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(k, n))
    found = _best_set(_table(values))
    assert found.members[0] == Key(str(values.mean(axis=1).argmax()), str(values.mean(axis=1).argmax()), "all")
    for each in found.candidates:
        assert each.low is not None
        assert each.high is not None
        assert each.difference is not None
        assert each.low <= 0 <= each.high
        assert each.low <= each.difference <= each.high


def test_seeds_that_raise_all_scores_alike_do_not_widen_the_intervals() -> None:
    found = _best_set({A: {0: 0.7, 1: 0.8, 2: 0.9}, B: {0: 0.681, 1: 0.779, 2: 0.88}})
    assert found.members == (A,)


def test_one_seed_rules_nothing_out() -> None:
    found = _best_set({A: {0: 0.7}, B: {0: 0.1}})
    assert found.members == (A, B)
    assert found.candidates[0].high is None
    assert found.label() == "no interval: no spread seen, n = 1"


def test_equal_differences_rule_nothing_out() -> None:
    found = _best_set({A: {0: 0.7, 1: 0.8}, B: {0: 0.1, 1: 0.2}})
    assert (found.sd, found.members) == (None, (A, B))


def test_one_configuration_is_the_set_and_has_no_interval() -> None:
    found = _best_set({A: {0: 0.7, 1: 0.8}})
    assert found.members == (A,)
    assert (found.candidates[0].difference, found.candidates[0].low) == (None, None)


def test_configurations_without_enough_runs_are_named() -> None:
    assert _best_set({A: {0: 0.7, 1: 0.8, 2: 0.7}, B: {0: 0.6, 1: 0.6, 2: 0.7}, C: {9: 0.9}}).left_out == (C,)


def test_the_label_states_level_model_degrees_of_freedom_and_size() -> None:
    found = _best_set({A: {0: 0.7, 1: 0.8}, B: {0: 0.6, 1: 0.6, 2: 0.7}}, 0.9)
    assert found.label() == (
        "90 % simultaneous intervals, Hsu's comparisons with the best, seeds as blocks of an additive model, one "
        "variance for all configurations, 1 degrees of freedom, n = 2"
    )


def test_a_level_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="level = 1"):
        _best_set({A: {0: 0.7}}, 1.0)
