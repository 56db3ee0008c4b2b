"""Which validation clips a study chooses on: counted in its plan, worded once, cautioned where they are few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.report.method_report import method_report
from analysis.results.validation_clips import validation_clips
from analysis.tables.provenance import data_table
from analysis.text.validation_clips import (
    chosen_on,
    clips_in_full,
    coarse_clips,
    far_below_test,
    held_out,
    shared_clips,
)
from trainables.config import Training
from trainables.losses.catalogue import CCE
from trainables.plans import HeldOut

if TYPE_CHECKING:
    from factories import Builder

FEW = {"all": HeldOut(clips=2637, verified=266)}
SETTLE = {"name": "settle", "within": 0.3, "baselines": []}


def test_one_clip_is_worth_a_hundred_points_by_the_number_of_clips_that_decide(study: Builder) -> None:
    study.validation = FEW
    assert validation_clips(study.plan())["all"].step == pytest.approx(100 / 2637)
    study.spec = {"select_on": "verified"}
    assert validation_clips(study.plan())["all"].step == pytest.approx(100 / 266)


def test_a_plan_that_states_no_validation_clips_has_no_words_on_them(study: Builder) -> None:
    study.baselines(2)
    plan = study.plan()
    assert validation_clips(plan) == {}
    assert (shared_clips(plan, "all"), list(coarse_clips(plan))) == ("", [])
    assert held_out(plan) == (
        "For validation, 15 % of the training clips of each class were held out, the same for every run (split seed "
        "42)."
    )


def test_the_table_of_the_data_states_the_clips_how_many_are_verified_and_what_one_is_worth(study: Builder) -> None:
    study.baselines(2)
    study.validation = FEW
    rows = dict(data_table(study.results()).rows)
    assert rows["Validation clips, all"] == (
        "2,637 (266 verified), the same for every seed; one validation clip is worth 0.038 points of a run's accuracy"
    )


def test_with_a_split_for_each_seed_the_number_of_verified_clips_is_about_a_mean(study: Builder) -> None:
    study.validation, study.spec = FEW, {"select_on": "verified", "training": {"split": "per_seed"}}
    assert clips_in_full(validation_clips(study.plan())["all"]) == (
        "2,637 (about 266 verified), others for each seed; one verified validation clip is worth 0.38 points of a "
        "run's accuracy"
    )


def test_a_tolerance_below_what_one_clip_is_worth_has_a_caution(study: Builder) -> None:
    study.exploring_temperatures({100.0: 0.0, 1000.0: 1.0})
    study.method, study.validation = SETTLE, FEW
    assert list(coarse_clips(study.plan())) == []
    study.spec = {"select_on": "verified"}
    (caution,) = coarse_clips(study.plan())
    assert caution.startswith(
        "The tolerance of 0.3 points is less than one verified validation clip of subset all is worth (0.38 points; "
        "266 clips)"
    )
    assert caution in method_report(study.results()).cautions
    study.spec |= {"training": {"split": "per_seed"}}
    assert list(coarse_clips(study.plan())) == []


def test_the_verdict_of_settle_is_about_the_clips_that_all_runs_share(study: Builder) -> None:
    study.exploring_temperatures({100.0: 0.0, 1000.0: 5.0})
    assert "validation clips with posterior probability" not in study.report().verdict
    study.validation = FEW
    assert "on these 2,637 validation clips with posterior probability" in study.report().verdict
    study.spec = {"training": {"split": "per_seed"}}
    assert "these" not in study.report().verdict


def test_a_single_validation_clip_is_written_in_the_singular(study: Builder) -> None:
    study.exploring_temperatures({100.0: 0.0, 1000.0: 5.0})
    study.validation = {"all": HeldOut(clips=1, verified=1)}
    assert shared_clips(study.plan(), "all") == "on this one validation clip"
    assert "(100 points; 1 clip)" in "".join(coarse_clips(study.plan()))


def test_the_methods_name_accuracy_split_and_clips(study: Builder) -> None:
    study.baselines(2)
    study.validation = FEW | {"clean": HeldOut(clips=266, verified=266)}
    assert chosen_on(study.plan()) == (
        "Configurations were chosen by accuracy on the validation clips, each scored as a test clip is, with the "
        "labels given, never by test accuracy."
    )
    assert held_out(study.plan()) == (
        "For validation, 15 % of the training clips of each class were held out, the same for every run (split seed "
        "42): 2,637 on all, 266 of them verified; 266 on clean, 266 of them verified."
    )
    study.training = Training(split="per_seed")
    study.planned.clear()
    study.add("cce", CCE(name="cce"), 0)
    study.spec = {"training": {"split": "per_seed"}}
    assert "were held out, other clips for each seed, the same for every configuration" in held_out(study.plan())
    assert "cover other seeds and the validation clips that each holds out" in study.report().methods.text


def test_a_validation_accuracy_far_below_the_test_accuracy_is_explained(study: Builder) -> None:
    for seed in range(6):
        study.add("cce", CCE(name="cce"), seed, validation=0.6 + seed / 1000, test=0.85)
    text = far_below_test(study.finding())
    assert text.startswith("Validation accuracy of the choice is 25 points below test accuracy")


def test_a_validation_accuracy_near_the_test_accuracy_needs_no_explanation(study: Builder) -> None:
    for seed in range(6):
        study.add("cce", CCE(name="cce"), seed, validation=0.8 + seed / 1000, test=0.85)
    assert far_below_test(study.finding()) == ""
