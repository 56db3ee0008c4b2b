"""Results of a study in which each fold is the test set in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.dashboard.explore.rows import shown_columns
from analysis.dashboard.explore.table import RunsTable
from analysis.dashboard.snapshot import Live
from analysis.figures.run_map import run_map_data
from analysis.results.clip_labels import matches_labels, predictions, read_labels
from analysis.results.runs_table import folds_of, scores, scores_of_folds
from analysis.tables.accuracy import left_out_table
from clip_outputs import leave_manifest
from factories import Builder
from trainables.datasets.manifest import Clip
from trainables.losses.catalogue import CCE
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("Rain", "Wind")


@pytest.fixture
def study() -> Builder:
    """Return a study of one configuration, two seeds and three folds; the last run has failed."""
    made = Builder()
    for seed, fold, test in ((0, "1", 0.5), (0, "2", 0.6), (0, "10", 1.0), (1, "1", 0.5), (1, "2", 0.7)):
        made.add("cce", CCE(name="cce"), seed, fold=fold, test=test, validation=test - 0.1)
    made.add("cce", CCE(name="cce"), 1, fold="10", status="failed", error="out of memory")
    return made


def test_the_runs_of_a_seed_are_told_apart_by_their_fold(study: Builder) -> None:
    runs = study.results().runs
    assert list(runs["fold"]) == ["1", "2", "10"] * 2
    assert folds_of(runs) == ["1", "2", "10"]


def test_a_study_without_folds_has_an_empty_column_of_them() -> None:
    made = Builder()
    made.add("cce", CCE(name="cce"), 0)
    assert list(made.results().runs["fold"]) == [""]


def test_the_accuracy_of_a_seed_is_its_mean_over_the_folds_and_a_seed_that_lacks_one_has_none(study: Builder) -> None:
    (of_seed,) = scores(study.results().runs, "test").values()
    assert of_seed == {0: pytest.approx(0.7)}
    (to_choose_by,) = scores(study.results().runs, "selection").values()
    assert to_choose_by == {0: pytest.approx(0.6)}


def test_the_accuracies_of_single_folds_are_those_of_all_complete_runs(study: Builder) -> None:
    (of_seeds,) = scores_of_folds(study.results().runs, "test").values()
    assert of_seeds == {0: {"1": 0.5, "2": 0.6, "10": 1.0}, 1: {"1": 0.5, "2": 0.7}}


def test_runs_that_are_left_out_are_listed_with_their_fold(study: Builder) -> None:
    table = left_out_table(study.results().runs)
    assert table.header == ("Configuration", "Subset", "Seed", "Fold", "Status", "Epochs", "Why")
    assert [row[2:5] for row in table.rows] == [("1", "10", "failed")]


def test_the_map_of_runs_has_a_column_for_each_seed_and_fold(study: Builder) -> None:
    data = run_map_data(study.results().runs)
    columns = list(zip(data.seeds, data.folds, strict=True))
    assert columns == [(seed, fold) for seed in (0, 1) for fold in ("1", "2", "10")]
    assert data.left_out == ((0, 5, "failed"),)


def test_every_clip_is_predicted_once_a_seed_by_the_run_that_is_tested_on_its_fold(tmp_path: Path) -> None:
    made = Builder(clips={"train verified": 6, "train unverified": 0, "test": 6})
    for seed in (0, 1):
        for fold in ("1", "2", "10"):
            made.add("cce", CCE(name="cce"), seed, fold=fold, test=0.5)  # it predicts classes 0 and 1 of its two clips
    folds = ("1", "2", "1", "10", "2", "10")
    clips = [
        Clip(f"{i}.wav", CLASSES[0], split, verified=True, fold=fold)
        for split in ("train", "test")
        for i, fold in enumerate(folds)
    ]
    leave_manifest(location(tmp_path), made.plan(), clips)
    labels = read_labels(location(tmp_path), made.plan())
    assert labels is not None
    assert labels.folds == folds
    assert labels.tested("2") == [1, 4]
    records = list(made.records.values())
    assert all(matches_labels(record, labels) for record in records)
    assert predictions(records, labels) == dict.fromkeys((0, 1), (0, 0, 1, 0, 1, 1))
    assert predictions(records[:-1], labels) == {0: (0, 0, 1, 0, 1, 1)}


def test_the_dashboard_lists_the_fold_of_a_run_only_where_runs_have_one(study: Builder) -> None:
    without = Builder()
    without.add("cce", CCE(name="cce"), 0)
    assert "fold" in shown_columns(RunsTable.of(study.results(), Live("")), ())
    assert "fold" not in shown_columns(RunsTable.of(without.results(), Live("")), ())
