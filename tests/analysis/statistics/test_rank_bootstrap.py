"""Rank stability: against all bootstrap draws counted out, ties, and inputs that can tell nothing."""

from __future__ import annotations

from itertools import product

import pytest

from analysis.results.runs_table import Key
from analysis.statistics.blocks.two_way import TwoWayTable, two_way_table
from analysis.statistics.rank_bootstrap import stability

A, B, C = (Key(name, name, "all") for name in "abc")
SCORES = {
    A: {0: 0.70, 1: 0.80, 2: 0.75, 3: 0.74, 4: 0.76},
    B: {0: 0.72, 1: 0.77, 2: 0.745, 3: 0.75, 4: 0.758},
    C: dict.fromkeys(range(5), 0.5),
}


def _table(scores: dict[Key, dict[int, float]]) -> TwoWayTable:
    table = two_way_table(scores)
    assert table is not None
    return table


def test_shares_are_those_of_all_draws_counted_out() -> None:
    found = stability(_table(SCORES), seed=1, replicates=20_000)
    assert found is not None
    first = [sum(SCORES[A][s] - SCORES[B][s] for s in draw) for draw in product(range(5), repeat=5)]
    share = sum((gap > 1e-9) + 0.5 * (abs(gap) < 1e-9) for gap in first) / 5**5
    assert found.first[A] == pytest.approx(share, abs=0.012)
    assert found.first[C] == 0
    assert sum(found.first.values()) == pytest.approx(1)


def test_equal_configurations_share_the_first_place() -> None:
    found = stability(_table({A: SCORES[A], B: SCORES[A]}), seed=1, replicates=10)
    assert found is not None
    assert found.first == {A: 0.5, B: 0.5}


def test_the_same_seed_gives_the_same_shares() -> None:
    assert stability(_table(SCORES), seed=5, replicates=100) == stability(_table(SCORES), seed=5, replicates=100)


def test_one_configuration_is_always_first() -> None:
    found = stability(_table({A: SCORES[A]}), seed=0, replicates=10)
    assert found is not None
    assert found.first == {A: 1.0}
    assert found.label() == "share of 10 bootstrap draws of 5 seeds, the same for all configurations"


def test_fewer_than_five_common_seeds_are_not_resampled() -> None:
    few = {key: {seed: by_seed[seed] for seed in range(4)} for key, by_seed in SCORES.items()}
    assert stability(_table(few), seed=0) is None
    assert stability(_table(SCORES), seed=0, replicates=10) is not None


def test_configurations_with_too_few_seeds_are_not_resampled() -> None:
    found = stability(_table(SCORES | {C: {9: 0.9}}), seed=0, replicates=10)
    assert found is not None
    assert C not in found.first


def test_a_bootstrap_without_draws_is_refused() -> None:
    with pytest.raises(ValueError, match="replicates = 0"):
        stability(_table(SCORES), seed=0, replicates=0)
