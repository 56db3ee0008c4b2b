"""The luck of a choice is that of simulated choices, and the intervals without it cover as often as they state."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from analysis.findings.choice_score import score_of_choice
from analysis.results.runs_table import Key
from analysis.statistics.intervals import t_interval
from analysis.statistics.ranking import choose
from analysis.statistics.shared_luck import SharedLuck, leave_one_seed_out, shared_luck

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = np.ndarray


def key(place: int) -> Key:
    return Key(f"arm{place}", f"arm{place}", "all")


def table(values: Floats) -> dict[Key, dict[int, float]]:
    """Return values of shape (configurations, seeds) as scores."""
    return {key(place): dict(enumerate(map(float, row))) for place, row in enumerate(values)}


def world(
    rng: np.random.Generator, means: Sequence[float], seeds: int, sd: float, correlation: float
) -> tuple[Floats, Floats]:
    """Return validation and test accuracies (K, S) around the same means, whose luck is correlated."""
    luck, other = rng.standard_normal((2, len(means), seeds))
    shared = correlation * luck + math.sqrt(1 - correlation**2) * other
    return tuple(np.asarray(means)[:, None] + sd * noise for noise in (luck, shared))


@cache
def coverage(means: tuple[float, ...], seeds: int, sd: float, correlation: float, studies: int) -> tuple[float, float]:
    """Return how often the reported interval, and how often the plain one, covers the chosen configuration's mean."""
    rng, hits = np.random.default_rng(19), np.zeros(2)
    for _ in range(studies):
        validation, test = (table(0.8 + part / 100) for part in world(rng, means, seeds, sd, correlation))
        choice = choose(validation)
        assert choice is not None
        truth = 0.8 + means[list(validation).index(choice.key)] / 100
        reported = score_of_choice(choice, shared_luck(validation, test), validation, test).accuracy
        for place, interval in enumerate((reported, t_interval(test[choice.key].values()))):
            assert interval is not None
            assert interval.low is not None
            assert interval.high is not None
            hits[place] += interval.low <= truth <= interval.high
    return tuple(hits / studies)


def test_the_luck_of_the_better_of_two_is_that_of_the_closed_form() -> None:
    """For independent normal errors: sqrt(2) s phi(gap / (sqrt(2) s)), by integration of the larger one."""
    for gap in (0.0, 0.5, 2.0):
        luck = SharedLuck((key(0), key(1)), np.array([0.7 + gap / 100, 0.7]), np.array([0.01, 0.01]), 0.6)
        expected = 0.6 * math.sqrt(2) * 0.01 * stats.norm.pdf(gap / math.sqrt(2))
        assert luck.of_best([key(0), key(1)]) == pytest.approx(expected, abs=3e-4)


def test_the_luck_of_the_best_of_equal_configurations_is_the_expected_maximum() -> None:
    """The mean of the largest of nine standard normal numbers is 1.485 (Harter 1961)."""
    luck = SharedLuck(tuple(map(key, range(9))), np.full(9, 0.7), np.full(9, 0.01), 1.0)
    assert luck.of_best(list(luck.keys)) == pytest.approx(0.01485, rel=0.02)


def test_a_single_configuration_and_a_clear_lead_carry_no_luck() -> None:
    luck = SharedLuck((key(0), key(1)), np.array([0.8, 0.7]), np.array([0.01, 0.01]), 1.0)
    assert luck.of_best([key(1)]) == 0
    assert luck.of_best([key(0), key(1)]) < 1e-6


def test_slope_and_errors_are_those_of_the_two_way_residuals() -> None:
    validation, test = world(np.random.default_rng(0), [0.7, 0.72, 0.69, 0.71], 6, 0.01, 0.7)
    luck = shared_luck(table(validation), table(test))
    assert luck is not None
    first, second = (v - v.mean(1, keepdims=True) - v.mean(0) + v.mean() for v in (validation, test))
    assert luck.slope == pytest.approx((first * second).sum() / (first**2).sum())
    assert luck.errors == pytest.approx(np.full(4, math.sqrt((first**2).sum() / 15 / 6)))
    assert luck.means == pytest.approx(validation.mean(1))


def test_runs_may_be_missing() -> None:
    """The effects of configurations and seeds are exact, so the adjusted means differ as the effects do."""
    effects, seeds = np.array([0.7, 0.72, 0.69]), np.array([0.0, 0.01, -0.02, 0.03])
    validation = table(effects[:, None] + seeds)
    rng = np.random.default_rng(1)
    noisy = {k: {s: v + 1e-6 * rng.normal() for s, v in by_seed.items()} for k, by_seed in validation.items()}
    del noisy[key(0)][3], noisy[key(1)][0]
    luck = shared_luck(noisy, noisy)
    assert luck is not None
    assert luck.means - luck.means[0] == pytest.approx(effects - effects[0], abs=1e-5)
    assert luck.slope == pytest.approx(1)
    assert luck.errors[0] > luck.errors[2]


