"""What single folds show, and what is stated of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.findings.fold_scores import fold_scores
from analysis.report.method_report import method_report
from analysis.tables.folds import fold_tables
from factories import Builder

FOLDS = {"1": -0.1, "2": 0.0, "3": 0.02, "4": 0.03, "10": 0.05}


@pytest.fixture
def study() -> Builder:
    """Return two arms with three seeds on five folds that differ in how hard they are."""
    return Builder().cross_validated({"a": 0.80, "b": 0.74}, 3, FOLDS)


def test_the_accuracy_of_a_fold_is_the_mean_over_its_seeds(study: Builder) -> None:
    (a, _) = fold_scores(study.finding())["all"]
    assert list(a.of_folds) == list(FOLDS)
    runs = study.results().runs
    mean = runs[(runs["arm"] == "a") & (runs["fold"] == "1")]["test_accuracy"].mean()
    assert a.of_folds["1"] == pytest.approx(mean)
    assert (a.lowest, a.highest) == ("1", "10")


def test_the_interval_over_folds_is_the_t_interval_of_their_values(study: Builder) -> None:
    (a, _) = fold_scores(study.finding())["all"]
    values = list(a.of_folds.values())
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (a.mean.low, a.mean.high, a.mean.n) == (pytest.approx(low), pytest.approx(high), 5)


def test_the_best_of_each_arm_is_compared_with_the_choice_fold_by_fold(study: Builder) -> None:
    (a, b) = fold_scores(study.finding())["all"]
    assert a.gap is None
    assert b.gap is not None
    gaps = [b.of_folds[fold] - a.of_folds[fold] for fold in FOLDS]
    low, high = stats.t.interval(0.95, 4, np.mean(gaps), stats.sem(gaps))
    assert (b.gap.interval.low, b.gap.interval.high) == (pytest.approx(low), pytest.approx(high))
    assert b.gap.ahead == 0
    assert (high - low) < 0.2 * (a.mean.high - a.mean.low)  # type: ignore[operator] -- how hard a fold is cancels


def test_a_difference_over_folds_rests_on_the_seeds_that_both_have_of_each_fold(study: Builder) -> None:
    missing = next(p.run.run_id for p in study.planned if (p.arm, p.run.seed, p.run.fold) == ("b", 2, "1"))
    del study.records[missing]
    (a, b) = fold_scores(study.finding())["all"]
    runs = study.results().runs
    of_a = runs[(runs["arm"] == "a") & (runs["fold"] == "1") & (runs["seed"] < 2)]["test_accuracy"].mean()
    assert b.gap is not None
    others = [b.of_folds[fold] - a.of_folds[fold] for fold in list(FOLDS)[1:]]
    assert b.gap.interval.mean == pytest.approx(np.mean([b.of_folds["1"] - of_a, *others]))


def test_a_study_without_folds_has_no_scores_and_no_table_of_them() -> None:
    finding = Builder().baselines(3).finding()
    assert fold_scores(finding) == {}
    assert fold_tables(finding) == ()


def test_the_table_of_folds_has_each_fold_the_mean_and_the_difference(study: Builder) -> None:
    (table,) = fold_tables(study.finding())
    folds = tuple(f"Fold {fold}" for fold in FOLDS)
    assert table.header == ("Configuration", *folds, "Mean over folds", "Difference from the choice", "Folds ahead")
    assert table.rows[0][-2:] == ("-", "-")
    assert table.rows[1][-1] == "0 of 5"
    assert table.rows[1][-2].startswith("\u22126.")


def test_verdict_cautions_and_methods_state_the_folds(study: Builder) -> None:
    report = method_report(study.results())
    assert "A seed counts with its mean over the 5 folds, on which it scores 7" in report.verdict
    assert "% (fold 1) to 8" in report.verdict
    assert "points below it and ahead in 0 of the 5 folds." in report.verdict
    assert any("Intervals over seeds hold for these 5 folds" in caution for caution in report.cautions)
    paragraph = report.methods.text
    assert "Each of the 2 configurations was trained with 3 seeds (0 to 2) for each of the 5 folds." in paragraph
    assert "each was the test set of runs that were trained on the others." in paragraph
    assert "The value of a seed is the mean over the folds." in paragraph
    assert "test clip" not in paragraph.split("The 5 folds")[0]


def test_complete_runs_that_enter_no_mean_are_counted_in_a_caution(study: Builder) -> None:
    assert not any("complete run" in caution for caution in method_report(study.results()).cautions)
    study.records.pop(study.planned[-1].run.run_id)
    cautions = method_report(study.results()).cautions
    lost = "4 complete runs are in no mean, because their seeds lack a fold; the table of the folds has all runs."
    assert lost in cautions


def test_with_one_seed_the_folds_still_show_a_difference() -> None:
    study = Builder().cross_validated({"a": 0.80, "b": 0.74}, 1, FOLDS)
    (_, b) = fold_scores(study.finding())["all"]
    assert b.gap is not None
    assert b.gap.interval.high is not None
    assert b.gap.interval.high < 0
    assert "Paired by fold, " in method_report(study.results()).verdict
