"""The tables of comparisons: their numbers are those of the statistics behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analysis.report.sections import report_sections
from analysis.results.runs_table import scores
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.hsu import best_set
from analysis.tables.accuracy import results_table
from analysis.tables.comparisons import best_set_tables, compared_tables, seeds_in_words
from trainables.losses.catalogue import CCE
from trainables.numerals import MINUS, ends

if TYPE_CHECKING:
    from factories import Builder


def test_the_set_of_bests_is_tabulated_with_its_intervals_best_mean_first(full_study: Builder) -> None:
    finding = full_study.finding()
    (table,) = best_set_tables(finding)
    model = block_model(scores(finding.results.runs, "selection"))
    assert model is not None
    found = best_set(model)
    expected = {each.key.configuration: each for each in found.candidates}
    assert [row[0] for row in table.rows] == sorted(expected, key=lambda name: -expected[name].mean)
    for name, _, gap, interval, may, _ in table.rows:
        each = expected[name]
        assert each.difference is not None
        assert each.low is not None
        assert each.high is not None
        assert float(gap.replace(MINUS, "-")) == pytest.approx(100 * each.difference, abs=0.051)
        assert interval == ends(100 * each.low, 100 * each.high, sign="+")
        assert may == ("yes" if each.may_be_best else "no")
    assert "Hsu's multiple comparisons with the best" in table.note


def test_one_configuration_has_nothing_to_compare(study: Builder) -> None:
    for seed in range(3):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + seed / 100)
    assert compared_tables(study.finding()) == ()


def test_the_report_has_the_comparisons_and_the_cautions(full_study: Builder) -> None:
    found = {section.title: section for section in report_sections(full_study.report())}
    assert [table.title for table in found["Comparisons"].tables] == [
        "Configurations that may be best",
        "Differences between arms",
        "Differences between arms: further statistics",
    ]


def test_seeds_that_would_halve_the_interval_of_the_choice_are_counted(full_study: Builder) -> None:
    """Six runs: 2.571 / sqrt(6) = 1.049, half of it 0.525; 16 give 2.131 / 4 = 0.533, and 17 give 0.514."""
    text, next_run = seeds_in_words(full_study.finding())
    assert re.fullmatch(r"One more training of it may reach a test accuracy of [\d.]+ to [\d.]+ % \(.*\)\.", next_run)
    assert text.startswith("adaptive T=1000: 6 runs give its test accuracy to ± ")
    assert text.endswith("; 11 more seeds would halve that if the spread stays the same.")


def test_one_run_gives_no_interval_to_halve(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    assert seeds_in_words(study.finding()) == ()


def test_the_note_of_means_names_collapsed_runs_and_the_means_with_them(study: Builder) -> None:
    for seed in range(6):
        study.add("cce", CCE(name="cce"), seed, validation=0.1 if seed == 5 else 0.8 + seed / 1000, test=0.7)
    (cell,) = results_table(study.finding(), "validation").rows[0][1:]
    assert cell.startswith("80.2 ")
    assert "cce: 1 of 6 (2 to 56 %), 68.5 with them." in results_table(study.finding(), "validation").note
