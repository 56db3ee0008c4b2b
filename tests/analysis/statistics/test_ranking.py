"""The choice: by validation alone, with paired comparisons that say what is not told apart."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.results.runs_table import Key
from analysis.statistics.ranking import best_per_arm, choose, rank

A, B, C = (Key(name, name, "all") for name in "abc")


def test_without_a_complete_run_there_is_no_choice() -> None:
    assert choose({}) is None


def test_pairing_tells_apart_what_overlapping_intervals_would_not() -> None:
    seeds = {0: 0.70, 1: 0.75, 2: 0.80, 3: 0.85}
    lower = {seed: value - 0.01 - 0.0005 * (seed % 2) for seed, value in seeds.items()}
    choice = choose({A: lower, B: seeds})
    assert choice is not None
    assert choice.key == B
    assert choice.not_told_apart == ()


def test_an_unclear_lead_is_not_told_apart() -> None:
    choice = choose({A: {0: 0.7, 1: 0.8}, B: {0: 0.75, 1: 0.74}, C: {0: 0.1, 1: 0.2}})
    assert choice is not None
    assert choice.key == A
    assert B in choice.not_told_apart


def test_one_lucky_seed_does_not_win_against_a_mean() -> None:
    choice = choose({A: {0: 0.99}, B: {0: 0.7, 1: 0.71}})
    assert choice is not None
    assert choice.key == B
    assert choice.ranking.too_few == (A,)


def test_means_are_taken_over_the_seeds_that_all_have() -> None:
    """A has the higher mean over its own seeds, because the hard seed 3 is not among them."""
    a = {0: 0.80, 1: 0.81, 2: 0.79}
    b = {0: 0.82, 1: 0.82, 2: 0.81, 3: 0.50}
    choice = choose({A: a, B: b})
    assert choice is not None
    assert choice.key == B
    assert choice.validation.n == 3
    assert choice.validation.mean == pytest.approx(2.45 / 3)
    assert choice.ranking.too_few == ()


def test_too_few_common_seeds_leave_a_configuration_unranked() -> None:
    scores = {A: dict.fromkeys(range(6), 0.7), B: {0: 0.9, 1: 0.9}, C: {3: 0.6, 4: 0.6, 5: 0.6}}
    choice = choose(scores)
    assert choice is not None
    assert choice.ranking.keys == (A, C)
    assert choice.ranking.too_few == (B,)
    assert best_per_arm(rank(scores)) == {"a": A, "c": C, "b": B}


def test_equal_differences_do_not_tell_apart() -> None:
    choice = choose({A: {0: 0.8, 1: 0.9}, B: {0: 0.7, 1: 0.8}})
    assert choice is not None
    assert choice.not_told_apart == (B,)


def test_equal_means_keep_the_plans_order_and_are_not_told_apart() -> None:
    choice = choose({A: {0: 0.7, 1: 0.8}, B: {0: 0.7, 1: 0.8}})
    assert choice is not None
    assert (choice.key, choice.not_told_apart) == (A, (B,))


def test_each_arm_is_represented_by_its_best_configuration() -> None:
    low, high = Key("a", "a T=1", "all"), Key("a", "a T=2", "all")
    best = best_per_arm(rank({low: {0: 0.7}, B: {0: 0.75}, high: {0: 0.8}}))
    assert best == {"a": high, "b": B}
    assert list(best) == ["a", "b"]


def test_the_truly_best_is_rarely_set_apart() -> None:
    """Among 7 configurations of equal mean, any that is set apart is a mistake: at most 5 % of studies make one."""
    rng = np.random.default_rng(3)
    names = [Key(str(i), str(i), "all") for i in range(7)]
    mistakes = 0
    for _ in range(300):
        values = 0.8 + 0.01 * rng.normal(size=(1, 6)) + 0.003 * rng.normal(size=(7, 6))
        choice = choose({key: dict(enumerate(row)) for key, row in zip(names, values, strict=True)})
        assert choice is not None
        mistakes += names[0] not in (choice.key, *choice.not_told_apart)
    assert mistakes / 300 <= 0.05


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_outside_its_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        choose({A: {0: 0.7, 1: 0.8}}, level)
