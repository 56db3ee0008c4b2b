"""A study of the first version, whose validation accuracy is over patches: read, reported as before, never mixed.

``tests/golden/first_version`` holds its plan and its records as the first version wrote them.
"""

from __future__ import annotations

import shutil
from statistics import fmean
from typing import TYPE_CHECKING

import pytest

from analysis.dashboard.addresses import Address
from analysis.dashboard.pages.routes import make_page
from analysis.dashboard.studies import Studies
from analysis.findings.shared_configurations import shared_configurations
from analysis.report.export import epochs_table, runs_table
from analysis.report.method_report import method_report
from analysis.report.write import files
from analysis.results.study_results import StudyResults, load_results, study_results
from analysis.tables.several_studies import comparison
from factories import Builder, read_records, record
from trainables.plans import StudyPlan, read_plan
from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.storage.types import Location

SENTENCE = "their validation accuracy, by which the study chooses, is over patches instead of clips"


@pytest.fixture
def storage(golden: Path, tmp_path: Path) -> Location:
    shutil.copytree(golden / "first_version", tmp_path, dirs_exist_ok=True)
    return FolderLocation(tmp_path)


@pytest.fixture
def results(storage: Location) -> StudyResults:
    return load_results(storage, "first")


def test_records_of_the_first_version_have_no_accuracy_over_clips(storage: Location) -> None:
    records = read_records(storage).values()
    assert len(records) == 6
    for old in records:
        assert old.run.semantics == 1
        assert old.run_id == old.run.run_id
        assert old.validation_clip_accuracy is old.epochs[0].validation_clip_accuracy is None
        assert old.score("validation") == old.validation_accuracy
        assert old.epochs[0].score("validation") == old.epochs[0].validation_accuracy


def test_a_study_of_the_first_version_is_chosen_and_summarised_by_the_accuracy_over_patches(
    results: StudyResults,
) -> None:
    finding = method_report(results).finding
    by_arm: dict[str, list[float]] = {"cce": [], "adaptive": []}
    for planned in results.plan.runs:
        by_arm[planned.arm].append(results.records[planned.run.run_id].validation_accuracy or 0.0)
    means = {key.arm: fmean(by_seed.values()) for key, by_seed in finding.scores("validation").items()}
    assert means == {arm: pytest.approx(fmean(values)) for arm, values in by_arm.items()}
    assert finding.chosen is not None
    assert finding.chosen.arm == max(means, key=lambda arm: means[arm])


def test_the_tables_of_a_study_of_the_first_version_leave_the_accuracy_over_clips_empty(results: StudyResults) -> None:
    runs, epochs = runs_table(results), epochs_table(results)
    for table in (runs, epochs):
        assert table["validation_clip_accuracy"].isna().all()
        assert table["validation_accuracy"].notna().all()
    assert runs["selection_score"].equals(runs["validation_accuracy"])


def test_a_report_on_the_first_version_states_what_its_validation_accuracy_is_over(results: StudyResults) -> None:
    report = method_report(results)
    made = files(report, ("html", "md", "csv", "json"))
    assert SENTENCE in report.cautions[0]
    assert all(made[name].decode().count(SENTENCE) == 1 for name in ("report.html", "report.md"))


def test_the_dashboard_states_it_on_the_page_of_the_study(storage: Location) -> None:
    page = make_page(Studies(storage, lambda *_: None), Address(study="first"))
    assert str(page).count(SENTENCE) == 1


def test_a_study_that_chose_by_verified_clips_chose_by_clips_in_the_first_version_too(results: StudyResults) -> None:
    spec = results.plan.spec | {"select_on": "verified"}
    plan = StudyPlan.model_validate(results.plan.model_dump() | {"spec": spec})
    report = method_report(study_results(plan, results.records))
    assert "their validation accuracy is over patches instead of clips, so" in report.cautions[0]
    assert "accuracy on the verified validation clips" in report.methods.text


def test_the_methods_of_the_first_version_name_patches(results: StudyResults) -> None:
    assert "chosen by accuracy on the validation patches" in method_report(results).methods.text


def test_a_study_of_the_present_version_has_no_such_sentence(study: Builder) -> None:
    study.baselines(3)
    assert SENTENCE not in str(method_report(study.results()).cautions)


def test_records_of_several_versions_never_enter_one_study(results: StudyResults) -> None:
    first, *others = results.plan.runs
    newer = first.model_copy(update={"run": first.run.model_copy(update={"semantics": 2})})
    plan = results.plan.model_copy(update={"runs": [newer, *others]})
    with pytest.raises(ValueError, match=r"runs of several versions of the training \(1, 2\)"):
        study_results(plan, results.records)


def test_validation_accuracies_of_two_versions_are_shown_side_by_side_without_a_difference(
    storage: Location, results: StudyResults
) -> None:
    plan = read_plan(storage, "first")
    runs = [p.model_copy(update={"run": p.run.model_copy(update={"semantics": 2})}) for p in plan.runs]
    records = {
        new.run.run_id: record(new, validation_clip_accuracy=0.9, test=results.records[old.run.run_id].test)
        for new, old in zip(runs, plan.runs, strict=True)
    }
    newer = study_results(plan.model_copy(update={"name": "second", "runs": runs}), records)
    table = comparison(shared_configurations([results, newer]))
    assert [(row[2], row[4].split(" ")[0], row[5]) for row in table.rows if row[2] == "validation"] == [
        ("validation", "90.0", "-")
    ] * 2
    assert [row[5] for row in table.rows if row[2] == "test"] == ["0.0 (0.0, 0.0, 0.0)"] * 2
    assert "first: These runs" in table.note
    assert "second: These runs" not in table.note
