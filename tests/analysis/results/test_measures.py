"""The columns that hold how well each run did."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from analysis.results.clip_labels import ClipLabels
from analysis.results.measures import MEASURES, metric_name, metric_words
from analysis.results.runs_table import scores
from analysis.results.study_results import with_labels
from factories import point
from trainables.losses.catalogue import CCE
from trainables.records import Test

if TYPE_CHECKING:
    from factories import Builder

LABELS = ClipLabels((0, 0, 0, 1), {"test": (3, 1)}, None)


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ("test", "test accuracy"),
        ("validation", "validation accuracy"),
        ("verified", "verified validation accuracy"),
        ("verified_macro_f1", "verified validation macro F1"),
        ("test_log_loss", "test log loss"),
    ],
)
def test_a_measured_value_is_named_by_its_clips_and_its_metric(measured: str, words: str) -> None:
    assert metric_words(measured) == words


def test_a_heading_begins_with_a_capital_and_keeps_those_of_f1() -> None:
    assert metric_name("validation_macro_f1") == "Validation macro F1"


def test_every_run_has_a_column_for_every_measure(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 1, status=None)
    assert set(MEASURES) <= set(study.results().runs)


def test_test_metrics_of_earlier_records_follow_from_their_predictions(study: Builder) -> None:
    run_id = study.add("cce", CCE(name="cce"), 0)
    study.records[run_id].test = Test(accuracy=0.5, predictions=[0, 1, 1, 1])
    row = with_labels(study.results(), LABELS).runs.iloc[0]
    assert row["test_macro_f1"] == pytest.approx((2 / 4 + 2 / 4) / 2)
    assert row["test_balanced_accuracy"] == pytest.approx((1 / 3 + 1) / 2)


def test_what_earlier_records_lack_is_not_a_number(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    row = study.results().runs.iloc[0]
    lacking = ["test_top3", "test_log_loss", "test_calibration_error", "validation_macro_f1", "verified_macro_f1"]
    assert all(math.isnan(row[name]) for name in lacking)


def test_predictions_that_do_not_match_the_labels_give_no_metric(study: Builder) -> None:
    run_id = study.add("cce", CCE(name="cce"), 0)
    study.records[run_id].test = Test(accuracy=0.75, predictions=[0, 1, 1, 1])  # half of them are right
    assert math.isnan(with_labels(study.results(), LABELS).runs.iloc[0]["test_macro_f1"])


def test_the_selection_score_is_the_metric_that_the_study_chooses_by(study: Builder) -> None:
    run_id = study.add("cce", CCE(name="cce"), 0)
    study.records[run_id].epochs[-1] = point(4, validation_macro_f1=0.6)
    study.spec = {"select_on": {"metric": "macro_f1", "labels": "given"}}
    assert list(scores(study.results().runs, "selection").values()) == [{0: 0.6}]
