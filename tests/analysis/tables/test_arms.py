"""The tables of differences between arms: their numbers are those of the statistics behind them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from analysis.report.json_report import report_json
from analysis.results.runs_table import Key
from analysis.statistics.intervals import p_cell
from analysis.statistics.pairs.outperformance import outperformance
from analysis.statistics.pairs.paired_tests import paired_tests
from analysis.statistics.pairs.practical_equivalence import practical_equivalence
from analysis.tables.arms import arm_tables
from analysis.text.phrases import chance
from trainables.losses.catalogue import CCE, GCE
from trainables.numerals import MINUS, hundredfold

if TYPE_CHECKING:
    from factories import Builder

ADAPTIVE, BASE, GENERALIZED = (
    Key("adaptive", "adaptive T=1000", "all"),
    Key("cce", "cce", "all"),
    Key("gce", "gce", "all"),
)


def two_subsets(study: Builder) -> None:
    """Add CCE and GCE with four seeds on two subsets; GCE's gains differ."""
    for subset, gains in (("all", (0.01, 0.02, 0.01, 0.03)), ("clean", (0.03, 0.05, 0.03, 0.04))):
        for seed, gain in enumerate(gains):
            study.add("cce", CCE(name="cce"), seed, subset=subset, test=0.7)
            study.add("gce", GCE(name="gce"), seed, subset=subset, test=0.7 + gain)


def test_the_main_table_has_the_difference_holms_p_who_scores_higher_and_whether_it_matters(
    full_study: Builder,
) -> None:
    finding = full_study.finding()
    main = arm_tables(finding)[0]
    tests = paired_tests(finding.compared_scores, [(ADAPTIVE, BASE), (ADAPTIVE, GENERALIZED), (BASE, GENERALIZED)])
    assert len(main.rows) == len(tests)
    for row, test in zip(main.rows, tests, strict=True):
        first, second = (finding.compared_scores[key] for key in (test.first, test.second))
        assert row[:2] == (test.first.configuration, test.second.configuration)
        assert test.interval is not None
        assert test.interval.half_width is not None
        assert test.adjusted is not None
        mean, half_width = hundredfold(test.interval.mean, sign="+"), hundredfold(test.interval.half_width)
        assert row[2] == f"{mean} ± {half_width}"
        assert row[3] == p_cell(test.adjusted)
        wins, practical = outperformance(first, second), practical_equivalence(first, second, 0.5)
        assert wins is not None
        assert practical is not None
        assert row[4] == f"{wins.share * 6:g} of 6 ({wins.low:.2f} to {wins.high:.2f})"
        assert row[5] == ", ".join(map(chance, (practical.better, practical.alike, practical.worse)))
    assert "n = 6 seeds everywhere" in main.note


def test_further_statistics_have_a_table_of_their_own(full_study: Builder) -> None:
    finding = full_study.finding()
    *_, further = arm_tables(finding)
    assert further.header[2:] == ("p", "Effect size", "Alike within 0.5", "Violation of the order", "More seeds")
    for row, compared in zip(further.rows, finding.arm_comparisons, strict=True):
        assert row[2] == p_cell(compared.test.p)
        assert row[5] == "-"  # six runs are too few


def test_twelve_runs_have_a_stochastic_order(study: Builder) -> None:
    for seed in range(12):
        study.add("cce", CCE(name="cce"), seed, test=0.70 + 0.001 * seed)
        study.add("gce", GCE(name="gce"), seed, test=0.80 + 0.001 * (seed % 5))
    *_, further = arm_tables(study.finding())
    assert further.rows[0][5] == "1.00"


def test_the_columns_of_a_table_are_its_procedures_and_the_note_explains_each(full_study: Builder) -> None:
    for table in arm_tables(full_study.finding()):
        assert table.header[-len(table.procedures) :] == tuple(procedure.heading for procedure in table.procedures)
        assert all(f"{procedure.heading}: {procedure.words}." in table.note for procedure in table.procedures)


def test_arms_on_several_subsets_are_pooled(study: Builder) -> None:
    two_subsets(study)
    finding = study.finding()
    main, pooled, _ = arm_tables(finding)
    assert pooled.title == "Differences between arms over all subsets"
    ((first, second, subsets, gap, p, interaction),) = pooled.rows
    assert (first, second, subsets) == ("cce", "gce", "2")
    assert re.fullmatch(rf"{MINUS}\d\.\d ± \d\.\d", gap)
    assert 0 < float(p) < 1
    assert interaction.startswith("F(1, 3) = ")
    means = [compared.test.interval.mean for compared in finding.arm_comparisons]
    assert finding.pooled_comparisons[0].gap.interval.mean == pytest.approx(sum(means) / 2)
    assert len(main.rows) == 2


def test_one_subset_has_no_pooled_table(full_study: Builder) -> None:
    assert len(arm_tables(full_study.finding())) == 2


def test_arms_without_a_seed_in_common_are_named(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("gce", GCE(name="gce"), 1)
    main, further = arm_tables(study.finding())
    assert main.rows == (("cce", "gce", "no seed in common", "-", "-", "-"),)
    assert set(further.rows[0][2:]) == {"-"}


def test_one_arm_has_no_table_of_differences(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    assert arm_tables(study.finding()) == ()


def test_json_has_the_numbers_of_every_comparison(study: Builder) -> None:
    two_subsets(study)
    written = json.loads(report_json(study.report(), []))
    finding = study.finding()
    assert [(each["subset"], each["first"], each["second"]) for each in written["comparisons"]] == [
        ("all", "cce", "gce"),
        ("clean", "cce", "gce"),
    ]
    compared = finding.arm_comparisons[0]
    assert written["comparisons"][0]["p_holm"] == compared.test.adjusted
    assert written["comparisons"][0]["first_scores_higher"]["share"] == compared.outperformance.share
    assert written["comparisons"][0]["stochastic_order"] is None
    assert written["pooled_comparisons"][0]["interaction"]["f"] == finding.pooled_comparisons[0].gap.interaction.f
