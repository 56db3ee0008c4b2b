"""Many marks become few, and none is lost."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.plotting.binning import COLUMNS, ROWS, binned


def test_marks_that_lie_on_each_other_become_one_that_counts_them() -> None:
    bins = binned([0, 0, 0, 1], [5, 5, 5, 9], logarithmic=False)
    assert bins.counts == (3, 1)
    assert bins.x == pytest.approx((0, 1), abs=0.51 / COLUMNS)
    assert bins.y == pytest.approx((5, 9), abs=2.1 / ROWS)


def test_no_mark_is_lost() -> None:
    rng = np.random.default_rng(0)
    x, y = 10 ** rng.uniform(-4, 0, 10_000), rng.normal(70, 2, 10_000)
    bins = binned(x.tolist(), y.tolist(), logarithmic=True)
    assert sum(bins.counts) == 10_000
    assert len(bins.counts) <= COLUMNS * ROWS
    assert 1e-4 < min(bins.x) < max(bins.x) < 1


def test_equal_values_are_one_cell() -> None:
    assert binned([2, 2], [3, 3], logarithmic=True).counts == (2,)


def test_a_mark_grows_with_what_it_stands_for() -> None:
    assert binned([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [0] * 11, logarithmic=False).sizes(5) == [5, 9]
