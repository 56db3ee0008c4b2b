"""The verdict: one to three sentences that say no more than the numbers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.verdict import verdict
from trainables.config import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from conftest import Builder


def _adaptive(study: Builder, temperature: float, values: list[float]) -> None:
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    for seed, value in enumerate(values):
        varied = {"temperature": temperature}
        study.add("adaptive", loss, seed, validation=value, test=value - 0.05, varied=varied)


def test_an_unsettled_study_says_so(study: Builder) -> None:
    _adaptive(study, 100.0, [0.50, 0.51, 0.502])
    _adaptive(study, 316.0, [0.80, 0.82, 0.81])
    _adaptive(study, 1000.0, [0.82, 0.81, 0.806])
    assert verdict(study.results()) == (
        "T = 1000 has the highest mean validation accuracy of the 3 values of T tried (81.2 %, 3 seeds); its lead over "
        "T = 316 is not clear of zero (95 % t-intervals paired by seed, Bonferroni over 2, n = 3), so the study does "
        "not tell them apart. On the test set it scores 76.2 ± 1.8 % (95 % t-interval, n = 3)."
    )


def test_a_settled_study_names_the_gap_to_the_best_other_arm(study: Builder) -> None:
    for seed in range(4):
        study.add("gce", GCE(name="gce"), seed, validation=0.80 + 0.01 * seed, test=0.75 + 0.01 * seed)
        study.add("cce", CCE(name="cce"), seed, validation=0.70 + 0.011 * seed, test=0.70 + 0.011 * seed)
    assert verdict(study.results()) == (
        "gce has the highest mean validation accuracy of the 2 configurations tried (81.5 %, 4 seeds); it is ahead of "
        "cce (95 % t-interval paired by seed, n = 4). On the test set it scores 76.5 ± 2.1 % (95 % t-interval, n = 4). "
        "That is 4.9 ± 0.2 points above cce, the best other arm on validation (paired by seed, 95 % t-interval, n = 4)."
    )


def test_one_seed_settles_nothing_and_shows_no_interval(study: Builder) -> None:
    _adaptive(study, 100.0, [0.70])
    _adaptive(study, 1000.0, [0.80])
    text = verdict(study.results())
    assert "(80.0 %, 1 seed); fewer than two seeds in common give no interval, so the study does not tell it" in text
    assert "scores 75.0 % (no interval, n = 1)" in text
    assert "±" not in text


def test_no_complete_run_says_so(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status="failed", error="x")
    study.add("cce", CCE(name="cce"), 1, status=None)
    assert verdict(study.results()) == (
        "No run of the 2 is complete (1 failed, 1 missing): there is nothing to choose from."
    )


def test_a_single_configuration_is_not_called_best(study: Builder) -> None:
    for seed in range(2):
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + 0.01 * seed)
    assert verdict(study.results()).startswith("cce is the only configuration with complete runs")


def test_left_out_runs_are_counted(full_study: Builder) -> None:
    text = verdict(full_study.results())
    assert "4 of 46 runs are left out (1 stopped, 1 diverged, 1 failed, 1 missing)" in text


def test_many_that_are_not_told_apart_are_counted(study: Builder) -> None:
    for index in range(8):
        _adaptive(study, 10.0 + index, [0.7 + 0.01 * ((3 * index) % 8), 0.7 + 0.01 * ((5 * index + 1) % 8)])
    assert "its lead over 7 of the other 7 is not clear of zero" in verdict(study.results())


def test_the_subset_is_named_where_there_are_several(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, subset="clean", validation=0.9)
    study.add("cce", CCE(name="cce"), 0, subset="all", validation=0.7)
    assert verdict(study.results()).startswith("On the subset all, cce is the only")


def test_a_lower_test_accuracy_is_called_lower(study: Builder) -> None:
    for seed in range(3):
        study.add("gce", GCE(name="gce"), seed, validation=0.9 + 0.001 * seed, test=0.6)
        study.add("cce", CCE(name="cce"), seed, validation=0.7, test=0.7 + 0.001 * seed)
    assert "points below cce" in verdict(study.results())


def test_a_study_without_test_clips_still_has_a_verdict(study: Builder) -> None:
    for seed in range(2):
        study.add("gce", GCE(name="gce"), seed, validation=0.9, test=None)
        study.add("cce", CCE(name="cce"), seed, validation=0.7, test=None)
    text = verdict(study.results())
    assert "It has no test accuracy." in text
