"""The verdict: a few short sentences that say no more than the numbers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainables.losses.catalogue import CCE, GCE, MAE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

SIX = range(4, 10)


def _adaptive(study: Builder, temperature: float, values: list[float]) -> None:
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    for seed, value in enumerate(values):
        varied = {"temperature": temperature}
        study.add("adaptive", loss, seed, validation=value, test=value - 0.05, varied=varied)


def test_an_unsettled_study_says_so(study: Builder) -> None:
    _adaptive(study, 100.0, [0.50, 0.51, 0.502])
    _adaptive(study, 316.0, [0.80, 0.82, 0.81])
    _adaptive(study, 1000.0, [0.82, 0.81, 0.806])
    assert study.report().verdict == (
        "No single winner: T = 1000 and T = 316 of the 3 values of T may each be the best by validation accuracy "
        "(Hsu's comparisons with the best, 95 %); T = 1000 has the highest mean (81.2 %, 3 seeds). "
        "On the test set it scores 75.9 % (n = 3: 77.0, 76.0, 75.6; 0.3 points were subtracted "
        "from their mean because the same runs made the choice). "
        "Cost: 9 runs, 4.5 hours of training."
    )


def test_a_settled_study_names_the_gap_to_the_best_other_arm(study: Builder) -> None:
    for seed in range(5):
        study.add("gce", GCE(name="gce"), seed, validation=0.80 + 0.01 * seed, test=0.75 + 0.01 * seed)
        study.add("cce", CCE(name="cce"), seed, validation=0.70 + 0.011 * seed, test=0.70 + 0.011 * seed)
    assert study.report().verdict == (
        "gce is better than cce by validation accuracy: mean 82.0 %, 5 seeds (Hsu's comparisons with the best, 95 %). "
        "On the test set it scores 77.0 ± 2.0 % "
        "(95 % t-interval, n = 5), 4.8 ± 0.2 points above cce, the best other arm on validation (paired by seed). "
        "Cost: 10 runs, 5.0 hours of training."
    )


def test_a_difference_between_arms_states_that_their_luck_is_subtracted(study: Builder) -> None:
    _adaptive(study, 316.0, [0.80, 0.82, 0.81])
    _adaptive(study, 1000.0, [0.82, 0.81, 0.806])
    for seed in range(3):
        study.add("cce", CCE(name="cce"), seed, validation=0.7, test=0.65)
    assert (
        "cce, the best other arm on validation (paired by seed, corrected for choosing by the same runs, n = 3: "
        in study.report().verdict
    )


def test_one_seed_settles_nothing_and_shows_no_interval(study: Builder) -> None:
    _adaptive(study, 100.0, [0.70])
    _adaptive(study, 1000.0, [0.80])
    text = study.report().verdict
    assert (
        "No single winner: T = 1000 and T = 100 may each be the best by validation accuracy (one seed gives no " in text
    )
    assert "interval); T = 1000 has the highest mean (80.0 %, 1 seed)." in text
    assert "scores 75.0 % (no interval, n = 1; probably too high, as the same runs made the choice)" in text
    assert "±" not in text


def test_no_complete_run_says_so(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status="failed", error="x")
    study.add("cce", CCE(name="cce"), 1, status=None)
    assert study.report().verdict == ("No run of the 2 is complete yet (1 failed): there is nothing to choose from.")


def test_a_single_configuration_is_not_called_best(study: Builder) -> None:
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + 0.01 * seed)
    assert study.report().verdict.startswith("cce is the only configuration with complete runs")


def test_left_out_runs_are_counted(full_study: Builder) -> None:
    text = full_study.report().verdict
    assert "4 of all 46 runs are left out (1 stopped, 1 diverged, 1 failed, 1 missing)" in text


def test_all_that_may_be_the_best_are_counted(study: Builder) -> None:
    for index in range(8):
        _adaptive(study, 10.0 + index, [0.7 + 0.01 * ((3 * index) % 8), 0.7 + 0.01 * ((5 * index + 1) % 8)])
    assert (
        "No single winner: all 8 values of T may each be the best by validation accuracy (Hsu's"
        in study.report().verdict
    )


def test_the_subset_is_named_where_there_are_several(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, subset="clean", validation=0.9)
    study.add("cce", CCE(name="cce"), 0, subset="all", validation=0.7)
    study.add("cce", CCE(name="cce"), 1, subset="all", status="failed")
    text = study.report().verdict
    assert text.startswith("On the subset all, cce is the only")
    assert "1 of all 2 runs on this subset is left out (1 failed)." in text


def test_a_lower_test_accuracy_is_called_lower(study: Builder) -> None:
    for seed in range(3):
        study.add("gce", GCE(name="gce"), seed, validation=0.9 + 0.001 * seed, test=0.6)
        study.add("cce", CCE(name="cce"), seed, validation=0.7, test=0.7 + 0.001 * seed)
    assert "points below cce" in study.report().verdict


def test_a_study_without_test_clips_still_has_a_verdict(study: Builder) -> None:
    for seed in range(2):
        study.add("gce", GCE(name="gce"), seed, validation=0.9, test=None)
        study.add("cce", CCE(name="cce"), seed, validation=0.7, test=None)
    text = study.report().verdict
    assert "It has no test accuracy." in text


def test_planned_values_without_a_complete_run_are_named_and_not_counted_as_compared(study: Builder) -> None:
    for temperature in (100.0, 316.0, 1000.0):
        _adaptive(study, temperature, [temperature / 2000, temperature / 2000 + 0.01])
    loss = AdaptiveGCE(name="adaptive_gce", temperature=10.0)
    study.add("adaptive", loss, 0, status="diverged", varied={"temperature": 10.0})
    text = study.report().verdict
    assert "all 3 values of T may each be the best" in text
    assert "T = 10 has no complete run to compare." in text


def test_the_chosen_configurations_own_left_out_runs_are_counted(study: Builder) -> None:
    for seed in range(6):
        study.add(
            "gce", GCE(name="gce"), seed, validation=0.8 + seed / 100, status="complete" if seed < 2 else "diverged"
        )
        study.add("cce", CCE(name="cce"), seed, validation=0.7, status="complete" if seed < 3 else "failed")
    text = study.report().verdict
    assert "4 of its 6 runs are left out (4 diverged). 7 of all 12 runs are left out (4 diverged, 3 failed)." in text


def test_a_single_run_among_many_may_be_the_best_and_is_not_chosen(study: Builder) -> None:
    for seed in range(6):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + seed / 100)
        study.add("mae", MAE(name="mae"), seed, validation=0.5 + seed / 90)
    study.add("gce", GCE(name="gce"), 0, validation=0.99)
    assert study.report().verdict.startswith(
        "No single winner: gce and cce of the 3 configurations may each be the best by validation accuracy (Hsu's "
        "comparisons with the best, 95 %); gce has the highest mean adjusted for the seeds (99.0 %, 1 seed), from "
        "fewer than half as many runs as others; the choice is cce (72.5 %, 6 seeds)."
    )


def test_a_good_configuration_on_other_seeds_is_the_best(study: Builder) -> None:
    """Values of T on seeds 0 to 5 at 80 %, and one on seeds 4 to 9 at 90 %, as where other runs failed."""
    noise = np.random.default_rng(0).normal(0, 0.005, (3, 10))
    for i, (temperature, mean, seeds) in enumerate(((100.0, 0.8, range(6)), (1000.0, 0.79, range(6)), (1e4, 0.9, SIX))):
        loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=temperature), {"temperature": temperature}
        for seed in range(10):
            status = "complete" if seed in seeds else "failed"
            study.add("adaptive", loss, seed, validation=mean + noise[i, seed], varied=varied, status=status)
    assert study.report().verdict.startswith(
        "T = 10000 is better than the 2 others by validation accuracy: mean 89.9 %"
    )
    assert study.finding().best.configuration == "adaptive T=10000"


def test_one_collapsed_run_of_twelve_changes_no_choice_and_is_said(study: Builder) -> None:
    noise = np.random.default_rng(0).normal(0, 0.005, (3, 12))
    for i, (temperature, mean) in enumerate(((100.0, 0.75), (1000.0, 0.80), (1e4, 0.77))):
        _adaptive(study, temperature, list(mean + noise[i]))
    assert study.report().verdict.startswith("T = 1000 is better")
    lost = next(p for p in study.planned if p.varied["temperature"] == 1000.0 and p.run.seed == 4)
    study.records[lost.run.run_id].validation_clip_accuracy = 0.08
    text = study.report().verdict
    assert text.startswith("T = 1000 is better than the 2 others by validation accuracy: mean 79.9 %")
    assert ", 11 seeds" in text
    assert "1 of its 12 complete runs collapsed and is set aside, far below the others (1 to 33 % of its runs" in text
    study.spec = {"collapse": "counts"}
    assert "collapsed" not in study.report().verdict
    assert study.finding().chosen.configuration == "adaptive T=10000"


def test_equal_runs_give_no_certainty(study: Builder) -> None:
    for seed in range(3):
        study.add("gce", GCE(name="gce"), seed, validation=0.9, test=0.8)
        study.add("cce", CCE(name="cce"), seed, validation=0.7, test=0.7)
    text = study.report().verdict
    assert "gce and cce may each be the best by validation accuracy (the runs show no spread, which gives no" in text
    assert "80.0 % (n = 3: 80.0, 80.0, 80.0), 10.0 points above cce" in text
    assert "(paired by seed, n = 3: 10.0, 10.0, 10.0): which of the two is better is unclear." in text


def test_equal_means_are_no_lead(study: Builder) -> None:
    for seed, (first, second) in enumerate([(0.7, 0.8), (0.8, 0.7)]):
        study.add("gce", GCE(name="gce"), seed, validation=first)
        study.add("cce", CCE(name="cce"), seed, validation=second)
    text = study.report().verdict
    assert "gce and cce tie for the highest mean (75.0 %, 2 seeds); the choice is gce." in text
    assert "has the highest mean" not in text


def test_the_mean_of_one_run_beside_two_is_not_called_fewer_than_half(study: Builder) -> None:
    study.add("gce", GCE(name="gce"), 0, validation=0.76)
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed, validation=0.75 + 0.002 * seed)
    text = study.report().verdict
    assert (
        "gce has the highest mean adjusted for the seeds (76.0 %, 1 seed), from a single run; the choice is cce" in text
    )


def test_a_sure_choice_from_too_few_exploring_runs_states_why_it_is_not_settled(study: Builder) -> None:
    study.method = {"name": "settle", "within": 0.5, "confidence": 0.9, "max_runs": 4, "baselines": []}
    for temperature, accuracy in ((100.0, 0.6), (1000.0, 0.8)):
        for seed in range(2):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed,
                validation=accuracy + 0.001 * seed,
                varied={"temperature": temperature},
                stage="explore",
            )
    assert (
        "with posterior probability > 0.99, where 0.9 was requested (4 runs; method.max_runs = 4 is reached; "
        "too few to show how much seeds scatter)."
    ) in study.report().verdict


def test_a_clear_winner_is_better_than_all_that_are_compared(study: Builder) -> None:
    for temperature, value in ((100.0, 0.6), (316.0, 0.7), (1000.0, 0.9)):
        _adaptive(study, temperature, [value, value + 0.01, value + 0.0101 + value / 1000])
    assert "T = 1000 is better than the 2 others by validation accuracy" in study.report().verdict
    _adaptive(study, 10.0, [0.5])
    assert "T = 1000 is better than the 3 others by validation accuracy" in study.report().verdict


def test_arms_that_tie_as_the_best_other_one_are_both_named(study: Builder) -> None:
    for arm, loss, accuracy in (
        ("best", GCE(name="gce", q=0.5), 0.8),
        ("one", GCE(name="gce", q=0.6), 0.7),
        ("two", GCE(name="gce", q=0.7), 0.7),
    ):
        for seed in range(2):
            study.add(arm, loss, seed, validation=accuracy + 0.01 * seed, test=accuracy + 0.02 * seed)
    assert "above one, which ties with two as the best other arm on validation" in study.report().verdict


def test_neighbours_that_may_be_the_best_are_named_as_a_range(study: Builder) -> None:
    means = {100.0: 0.6, 316.0: 0.80, 1000.0: 0.801, 3162.0: 0.8, 10000.0: 0.799, 31622.0: 0.6}
    for i, (temperature, mean) in enumerate(means.items()):
        _adaptive(study, temperature, [mean + 0.01 * seed + 0.001 * ((seed * (i + 1)) % 7) for seed in range(4)])
    text = study.report().verdict
    assert "T = 1000 has the highest" in text
    assert "the 4 values from T = 316 to T = 10000 of the 6 values of T may each be the best" in text
    _adaptive(study, 2000.0, [0.7, 0.71])  # in between, and ruled out
    assert "T = 1000, T = 316, T = 3162 and T = 10000 of the 7 values" in study.report().verdict


def test_arms_that_are_alike_within_the_margin_are_said_to_be(study: Builder) -> None:
    """Differences of 0.1 points either way: far within 0.5, on both sides of zero."""
    for seed in range(6):
        study.add("gce", GCE(name="gce"), seed, validation=0.80, test=0.75 + 0.01 * seed)
        study.add("cce", CCE(name="cce"), seed, validation=0.79, test=0.75 + 0.01 * seed + 0.001 * (-1) ** seed)
    text = study.report().verdict
    assert "which of the two is better is unclear; they differ by less than 0.5 points (two one-sided t-tests" in text


def test_a_grid_says_how_its_choice_compares_with_its_control(study: Builder) -> None:
    varied = {"temperature": 1000.0}
    for seed in range(5):
        adaptive = AdaptiveGCE(name="adaptive_gce", temperature=1000.0)
        study.add("adaptive", adaptive, seed, validation=0.8 + 0.01 * seed, test=0.75 + 0.01 * seed, varied=varied)
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + 0.01 * seed, test=0.65 + 0.01 * seed)
        control, test = GCE(name="gce", q=0.85), 0.7565 + 0.011 * seed
        study.add("adaptive.fixed_q", control, seed, validation=0.9, test=test, varied=varied, stage="control")
    text = study.report().verdict
    assert "adaptive T=1000 and cce may each be the best" in text
    assert "It is 0.8 ± 0.2 points below adaptive.fixed_q T=1000, GCE with q fixed at its mean (paired by seed)" in text
