"""The table of test metrics, and reports of another metric than accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.findings.method_finding import method_finding
from analysis.results.clip_labels import ClipLabels
from analysis.results.reported_metric import lacking, of_metric
from analysis.results.study_results import with_labels
from analysis.tables.accuracy import metrics_tables, result_tables
from analysis.text.best import best_lines
from trainables.losses.catalogue import CCE, GCE
from trainables.records import Test

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from factories import Builder

LABELS = ClipLabels((0, 0, 0, 1), {"test": (3, 1)}, None)
# All have an accuracy of 3 of 4; macro F1 is 0.733 where the rare class is right, and 0.429 where it never is.
RARE_RIGHT, RARE_WRONG = [0, 0, 1, 1], [0, 0, 0, 0]


@pytest.fixture
def measured(study: Builder) -> StudyResults:
    """Return a study of two arms of equal accuracy, of which gce recognises the rare class."""
    for seed in range(3):
        for arm, loss, predictions in (("cce", CCE(name="cce"), RARE_WRONG), ("gce", GCE(name="gce"), RARE_RIGHT)):
            run_id = study.add(arm, loss, seed, validation=0.8 if arm == "gce" else 0.7)
            test = Test(accuracy=0.75, predictions=predictions, top3=1.0, log_loss=0.5 + seed / 10)
            study.records[run_id].test = test
    return with_labels(study.results(), LABELS)


def test_the_table_has_a_column_for_each_metric_that_a_run_has(measured: StudyResults) -> None:
    (table,) = metrics_tables(method_finding(measured))
    assert table.header == (
        "Configuration",
        "Accuracy (%)",
        "Macro F1 (%)",
        "Balanced accuracy (%)",
        "Top-3 accuracy (%)",
        "Log loss (nats)",
    )


def test_log_loss_is_shown_in_nats_and_few_runs_one_by_one(measured: StudyResults) -> None:
    (table,) = metrics_tables(method_finding(measured))
    assert [row[-1] for row in table.rows] == ["0.600 (0.500, 0.600, 0.700)"] * 2


def test_the_table_states_of_which_metric_a_lower_value_is_better(measured: StudyResults) -> None:
    (table,) = metrics_tables(method_finding(measured))
    assert "Of log loss a lower value is better." in table.note


def test_a_study_with_accuracy_alone_has_no_table_of_metrics(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    assert metrics_tables(study.finding()) == ()


def test_results_of_macro_f1_are_its_values(measured: StudyResults) -> None:
    (table,) = result_tables(method_finding(of_metric(measured, "macro_f1")))
    assert table.header[1:] == ("Test macro F1", "Validation accuracy")
    assert [row[1].partition(" ")[0] for row in table.rows] == ["42.9", "73.3"]


def test_the_choice_is_printed_with_the_metric_that_is_reported(measured: StudyResults) -> None:
    best = method_finding(of_metric(measured, "macro_f1")).best
    assert best is not None
    assert any(line.startswith("test macro F1: 73.3 %") for line in best_lines(best))


def test_the_choice_does_not_depend_on_the_metric_that_is_reported(measured: StudyResults) -> None:
    best = method_finding(of_metric(measured, "balanced_accuracy")).best
    assert best is not None
    assert best.arm == "gce"


@pytest.mark.parametrize("metric", ["log_loss", "calibration_error"])
def test_a_metric_of_which_less_is_better_is_refused_with_what_is_allowed(measured: StudyResults, metric: str) -> None:
    with pytest.raises(ValueError, match=r"a lower .* is better.*allowed: accuracy, macro_f1, balanced_accuracy, top3"):
        of_metric(measured, metric)


def test_an_unknown_metric_is_refused_with_what_is_allowed(measured: StudyResults) -> None:
    with pytest.raises(ValueError, match="'f1' is not a metric; allowed: accuracy, macro_f1"):
        of_metric(measured, "f1")


def test_a_metric_that_every_run_lacks_is_refused(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    with pytest.raises(ValueError, match=r"Test top-3 accuracy is missing in 1 of 1 complete run: an earlier version"):
        of_metric(study.results(), "top3")


def test_runs_that_lack_a_metric_are_counted(measured: StudyResults) -> None:
    runs = measured.runs.copy()
    runs.loc[0, "test_top3"] = float("nan")
    assert lacking(runs, "top3") == (
        "Test top-3 accuracy is missing in 1 of 6 complete runs: an earlier version trained them."
    )
