"""The tables of the label audit hold what the audit found, and nothing where it found nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.findings.label_audit import BY_PREDICTIONS, BY_VERIFIED
from analysis.report.method_report import method_report
from analysis.report.sections import AUDIT, report_sections
from analysis.report.write import files
from analysis.results.study_results import load_results
from analysis.study import load_study
from analysis.tables.labels.audit import TOP, audit_tables, measures_table, noise_table, suspicious_table
from factories import Builder
from published_sounds import audited
from trainables.outputs.clips import outputs_path
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.findings.label_audit import LabelAudit


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> LabelAudit:
    """Return the audit of forty clips, a fifth of them with a wrong label."""
    folder = tmp_path_factory.mktemp("audited")
    audited(Builder(), location(folder))
    made = load_study(folder, "best-t").audit()
    assert made is not None
    return made


def test_the_most_suspicious_clips_that_are_not_verified_are_listed_by_rank(audit: LabelAudit) -> None:
    table = suspicious_table(audit)
    clips = audit.clips[~audit.clips["verified"]].head(TOP)
    assert [row[:3] for row in table.rows] == [
        (str(clip.rank), clip.path, clip.label) for clip in clips.itertuples(index=False)
    ]
    assert table.note.startswith("The first 20 of 30 clips that are not verified.")


def test_a_row_has_score_and_interval_agreement_runs_and_truth(audit: LabelAudit) -> None:
    row = suspicious_table(audit).rows[0]
    clip = audit.clips.iloc[0]
    assert row[3:] == ("Wind", f"{clip['score']:.3f} ({clip['low']:.3f} to {clip['high']:.3f})", "100 %", "3", "Wind")


def test_verified_clips_are_listed_where_all_are_verified(audit: LabelAudit) -> None:
    table = suspicious_table(replace(audit, clips=audit.clips.assign(verified=True)))
    assert [row[0] for row in table.rows] == [str(rank) for rank in range(1, TOP + 1)]
    assert table.note.startswith("The first 20 of 40 clips.")


def test_a_suggestion_of_the_given_label_is_a_dash(audit: LabelAudit) -> None:
    same = audit.clips[~audit.clips["verified"]].reset_index(drop=True).head(TOP)
    same = same.index[same["suggested"] == same["label"]]
    assert {suspicious_table(audit).rows[place][3] for place in same} == {"-"}


def test_without_known_truth_no_column_states_it(audit: LabelAudit) -> None:
    blind = replace(audit, clips=audit.clips.assign(true_label=None), measures=audit.measures.iloc[:0])
    assert "True" not in suspicious_table(blind).header
    assert measures_table(blind) == ()


def test_a_single_seed_has_no_interval(study: Builder, tmp_path: Path) -> None:
    audited(study, location(tmp_path), seeds=1)
    single = load_study(tmp_path, "best-t").audit()
    assert single is not None
    assert "(" not in suspicious_table(single).rows[0][4]


def test_the_share_of_wrong_labels_is_estimated_and_true(audit: LabelAudit) -> None:
    classes = audit.classes.assign(noise_rate=[0.35, np.nan], low=[0.2, np.nan], high=[0.5, np.nan])
    (table,) = noise_table(replace(audit, classes=classes))
    assert table.rows == (("Rain", "24", "2", "35 (20 to 50)", "33"), ("Wind", "16", "8", "-", "0"))


@pytest.mark.parametrize(("by", "work"), [(BY_VERIFIED, "Storey"), (BY_PREDICTIONS, "test confusion matrix"), ("", "")])
def test_the_table_of_classes_states_what_estimates_the_shares(audit: LabelAudit, by: str, work: str) -> None:
    estimated = replace(audit, classes=audit.classes.assign(noise_rate=0.3), rates_by=by)
    assert work in noise_table(estimated)[0].note


def test_the_methods_cite_the_score(study: Builder, tmp_path: Path) -> None:
    audited(study, location(tmp_path))
    report = method_report(load_results(tmp_path, "best-t"), location(tmp_path))
    assert "area under its margin" in report.methods.text
    assert [line for line in report.methods.works if "Pleiss" in line and "NeurIPS 2020" in line]


def test_neither_estimates_nor_truth_give_no_table_of_classes(audit: LabelAudit) -> None:
    assert noise_table(replace(audit, classes=audit.classes.assign(noise_rate=np.nan, true_rate=np.nan))) == ()


def test_the_measures_are_those_of_the_audit(audit: LabelAudit) -> None:
    measures = audit.measures.assign(precision_at_50=[0.5, 0.75])
    (table,) = measures_table(replace(audit, measures=measures))
    assert table.header == ("Score by", "Clips", "Wrong", "AUROC", "Wrong in first 50 (%)")
    assert table.rows == (("Margins", "30", "6", "1.000", "50"), ("All combined", "30", "6", "1.000", "75"))


def test_every_format_of_the_report_has_the_audit(study: Builder, tmp_path: Path) -> None:
    audited(study, location(tmp_path))
    made = files(method_report(load_results(tmp_path, "best-t"), location(tmp_path)), ["html", "md", "latex", "json"])
    assert [name for name, data in made.items() if b"Most suspicious labels" not in data] == []


def test_the_section_states_how_to_listen(audit: LabelAudit) -> None:
    assert "To listen: gce-study dashboard best-t." in audit_tables(audit)[0].note


def test_a_study_of_an_earlier_version_has_one_sentence_and_no_table(study: Builder, tmp_path: Path) -> None:
    audited(study, location(tmp_path))
    for run_id in study.records:
        outputs_path(location(tmp_path), run_id).unlink()
    report = method_report(load_results(tmp_path, "best-t"), location(tmp_path))
    section = next(section for section in report_sections(report) if section.title == AUDIT)
    assert section.text == (
        "The labels are not audited: 3 runs left no margins: an earlier version of gce-study trained them.",
    )
    assert (section.tables, section.figures) == ((), ())


def test_a_storage_location_without_the_labels_has_no_section(study: Builder, tmp_path: Path) -> None:
    study.baselines(2).write(tmp_path)
    report = method_report(load_results(tmp_path, "best-t"), location(tmp_path))
    assert AUDIT not in [section.title for section in report_sections(report)]
