"""Published gaps beside our own: direction, size, and what our runs cannot say."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from analysis.findings.claims import check
from analysis.findings.published import CLAIMS
from analysis.statistics.intervals import t_interval

CCE_CLAIM = CLAIMS[0]  # 75.3 ± 0.5 minus 70.6 ± 0.6, 12 runs each


def test_a_gap_wholly_above_zero_supports_and_its_size_is_compared() -> None:
    found = check(CCE_CLAIM, t_interval([0.046, 0.049, 0.047, 0.048]))
    assert found.direction == "holds"
    assert found.text().startswith("Our runs support the published claim that adaptive beats CCE on all (4.8 ± 0.2 po")
    assert "Its size agrees with the published 4.7 points" in found.text()


def test_a_gap_wholly_below_zero_contradicts() -> None:
    found = check(CCE_CLAIM, t_interval([-0.02, -0.021, -0.019]))
    assert found.direction == "contradicted"
    assert "differs from the published 4.7 points" in found.text()


def test_a_gap_around_zero_leaves_it_open() -> None:
    found = check(CCE_CLAIM, t_interval([-0.02, 0.021]))
    assert found.direction == "open"
    assert "neither support nor contradict" in found.text()


def test_one_run_says_nothing() -> None:
    found = check(CCE_CLAIM, t_interval([0.05]))
    assert (found.direction, found.excess) == ("open", None)
    assert found.text() == (
        "Our runs do not test the published claim that adaptive beats CCE on all: no interval, n = 1."
    )


def test_the_excess_adds_the_standard_errors_in_squares() -> None:
    gap = t_interval([0.046, 0.049, 0.044, 0.048])
    found = check(CCE_CLAIM, gap)
    assert found.excess is not None
    t = float(stats.t.ppf(0.975, 11))
    errors = [(0.5 / t, 11), (0.6 / t, 11), (stats.sem([4.6, 4.9, 4.4, 4.8]), 3)]
    variance = sum(e**2 for e, _ in errors)
    df = variance**2 / sum(e**4 / own for e, own in errors)
    assert found.excess.half_width == pytest.approx(stats.t.ppf(0.975, df) * math.sqrt(variance))
    assert found.excess.mean == pytest.approx(4.675 - 4.7)
