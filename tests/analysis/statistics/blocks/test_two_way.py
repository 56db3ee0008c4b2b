"""The two-way layout: sums of squares by their definitions, the F test's size, and what shows no spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.results.runs_table import Key
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.blocks.two_way import effect, two_way_table
from analysis.statistics.intervals import p_text

A, B, C = (Key(name, name, "all") for name in "abc")
# Shrout and Fleiss 1979, table 2: six targets rated by four judges. Targets are seeds here, judges configurations.
JUDGES = ([9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7])
SHROUT = {Key(str(i), str(i), "all"): dict(enumerate(map(float, row))) for i, row in enumerate(JUDGES)}


def test_mean_squares_are_those_of_the_published_table() -> None:
    """Shrout and Fleiss 1979, table 3: BMS 11.24, JMS 32.49, EMS 1.02."""
    layout = two_way_table(SHROUT)
    assert layout is not None
    assert layout.seed_square == pytest.approx(11.24, abs=0.005)
    assert layout.configuration_square == pytest.approx(32.49, abs=0.005)
    assert layout.variance == pytest.approx(1.02, abs=0.005)
    assert layout.df == 15


def test_two_configurations_give_the_square_of_the_paired_t() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(2, 8))
    model = block_model({A: dict(enumerate(values[0])), B: dict(enumerate(values[1]))})
    assert model is not None
    gap = values[0] - values[1]
    t = gap.mean() / (gap.std(ddof=1) / math.sqrt(8))
    found = effect(model)
    assert found is not None
    assert found.f == pytest.approx(t**2)
    assert found.df == (1, 7)


def test_only_seeds_that_all_have_are_laid_out() -> None:
    layout = two_way_table({A: {3: 0.3, 1: 0.1, 2: 0.2}, B: {1: 0.5, 3: 0.6, 9: 0.1}, C: {7: 0.1}})
    assert layout is not None
    assert (layout.keys, layout.seeds) == ((A, B), (1, 3))
    assert layout.values.tolist() == [[0.1, 0.3], [0.5, 0.6]]


def test_nothing_has_no_layout() -> None:
    assert two_way_table({}) is None


def test_a_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 4 values are not finite"):
        two_way_table({A: {0: math.nan, 1: 1.0}, B: {0: 1.0, 1: 1.0}})


@pytest.mark.parametrize(
    "scores",
    [
        {A: {0: 0.7, 1: 0.8}},
        {A: {0: 0.7}, B: {0: 0.8}},
        {A: {0: 0.7, 1: 0.8, 2: 0.1}, B: {0: 0.8, 1: 0.9, 2: 0.2}},
    ],
)
def test_one_configuration_one_seed_or_equal_differences_show_no_spread(scores: dict[Key, dict[int, float]]) -> None:
    layout, model = two_way_table(scores), block_model(scores)
    assert layout is not None
    assert model is not None
    assert layout.variance is None
    assert effect(model) is None


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.slow
def test_the_f_test_errs_as_often_as_it_says(missing: float) -> None:
    rng = np.random.default_rng(5)
    keys = [Key(str(i), str(i), "all") for i in range(5)]
    wrong = 0
    for _ in range(400):
        values = rng.normal(size=6) * 2 + rng.normal(size=(5, 6))
        recorded = rng.random((5, 6)) >= missing
        model = block_model({key: {s: values[i, s] for s in range(6) if recorded[i, s]} for i, key in enumerate(keys)})
        assert model is not None
        found = effect(model)
        assert found is not None
        wrong += found.p <= 0.05
    margin = 3 * math.sqrt(0.05 * 0.95 / 400)
    assert wrong / 400 <= 0.05 + margin
    assert missing or wrong / 400 >= 0.05 - margin


def test_the_mean_squares_give_the_f_of_complete_data() -> None:
    layout, model = two_way_table(SHROUT), block_model(SHROUT)
    assert layout is not None
    assert model is not None
    found = effect(model)
    assert found is not None
    assert found.f == pytest.approx(layout.configuration_square / (layout.variance or 0))
    assert found.df == (3, 15)


def test_a_p_value_never_reads_zero() -> None:
    assert [p_text(p) for p in (0.0, 0.0009, 0.0312, 0.5)] == ["p < 0.001", "p < 0.001", "p = 0.031", "p = 0.5"]
