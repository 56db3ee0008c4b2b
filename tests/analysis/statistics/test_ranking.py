"""The choice: by validation alone, from every run, with the set of those that may be the best."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.results.runs_table import Key
from analysis.statistics.ranking import best_per_arm, choose, rank

A, B, C = (Key(name, name, "all") for name in "abc")


def test_without_a_complete_run_there_is_no_choice() -> None:
    assert choose({}) is None


def test_pairing_rules_out_what_overlapping_intervals_would_not() -> None:
    seeds = {0: 0.70, 1: 0.75, 2: 0.80, 3: 0.85}
    lower = {seed: value - 0.01 - 0.0005 * (seed % 2) for seed, value in seeds.items()}
    choice = choose({A: lower, B: seeds})
    assert choice is not None
    assert choice.key == B
    assert choice.best_set.members == (B,)


def test_an_unclear_lead_rules_nothing_out() -> None:
    choice = choose({A: {0: 0.7, 1: 0.8}, B: {0: 0.75, 1: 0.74}, C: {0: 0.1, 1: 0.2}})
    assert choice is not None
    assert choice.key == A
    assert choice.best_set.members[:2] == (A, B)


def test_one_lucky_run_does_not_win_against_a_mean_but_may_be_the_best() -> None:
    choice = choose({A: {0: 0.74}, B: {0: 0.69, 1: 0.71}})
    assert choice is not None
    assert choice.key == B
    assert set(choice.best_set.members) == {A, B}
    assert choice.ranking.keys == (B, A)


def test_a_few_runs_far_ahead_of_all_others_are_chosen() -> None:
    many = {seed: 0.70 + 0.001 * (seed % 3) for seed in range(8)}
    other = {seed: value - 0.01 + 0.0005 * (seed % 2) for seed, value in many.items()}
    choice = choose({A: {0: 0.90, 1: 0.901}, B: many, C: other})
    assert choice is not None
    assert choice.key == A


def test_means_are_adjusted_for_the_seeds() -> None:
    """A has the higher mean over its own seeds, because the hard seeds 6 and 7 are not among them."""
    a = {0: 0.80, 1: 0.81, 2: 0.79, 3: 0.70, 4: 0.72, 5: 0.76}
    b = {seed: value + 0.01 + 0.001 * (seed % 2) for seed, value in a.items()} | {6: 0.60, 7: 0.61}
    choice = choose({A: a, B: b})
    assert choice is not None
    assert choice.key == B
    assert choice.validation.n == 8
    assert choice.mean > choice.ranking.means[A]


def test_configurations_without_a_common_seed_are_ranked() -> None:
    scores = {A: dict.fromkeys(range(6), 0.7), B: {6: 0.9, 7: 0.91, 8: 0.9}, C: {3: 0.6, 4: 0.61, 5: 0.6}}
    choice = choose(scores)
    assert choice is not None
    assert choice.ranking.keys == (B, A, C)
    assert list(best_per_arm(rank(scores))) == ["b", "a", "c"]


def test_equal_differences_rule_nothing_out() -> None:
    choice = choose({A: {0: 0.8, 1: 0.9}, B: {0: 0.7, 1: 0.8}})
    assert choice is not None
    assert choice.best_set.members == (A, B)


def test_equal_means_tie_and_keep_the_plans_order() -> None:
    choice = choose({A: {0: 0.7, 1: 0.8}, B: {0: 0.7, 1: 0.8}})
    assert choice is not None
    assert (choice.key, choice.tied) == (A, (A, B))


def test_each_arm_is_represented_by_its_best_configuration() -> None:
    low, high = Key("a", "a T=1", "all"), Key("a", "a T=2", "all")
    best = best_per_arm(rank({low: {0: 0.7}, B: {0: 0.75}, high: {0: 0.8}}))
    assert best == {"a": high, "b": B}
    assert list(best) == ["a", "b"]


@pytest.mark.slow
def test_the_truly_best_is_rarely_ruled_out() -> None:
    """Among 7 configurations of equal mean, a given one is ruled out in 5 % of studies at most."""
    rng = np.random.default_rng(3)
    names = [Key(str(i), str(i), "all") for i in range(7)]
    mistakes = 0
    for _ in range(300):
        values = 0.8 + 0.01 * rng.normal(size=(1, 6)) + 0.003 * rng.normal(size=(7, 6))
        choice = choose({key: dict(enumerate(row)) for key, row in zip(names, values, strict=True)})
        assert choice is not None
        mistakes += names[0] not in choice.best_set.members
    assert mistakes / 300 <= 0.05 + 2 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_outside_its_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        choose({A: {0: 0.7, 1: 0.8}}, level)