def test_with_missing_runs_slope_and_errors_are_those_of_the_full_least_squares_design() -> None:
    rng = np.random.default_rng(3)
    validation, test = world(rng, [0.7, 0.72, 0.69, 0.71], 6, 0.01, 0.7)
    kept = rng.random(validation.shape) < 0.75
    scores = [
        {key(i): {s: float(v[i, s]) for s in range(6) if kept[i, s]} for i in range(4)} for v in (validation, test)
    ]
    row, column = np.nonzero(kept)
    design = np.hstack([np.eye(4)[row], np.eye(6)[column]])
    first, second = (v[kept] - design @ np.linalg.lstsq(design, v[kept], rcond=None)[0] for v in (validation, test))
    luck = shared_luck(*scores)
    assert luck is not None
    assert luck.slope == pytest.approx((first * second).sum() / (first**2).sum())
    df = kept.sum() - np.linalg.matrix_rank(design)
    assert luck.errors == pytest.approx(math.sqrt((first**2).sum() / df) / np.sqrt(kept.sum(axis=1)))


def test_configurations_without_a_seed_in_common_are_fitted_without_effects_of_seeds() -> None:
    apart = {key(0): {0: 0.7, 1: 0.72}, key(1): {2: 0.6, 3: 0.64}}
    luck = shared_luck(apart, apart)
    assert luck is not None
    assert luck.means == pytest.approx([0.71, 0.62])


def test_one_seed_shows_no_luck() -> None:
    one = {key(0): {0: 0.7}, key(1): {0: 0.72}}
    assert shared_luck(one, one) is None
    choice = choose(one)
    assert choice is not None
    tested = score_of_choice(choice, None, one, one)
    assert (tested.picked, tested.luck, tested.left_out) == (True, 0, None)


def test_luck_that_is_not_shared_is_not_subtracted() -> None:
    """The slope of independent luck is near 0, and a negative one counts as 0."""
    validation, test = world(np.random.default_rng(2), [0.7] * 9, 12, 0.01, -0.9)
    luck = shared_luck(table(validation), table(test))
    assert luck is not None
    assert luck.slope == 0


def test_each_seed_is_scored_by_what_the_others_choose() -> None:
    """Without seed 2 the first leads by 0.8 to 0.7; without seed 0 or 1 the second leads by 0.8 to 0.65."""
    validation = {key(0): {0: 0.8, 1: 0.8, 2: 0.5}, key(1): {0: 0.7, 1: 0.7, 2: 0.9}}
    test = {key(0): {0: 0.1, 1: 0.2, 2: 0.3}, key(1): {0: 0.4, 1: 0.5, 2: 0.6}}
    left = leave_one_seed_out(validation, test, key(1))
    assert left is not None
    assert left.mean == pytest.approx((0.4 + 0.5 + 0.3) / 3)
    assert (left.seeds, left.same) == (3, 2)


@pytest.mark.slow
def test_the_check_by_leaving_out_a_seed_is_unbiased_where_the_plain_mean_is_not() -> None:
    rng, plain, check = np.random.default_rng(5), [], []
    for _ in range(400):
        validation, test = world(rng, [0.0] * 9, 12, 1.0, 0.7)
        chosen = int(validation.mean(1).argmax())
        left = leave_one_seed_out(table(validation), table(test), key(chosen))
        assert left is not None
        check.append(left.mean)
        plain.append(test[chosen].mean())
    assert float(np.mean(plain)) > 0.25
    assert abs(float(np.mean(check))) < 3 * 0.4 / 20


@pytest.mark.slow
def test_the_interval_of_the_chosen_of_nine_equal_values_covers_as_often_as_it_states() -> None:
    reported, plain = coverage((0.0,) * 9, 12, 0.9, 0.7, 800)
    assert 0.93 <= reported <= 0.97
    assert plain < 0.91


@pytest.mark.slow
@pytest.mark.parametrize(
    ("means", "seeds", "sd"),
    [
        ((0.0,) * 9, 12, 0.9),
        ((0.0,) * 5, 3, 5.7),
        ((0.0,) * 40, 3, 2.0),
        (tuple(-0.15 * (place - 4) ** 2 for place in range(9)), 12, 0.9),
        ((0.0,) * 5 + (-5.0, -10.0, -20.0, -40.0), 12, 0.9),
        ((0.0, 1.0), 12, 0.9),
    ],
)
@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_the_interval_covers_as_often_as_it_states(
    means: tuple[float, ...], seeds: int, sd: float, correlation: float
) -> None:
    reported, _ = coverage(means, seeds, sd, correlation, min(800, 10_000 // len(means)))
    assert 0.93 <= reported <= 0.97
