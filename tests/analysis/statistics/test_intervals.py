"""t-intervals: exact values, coverage, refusals, pairing."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.statistics.intervals import (
    accuracy_interval,
    difference_interval,
    next_accuracy,
    paired_difference,
    t_interval,
)

if TYPE_CHECKING:
    from pathlib import Path

T_975_DF_11 = 2.2009851600916397
VALUES = [75.3, 74.9, 76.1, 75.8, 74.2, 75.5, 75.0, 76.4, 74.7, 75.9, 75.1, 74.8]


def test_interval_equals_the_golden_file(golden: Path) -> None:
    expected = json.loads((golden / "ci.json").read_text())
    interval = t_interval(expected["values"])
    assert interval.n == expected["n"]
    assert interval.mean == pytest.approx(expected["mean"], rel=0, abs=1e-12)
    assert interval.half_width == pytest.approx(expected["half_width_t"], rel=0, abs=1e-12)
    assert [interval.low, interval.high] == pytest.approx(expected["ci"], rel=0, abs=1e-12)


def test_interval_equals_the_formula_with_a_tabulated_quantile() -> None:
    interval = t_interval(VALUES)
    mean = sum(VALUES) / 12
    sd = math.sqrt(sum((value - mean) ** 2 for value in VALUES) / 11)
    assert interval.mean == pytest.approx(mean, rel=0, abs=1e-12)
    assert interval.half_width == pytest.approx(T_975_DF_11 * sd / math.sqrt(12), rel=0, abs=1e-12)
    assert (interval.n, interval.level, interval.method) == (12, 0.95, "t")


@pytest.mark.parametrize("n", [2, 3, 12])
def test_interval_covers_the_mean_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng(7)
    hits = 0
    for sample in rng.normal(0.75, 0.009, (2000, n)):
        interval = t_interval(sample)
        assert interval.low is not None
        assert interval.high is not None
        hits += interval.low <= 0.75 <= interval.high
    assert hits / 2000 == pytest.approx(0.95, abs=0.015)  # three binomial standard deviations


def test_one_value_has_no_interval() -> None:
    interval = t_interval([0.75])
    assert (interval.mean, interval.half_width, interval.low, interval.high) == (0.75, None, None, None)
    assert interval.percent() == "75.0"
    assert interval.label() == "no interval, n = 1"


def test_an_interval_says_its_level_method_and_n() -> None:
    assert t_interval([0.74, 0.76], 0.9).label() == "90 % t-interval, n = 2"


@pytest.mark.parametrize(
    ("values", "level", "message"),
    [
        ([], 0.95, "at least one value"),
        ([0.1, math.nan], 0.95, "1 of 2 are not"),
        ([math.inf], 0.95, "1 of 1 are not"),
        ([0.1, 0.2], 1.0, "level = 1"),
        ([0.1, 0.2], 0.0, "level = 0"),
    ],
)
def test_bad_input_is_refused_by_name(values: list[float], level: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        t_interval(values, level)


def test_pairs_are_made_by_seed_and_only_shared_seeds_count() -> None:
    gap = paired_difference({3: 0.8, 1: 0.7, 9: 0.1}, {1: 0.6, 3: 0.8, 4: 0.9})
    assert gap is not None
    assert gap.n == 2
    assert gap.mean == pytest.approx(0.05)


def test_no_shared_seed_gives_no_difference() -> None:
    assert paired_difference({1: 0.8}, {2: 0.8}) is None


def test_bonferroni_divides_the_error() -> None:
    first, second = {1: 0.8, 2: 0.9, 3: 0.7}, {1: 0.7, 2: 0.7, 3: 0.7}
    gap = paired_difference(first, second, 0.95, comparisons=5)
    assert gap == paired_difference(first, second, 1 - 0.05 / 5)


def test_a_family_has_a_comparison() -> None:
    with pytest.raises(ValueError, match="comparisons = 0"):
        paired_difference({1: 0.8}, {1: 0.8}, comparisons=0)


@pytest.mark.parametrize("values", [[0.75, 0.75], [0.8 - 0.7, 0.9 - 0.8, 0.3 - 0.2], [1.1e-16, 1.1e-16, 2.2e-16]])
def test_equal_values_give_no_certainty(values: list[float]) -> None:
    interval = t_interval(values)
    assert (interval.half_width, interval.low, interval.high) == (None, None, None)
    assert interval.label() == f"no spread seen, n = {len(values)}"
    assert interval.cell() == f"{interval.percent()} (n = {len(values)}, no spread seen)"


def test_of_fewer_than_five_runs_the_runs_are_shown_and_not_an_interval() -> None:
    few, enough = accuracy_interval([0.712, 0.73, 0.708]), accuracy_interval([0.712, 0.73, 0.708, 0.72, 0.715])
    assert few.cell() == "71.7 (71.2, 73.0, 70.8)"
    assert (few.percent(), few.label("fresh seed")) == ("71.7", "n = 3 fresh seeds: 71.2, 73.0, 70.8")
    assert enough.cell() == "71.7 ± 1.1 (n = 5)"
    assert enough.label() == "95 % t-interval, n = 5"
    assert accuracy_interval([0.712]).cell() == "71.2 (n = 1)"
    assert difference_interval([0.01, -0.02]).cell("+") == "\u22120.5 (+1.0, \u22122.0)"
    assert (few.has_width, enough.has_width) == (False, True)


def test_an_interval_of_accuracies_ends_at_0_and_100_percent() -> None:
    high = accuracy_interval([1.0, 0.99, 1.0, 0.98, 1.0])
    low = accuracy_interval([0.0, 0.01, 0.0, 0.02, 0.0])
    assert (high.high, low.low) == (1.0, 0.0)
    assert high.percent() == "99.4 (98.3 to 100.0)"
    assert low.percent() == "0.6 (0.0 to 1.7)"
    assert high.half_width == t_interval([1.0, 0.99, 1.0, 0.98, 1.0]).half_width


def test_cutting_costs_no_coverage() -> None:
    rng = np.random.default_rng(0)
    mean = 0.98
    samples = rng.binomial(50, mean, (2000, 8)) / 50  # accuracies near 1
    covers = [
        [interval.low is not None and interval.low <= mean <= (interval.high or 0) for interval in pair]
        for pair in ((t_interval(sample), accuracy_interval(sample)) for sample in samples.tolist())
    ]
    plain, cut = np.mean(covers, axis=0)
    assert plain == cut


def test_the_next_run_lies_in_the_prediction_interval_of_the_textbook() -> None:
    """Mean ± t(0.975, 11) s sqrt(1 + 1/12)."""
    values = [value / 100 for value in VALUES]
    interval = next_accuracy(accuracy_interval(values))
    assert interval is not None
    expected = T_975_DF_11 * float(np.std(values, ddof=1)) * math.sqrt(1 + 1 / 12)
    assert interval.half_width == pytest.approx(expected)
    assert (interval.low, interval.high) == pytest.approx((np.mean(values) - expected, np.mean(values) + expected))
    assert interval.label() == "95 % prediction-interval, n = 12"


def test_the_next_run_is_held_as_often_as_stated() -> None:
    rng, held = np.random.default_rng(0), 0
    for _ in range(2000):
        *runs, following = rng.normal(0.7, 0.02, 6)
        interval = next_accuracy(accuracy_interval(runs))
        assert interval is not None
        held += (interval.low or 0) <= following <= (interval.high or 0)
    assert 0.935 <= held / 2000 <= 0.965


def test_the_next_run_scores_between_0_and_100_percent_and_one_run_predicts_none() -> None:
    interval = next_accuracy(accuracy_interval([1.0, 0.99, 1.0, 0.98, 1.0]))
    assert interval is not None
    assert interval.high == 1
    assert next_accuracy(accuracy_interval([0.7])) is None
