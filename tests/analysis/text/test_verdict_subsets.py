"""The verdict of a grid on several subsets speaks of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.losses.catalogue import CCE, GCE, MAE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder
    from trainables.config import Subset

LOSSES: dict[str, Any] = {
    "cce": CCE(name="cce"),
    "gce": GCE(name="gce"),
    "adaptive": AdaptiveGCE(name="adaptive_gce", temperature=1000.0),
    "mae": MAE(name="mae"),
}
NOISE = (0.001, -0.002, 0.0005, 0.0015, -0.001, 0.0002)


def add(study: Builder, subset: Subset, means: dict[str, float]) -> None:
    """Add six seeds of each loss on a subset, around a validation accuracy; test accuracies lie 5 points lower."""
    for i, (arm, mean) in enumerate(means.items()):
        for seed in range(6):
            accuracy = mean + NOISE[(seed + i) % 6]
            study.add(arm, LOSSES[arm], seed, validation=accuracy, test=accuracy - 0.05, subset=subset)


def table_3(study: Builder) -> Builder:
    """Add one loss on clean clips, and three on the others."""
    add(study, "clean", {"cce": 0.6})
    add(study, "l_noisy+s_clean", {"cce": 0.65, "gce": 0.70, "adaptive": 0.74})
    add(study, "l_noisy+m_clean", {"cce": 0.66, "gce": 0.75, "adaptive": 0.7501})
    add(study, "l_noisy+l_clean", {"cce": 0.67, "gce": 0.7601, "adaptive": 0.76})
    add(study, "l_noisy+clean", {"cce": 0.68, "gce": 0.71, "adaptive": 0.78})
    return study


def test_the_verdict_is_about_a_subset_on_which_most_configurations_compete(study: Builder) -> None:
    assert table_3(study).finding().main_subset == "l_noisy+s_clean"
    assert study.report().verdict.startswith("On the subset l_noisy+s_clean, adaptive is better than the 2 others")


def test_all_is_preferred_to_any_other_subset(study: Builder) -> None:
    add(study, "clean", {"cce": 0.6, "gce": 0.7})
    add(study, "all", {"cce": 0.6})
    assert study.finding().main_subset == "all"


def test_every_other_subset_is_named_once_with_what_may_be_the_best_on_it(study: Builder) -> None:
    assert (
        "On the other subsets, by validation accuracy: only cce has complete runs on clean; gce and adaptive may each "
        "be the best on l_noisy+m_clean and l_noisy+l_clean; adaptive is better than all others on l_noisy+clean."
    ) in table_3(study).report().verdict


def test_many_that_may_be_the_best_are_counted(study: Builder) -> None:
    add(study, "all", {"cce": 0.6, "gce": 0.7})
    for index in range(6):
        loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=10.0 + index), {"temperature": 10.0 + index}
        for seed in range(3):
            accuracy = 0.7 + 0.01 * ((seed * (index + 1)) % 5)
            study.add("adaptive", loss, seed, validation=accuracy, subset="clean", varied=varied)
    assert "5 of 6 configurations may each be the best on clean" in study.report().verdict


def test_a_subset_without_a_complete_run_is_named(study: Builder) -> None:
    add(study, "all", {"cce": 0.6, "gce": 0.7})
    study.add("cce", LOSSES["cce"], 0, subset="clean", status="failed", error="x")
    assert "On the other subsets, by validation accuracy: nothing is complete on clean." in study.report().verdict


def test_the_difference_over_all_subsets_is_stated_with_its_interval(study: Builder) -> None:
    add(study, "all", {"cce": 0.6, "gce": 0.7})
    add(study, "clean", {"cce": 0.62, "gce": 0.7})
    (pooled,) = study.finding().pooled_comparisons
    width = f"{100 * pooled.gap.interval.half_width:.1f}"
    text = f"On average over the 2 subsets, cce is 9.0 ± {width} points below gce in test accuracy."
    assert text in study.report().verdict


def test_the_difference_is_over_the_subsets_that_have_both(study: Builder) -> None:
    assert "On average over the 4 subsets that have both, gce is " in table_3(study).report().verdict


def test_one_subset_has_no_others(study: Builder) -> None:
    add(study, "all", {"cce": 0.6, "gce": 0.7})
    verdict = study.report().verdict
    assert "other subsets" not in verdict
    assert "On average" not in verdict
