"""Runs set aside as collapsed: which are, which are not, and how often by mistake."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.collapse import Collapses, collapse_rate, find_collapses


def _scores(values: dict[str, list[float]]) -> dict[str, dict[int, float]]:
    return {key: dict(enumerate(row)) for key, row in values.items()}


def _find(values: dict[str, list[float]], point: float = 1.0) -> Collapses[str, int]:
    return find_collapses(_scores(values), point)


SOUND = [80.1, 79.2, 80.6, 79.9, 80.3, 81.0, 79.5, 80.2, 79.8, 80.4, 80.7]


def test_one_run_of_twelve_at_chance_is_set_aside() -> None:
    found = _find({"a": [*SOUND[:4], 8.0, *SOUND[4:]], "b": [value - 1 for value in SOUND]})
    assert found.collapsed == {"a": (4,)}
    assert list(found.sound["a"].values()) == SOUND
    assert found.undecided == ()


def test_fractions_and_points_set_aside_the_same_runs() -> None:
    values = {"a": [*SOUND, 70.0, 8.0], "b": SOUND}
    fractions = {key: [value / 100 for value in row] for key, row in values.items()}
    assert _find(values).collapsed == _find(fractions, 0.01).collapsed == {"a": (11, 12)}


def test_less_than_five_points_is_no_collapse_however_small_the_spread() -> None:
    rows = [80 + 0.001 * value for value in SOUND]
    assert _find({"a": [*rows, 75.2], "b": rows}).collapsed == {}
    assert _find({"a": [*rows, 74.9], "b": rows}).collapsed == {"a": (11,)}


def test_a_run_far_above_the_others_is_kept() -> None:
    assert _find({"a": [10.0, 10.2, 9.9, 10.1, 80.0], "b": [10.3, 10.1, 9.8, 10.2, 10.0]}).collapsed == {}


def test_of_two_runs_that_differ_neither_is_set_aside_and_the_configuration_is_undecided() -> None:
    found = _find({"a": [8.0, 80.0], "b": [79.5, 80.1], "c": [79.0, 78.4], "d": [80.0, 80.3]})
    assert found.collapsed == {}
    assert found.undecided == ("a",)


def test_a_configuration_that_mostly_collapses_keeps_its_runs_and_hides_no_other_collapse() -> None:
    found = _find({"a": [8.0, 8.1, 80.0], "b": [79.5, 8.0, 80.1], "c": [79.0, 78.4, 79.3], "d": [80.0, 80.3, 80.9]})
    assert found.collapsed == {"b": (1,)}


def test_single_runs_are_kept() -> None:
    assert _find({"a": [8.0], "b": [80.0], "c": []}).sound == {"a": {0: 8.0}, "b": {0: 80.0}, "c": {}}


def test_equal_runs_beside_a_collapse_show_it() -> None:
    assert _find({"a": [80.0] * 5 + [8.0]}).collapsed == {"a": (5,)}


@pytest.mark.parametrize("spreads", [[1.0] * 9, [5.7] * 9, [0.65] * 8 + [2.6], list(np.geomspace(0.65, 2.6, 9))])
@pytest.mark.parametrize("n", [2, 3, 4, 6, 12])
def test_normal_scores_are_kept(n: int, spreads: list[float]) -> None:
    rng = np.random.default_rng(n)
    studies = 150
    mistaken = 0
    for _ in range(studies):
        found = _find({str(i): list(80 + sd * rng.normal(size=n)) for i, sd in enumerate(spreads)})
        mistaken += bool(found.collapsed) or bool(found.undecided)
    assert mistaken <= 0.02 * studies


def test_few_runs_of_heavy_tailed_scores_are_set_aside() -> None:
    rng = np.random.default_rng(3)
    studies = 200
    out = 0
    for _ in range(studies):
        found = _find({str(i): list(80 + 0.6 * rng.standard_t(3, size=12)) for i in range(9)})
        out += sum(map(len, found.collapsed.values()))
    assert out <= 0.0015 * studies * 9 * 12


def test_nearly_all_collapses_to_chance_are_found() -> None:
    rng = np.random.default_rng(4)
    found, planted = 0, 0
    for _ in range(100):
        values = 80 + 0.9 * rng.normal(size=(9, 6))
        lost = rng.random((9, 6)) < 0.05
        lost &= lost.sum(axis=1, keepdims=True) < 3  # half of six or more cannot be set aside
        values[lost] = 8.0
        sets = _find({str(i): list(row) for i, row in enumerate(values)}).collapsed
        planted += int(lost.sum())
        found += sum(len(set(runs) & set(np.flatnonzero(lost[int(key)]))) for key, runs in sets.items())
    assert found >= 0.99 * planted


@settings(max_examples=60)
@given(
    st.dictionaries(st.integers(0, 9), st.lists(st.floats(0, 100), max_size=8), max_size=6), st.sampled_from([0.01, 1])
)
def test_a_minority_is_set_aside_and_every_run_is_accounted_for(values: dict[int, list[float]], point: float) -> None:
    scores = {key: dict(enumerate(row)) for key, row in values.items()}
    found = find_collapses(scores, point)
    assert list(found.sound) == list(scores)
    for key, runs in scores.items():
        out = found.collapsed.get(key, ())
        assert 2 * len(out) < max(1, len(runs))
        assert found.sound[key] == {run: score for run, score in runs.items() if run not in out}
        assert all(runs[run] < min(found.sound[key].values()) for run in out)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 800), min_size=1, max_size=8), min_size=1, max_size=5), st.integers(-50, 50))
def test_a_shift_of_all_scores_changes_nothing(eighths: list[list[int]], shift: int) -> None:
    values = {str(i): [value / 8 for value in row] for i, row in enumerate(eighths)}  # sums are exact
    shifted = {key: [value + shift for value in row] for key, row in values.items()}
    assert _find(values).collapsed == _find(shifted).collapsed


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        _find({"a": [1.0, float("nan")]})


def test_a_point_is_above_zero() -> None:
    with pytest.raises(ValueError, match="point = 0"):
        _find({"a": [1.0]}, 0)


def test_the_rates_interval_is_jeffreys() -> None:
    rate = collapse_rate(1, 12)
    assert (rate.low, rate.high) == pytest.approx(stats.beta.interval(0.95, 1.5, 11.5))
    assert rate.text() == "1 of 12 (1 to 33 %)"
    assert (collapse_rate(0, 5).low, collapse_rate(5, 5).high) == (0.0, 1.0)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_an_impossible_rate_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match=f"k = {k}, n = {n}"):
        collapse_rate(k, n)
