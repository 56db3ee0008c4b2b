"""A study's numbers beside the published ones: the same settings only, and no claim without its interval."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.findings.paper import published
from analysis.findings.paper.paper_claims import CLAIMS, checks
from analysis.findings.paper.paper_runs import PaperRuns
from analysis.tables.published import (
    PROCEDURES,
    claims_in_words,
    claims_table,
    paper_tables,
    published_gaps_table,
    published_table,
    published_tables,
)
from trainables.config import Training
from trainables.feature_settings import Features
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

EVERY = {cell.subset for cell in published.PUBLISHED}


def runs(study: Builder) -> PaperRuns:
    return PaperRuns(study.results())


def test_the_published_adaptive_loss_stands_beside_our_t_1000(full_study: Builder) -> None:
    rows = published_table(runs(full_study)).rows
    assert [(row[1], row[2], row[4]) for row in rows] == [
        ("CCE", "70.6 ± 0.6", "cce"),
        ("L_q", "74.1 ± 0.5", "gce"),
        ("adaptive", "75.3 ± 0.5", "adaptive T=1000"),
    ]


def test_a_claim_stands_beside_our_own_gap(full_study: Builder) -> None:
    claims = {row[0]: row[1:] for row in claims_table(checks(runs(full_study))).rows}
    gap = claims["adaptive beats CCE on all"]
    assert gap[0] == "+4.7 ± 0.7 points"
    assert re.fullmatch(r"\+[\d.]+ ± [\d.]+ points \(n = 6\)", gap[1])
    assert gap[3] == "support it"


def test_only_claims_that_the_study_tests_are_listed(full_study: Builder) -> None:
    every = checks(runs(full_study))
    tested = [check.claim.text for check in every if check.answer != "not tested"]
    assert [row[0] for row in claims_table(every).rows] == tested
    assert 0 < len(tested) < len(CLAIMS)


def test_a_remark_on_a_claim_is_in_the_note_where_the_study_tests_it(study: Builder) -> None:
    remark = "(75 % of the clean data saved): The paper's text speaks of 221 clean clips where its Table 1 has 443"
    for seed in range(6):
        study.add("cce", CCE(name="cce"), seed, subset="l_noisy+clean", test=0.7 + 0.001 * seed)
    assert remark not in claims_table(checks(runs(study))).note
    for seed in range(6):
        study.add("adaptive", AdaptiveGCE(name="adaptive_gce"), seed, subset="l_noisy+s_clean", test=0.8)
    assert remark in claims_table(checks(runs(study))).note


def test_the_claims_are_counted_in_words(full_study: Builder) -> None:
    (text,) = claims_in_words(checks(runs(full_study)))
    rows = claims_table(checks(runs(full_study))).rows
    counts = [sum(row[4] == answer for row in rows) for answer in ("support it", "contradict it", "leave it open")]
    supported, contradicted, open_ = counts
    assert f"has the runs to test {sum(counts)}: it supports {supported}, contradicts {contradicted}" in text
    assert f"leaves {open_} open" in text


def test_a_study_that_tests_no_claim_counts_none(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    assert claims_in_words(checks(runs(study))) == ()


@pytest.mark.parametrize(
    "loss",
    [
        GCE(name="gce", q=0.5),
        AdaptiveGCE(name="adaptive_gce", temperature=316.0),
        AdaptiveGCE(name="adaptive_gce", reading="pooled"),
        AdaptiveGCE(name="adaptive_gce", distances="penultimate"),
    ],
)
def test_other_settings_of_a_loss_are_not_the_published_ones(study: Builder, loss: GCE | AdaptiveGCE) -> None:
    for seed in range(2):
        study.add("arm", loss, seed)
        study.add("cce", CCE(name="cce"), seed)
    ours = {row[1]: row[3:] for row in published_table(runs(study)).rows}
    assert ours["L_q"] == ours["adaptive"] == ("-", "not in this study")
    assert {check.answer for check in checks(runs(study))} == {"not tested"}


def test_our_numbers_stand_in_the_papers_own_tables(study: Builder) -> None:
    for loss, shift in ((CCE(name="cce"), 0.0), (GCE(name="gce"), 0.03), (AdaptiveGCE(name="adaptive_gce"), 0.03)):
        for seed in range(6):
            for subset in ("all", "l_noisy+clean"):
                test = 0.7 + shift + 0.001 * ((seed * len(loss.name)) % 5)
                study.add(loss.name, loss, seed, subset=subset, test=test)
    (table,) = paper_tables(runs(study))  # one row of Table 3 makes no table
    assert table.title.startswith("Table 2 of the paper")
    assert table.header[1:] == ("CCE", "L_q", "adaptive", "CCE, published", "L_q, published", "adaptive, published")
    assert [row[0] for row in table.rows] == ["l_noisy+clean", "all"]
    assert table.rows[1][4:] == ("70.6 ± 0.6", "74.1 ± 0.5", "75.3 ± 0.5")
    assert table.rows[1][1] == "70.2 ± 0.2"
    assert table.bold == {(row, column) for row in (0, 1) for column in (2, 3)}  # a tie, well above CCE


def test_another_training_is_not_the_published_one(study: Builder) -> None:
    study.training = Training(epochs=40, batch_size=32)
    study.add("cce", CCE(name="cce"), 0)
    row = published_table(runs(study)).rows[0]
    assert row[3:] == ("-", "not in this study: differs in batch_size 32, epochs 40")


def test_runs_of_other_features_are_not_the_published_ones(study: Builder) -> None:
    study.features = Features(mels=64)
    study.add("cce", CCE(name="cce"), 0)
    assert published_table(runs(study)).rows[0][3:] == ("-", "not in this study: differs in mels 64")


def test_arms_of_the_same_configuration_are_one(study: Builder) -> None:
    study.add("swept", GCE(name="gce", q=0.5), 0, varied={"q": 0.5}, test=0.1)
    study.add("swept", GCE(name="gce", q=0.7), 0, varied={"q": 0.7}, test=0.6)
    study.add("fixed", GCE(name="gce", q=0.7), 0, test=0.6)
    assert published_table(runs(study)).rows[1][3:] == ("60.0", "swept q=0.7, fixed")


def test_numbers_in_the_papers_layout_are_not_listed_again(study: Builder) -> None:
    for subset in ("all", "l_noisy+clean", "clean"):
        study.add("cce", CCE(name="cce"), 0, subset=subset)
    study.add("gce", GCE(name="gce"), 0, subset="all")
    titles = [table.title for table in published_tables(runs(study), checks(runs(study)))]
    assert titles[:3] == [*published.TABLES, "Published numbers"]
    rows = published_table(runs(study), ("all", "l_noisy+clean", "clean")).rows
    assert [row[:2] for row in rows] == [("l_noisy+clean", "L_q"), ("l_noisy+clean", "adaptive"), ("all", "adaptive")]
    assert {row[3:] for row in rows} == {("-", "not in this study")}


def test_the_significance_of_the_published_gaps_is_in_the_report_with_its_assumption() -> None:
    table = published_gaps_table(EVERY)
    assert len(table.rows) == 12
    assert table.rows[2] == ("adaptive minus L_q", "all", "+1.2 ± 0.7", "0.001", "0.007")
    assert {table.rows[row][:2] for row, _ in table.bold if row < 6} == {
        ("adaptive minus L_q", "l_noisy+clean"),
        ("adaptive minus L_q", "all"),
    }
    assert "as 2 of 6 against L_q and 5 of 6 against CCE are." in table.note
    assert "states neither how its intervals were computed nor whether it paired its runs" in table.note


def test_gaps_on_subsets_that_the_study_lacks_are_not_listed_but_counted() -> None:
    table = published_gaps_table(["all"])
    assert [row[:2] for row in table.rows] == [("adaptive minus L_q", "all"), ("adaptive minus CCE", "all")]
    assert table.bold == {(0, 2), (1, 2)}
    assert table.note == published_gaps_table(EVERY).note


def test_every_kind_of_claim_has_its_procedure_and_the_note_explains_those_of_the_tested_claims(
    full_study: Builder,
) -> None:
    assert {type(claim) for claim in CLAIMS} == set(PROCEDURES)
    table = claims_table(checks(runs(full_study)))
    assert set(table.procedures) < set(PROCEDURES.values())
    for procedure in PROCEDURES.values():
        assert (f"{procedure.heading}: {procedure.words}." in table.note) == (procedure in table.procedures)


def test_the_guide_to_the_paper_has_the_same_table() -> None:
    table, guide = published_gaps_table(EVERY), Path(__file__).parents[3] / "docs" / "howto" / "reproduce-the-paper.md"
    lines = guide.read_text(encoding="utf-8").splitlines()
    for i, row in enumerate(table.rows):
        cells = [f"**{cell}**" if (i, j) in table.bold else cell for j, cell in enumerate(row)]
        assert f"| {' | '.join(cells)} |" in lines
