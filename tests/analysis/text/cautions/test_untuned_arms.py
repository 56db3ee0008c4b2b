"""An arm whose training settings were not tuned, beside arms whose settings were, is at a disadvantage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.text.cautions.untuned_arms import untuned_arms
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from factories import Builder


def test_an_arm_at_one_learning_rate_beside_a_tuned_one_is_cautioned(study: Builder) -> None:
    study.learning_rates("cce", (1e-3, 1e-2), 1).add("gce", GCE(name="gce"), 0)
    caution = "lr was tuned for cce, but not for gce: part of a difference between them may come from that."
    assert untuned_arms(study.plan()) == [caution]
    assert caution in study.report().cautions


def test_arms_that_were_all_tuned_need_no_caution(study: Builder) -> None:
    study.learning_rates("cce", (1e-3, 1e-2), 1).learning_rates("again", (1e-4, 3e-4), 1)
    assert untuned_arms(study.plan()) == []


def test_arms_of_which_none_was_tuned_need_no_caution(study: Builder) -> None:
    study.learning_rates("cce", (1e-3,), 1).temperatures([2, 3], 1)
    assert untuned_arms(study.plan()) == []


def test_a_control_needs_no_tuning(study: Builder) -> None:
    study.learning_rates("cce", (1e-3, 1e-2), 1).add("cce.fixed_q", GCE(name="gce"), 0, stage="control")
    assert untuned_arms(study.plan()) == []


def test_a_range_counts_as_tuned_though_one_value_is_planned(study: Builder) -> None:
    study.spec = {
        "arms": [{"name": "cce", "loss": {"name": "cce"}, "training": {"l2": {"min": 0.0, "max": 1.0}}}],
    }
    study.add("cce", CCE(name="cce"), 0, varied={"l2": 0.5}, training=Training(l2=0.5))
    study.add("gce", GCE(name="gce"), 0)
    assert untuned_arms(study.plan()) == [
        "l2 was tuned for cce, but not for gce: part of a difference between them may come from that."
    ]
