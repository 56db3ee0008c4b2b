"""Agreement over seeds against the published example, and what pairing does to variances and widths."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.results.runs_table import Key
from analysis.statistics.blocks.seed_agreement import seed_agreement
from analysis.statistics.blocks.two_way import TwoWayTable, two_way_table

# Shrout and Fleiss 1979, table 2: six targets rated by four judges. Targets are seeds here, judges configurations.
JUDGES = ([9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7])
SHROUT = {Key(str(i), str(i), "all"): dict(enumerate(map(float, row))) for i, row in enumerate(JUDGES)}
A, B = (Key(name, name, "all") for name in "ab")


def _table(scores: dict[Key, dict[int, float]]) -> TwoWayTable:
    table = two_way_table(scores)
    assert table is not None
    return table


def test_correlations_are_those_of_the_published_example() -> None:
    """Shrout and Fleiss 1979, table 4: ICC(2,1) = .29, ICC(3,1) = .71."""
    found = seed_agreement(_table(SHROUT))
    assert found is not None
    assert found.agreement == pytest.approx(0.29, abs=0.005)
    assert found.consistency == pytest.approx(0.71, abs=0.005)
    assert (found.low, found.high) == (pytest.approx(0.342, abs=0.001), pytest.approx(0.946, abs=0.001))


def test_consistency_is_what_pairing_saves_of_the_variance_of_a_difference() -> None:
    first, second = np.random.default_rng(3).normal(size=(2, 9)) + np.random.default_rng(4).normal(size=9)
    found = seed_agreement(_table({A: dict(enumerate(first)), B: dict(enumerate(second))}))
    assert found is not None
    separate = np.var(first, ddof=1) + np.var(second, ddof=1)
    assert 1 - found.consistency == pytest.approx(np.var(first - second, ddof=1) / separate)


def test_seeds_that_do_not_agree_make_pairing_cost_width() -> None:
    found = seed_agreement(_table({A: {0: 0.1, 1: 0.2, 2: 0.3}, B: {0: 0.3, 1: 0.1, 2: 0.2}}))
    assert found is not None
    assert found.consistency < 0
    assert not found.pairing_helps
    assert "does not narrow" in found.text()


def test_the_interval_holds_the_true_correlation_as_often_as_it_says() -> None:
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(300):
        found = seed_agreement(_table({k: dict(enumerate(r)) for k, r in zip((A, B), _agreeing(rng), strict=True)}))
        assert found is not None
        hits += found.low <= 0.5 <= found.high
    assert hits / 300 == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / 300))


def _agreeing(rng: np.random.Generator) -> np.ndarray:
    return np.asarray(rng.normal(size=8) + rng.normal(size=(2, 8)))


@pytest.mark.parametrize(
    "scores", [{A: {0: 0.1, 1: 0.2}}, {A: {0: 0.1}, B: {0: 0.2}}, {A: {0: 0.1, 1: 0.2}, B: {0: 0.2, 1: 0.3}}]
)
def test_too_little_or_no_spread_gives_no_correlation(scores: dict[Key, dict[int, float]]) -> None:
    assert seed_agreement(_table(scores)) is None


def test_a_level_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="level = 0"):
        seed_agreement(_table(SHROUT), 0.0)


def test_crossed_values_of_two_configurations_have_no_share_of_the_variance() -> None:
    """Equal means over seeds and over configurations: the estimated total variance is 0."""
    found = seed_agreement(_table({A: {0: 0.7, 1: 0.8}, B: {0: 0.8, 1: 0.7}}))
    assert found is not None
    assert found.agreement is None
    assert found.consistency == pytest.approx(-1)
