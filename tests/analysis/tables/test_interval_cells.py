"""Cells with intervals, in a table that states once how many runs they rest on."""

from __future__ import annotations

import pytest

from analysis.statistics.intervals import accuracy_interval
from analysis.tables.interval_cells import IntervalCells, span

SIX = accuracy_interval([0.70, 0.71, 0.72, 0.73, 0.74, 0.75])
FIVE = accuracy_interval([0.70, 0.71, 0.72, 0.73, 0.74])
THREE = accuracy_interval([0.70, 0.71, 0.72])
ONE = accuracy_interval([0.7])
CUT = accuracy_interval([0.99, 1.0, 1.0, 1.0, 1.0])


def test_a_number_that_all_have_is_in_the_note_alone() -> None:
    cells = IntervalCells([SIX, SIX])
    assert cells.cell(SIX) == "72.5 ± 2.0"
    assert cells.note() == "Mean ± half width of the 95 % t-interval; n = 6 seeds everywhere."


def test_a_number_that_differs_from_the_usual_one_is_in_its_cell() -> None:
    cells = IntervalCells([SIX, FIVE, SIX])
    assert cells.cell(FIVE) == "72.0 ± 2.0 (n = 5)"
    assert cells.note().endswith("; n = 6 seeds unless stated otherwise.")


def test_values_of_few_runs_are_explained_only_where_there_are_any() -> None:
    few = "of fewer than 5 seeds, the mean (the values themselves)"
    assert few in IntervalCells([SIX, THREE]).note()
    assert few not in IntervalCells([SIX]).note()
    assert IntervalCells([THREE]).cell(THREE) == "71.0 (70.0, 71.0, 72.0)"


def test_an_interval_that_is_cut_is_explained_only_where_there_is_one() -> None:
    assert "an interval cut at 0 or 100 by its ends" in IntervalCells([CUT, SIX]).note()
    assert "cut" not in IntervalCells([SIX]).note()


def test_one_run_each_has_a_mean_alone() -> None:
    cells = IntervalCells([ONE, ONE])
    assert (cells.cell(ONE), cells.note()) == ("70.0", "Mean; n = 1 seed everywhere.")


def test_what_n_counts_can_be_named() -> None:
    assert IntervalCells([SIX]).note("fold").endswith("n = 6 folds everywhere.")


def test_where_a_column_states_n_the_note_does_not() -> None:
    assert IntervalCells([SIX]).note(unit="") == "Mean ± half width of the 95 % t-interval."


def test_no_interval_needs_no_note() -> None:
    assert IntervalCells([]).note() == ""


def test_a_bar_has_the_ends_of_an_interval_that_has_a_width() -> None:
    assert span(SIX).mean == pytest.approx(72.5)
    assert (span(SIX).low, span(SIX).high) == (pytest.approx(100 * SIX.low), pytest.approx(100 * SIX.high))
    assert span(THREE) == (pytest.approx(71), None, None)
