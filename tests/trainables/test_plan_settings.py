"""What a report reads of a plan's study file."""

from trainables.plan_settings import PlanSettings
from trainables.settings import OpenRange

RATES = {"min": 1e-4, "max": 1e-2, "scale": "log"}


def test_ranges_are_those_of_losses_networks_and_training_by_arm():
    settings = PlanSettings.model_validate(
        {
            "arms": [
                {"name": "a", "loss": {"name": "gce", "q": {"min": 0.1, "max": 1.0}}},
                {"name": "b", "loss": {"name": "cce"}, "training": {"learning_rate": 0.1, "l2": RATES}},
                {"name": "c", "loss": {"name": "cce"}, "network": {"name": "head", "hidden": {"min": 8, "max": 64}}},
            ],
            "training": {"learning_rate": RATES, "epochs": 7},
        }
    )
    assert settings.ranges == {
        ("a", "q"): OpenRange(min=0.1, max=1.0),
        ("a", "learning_rate"): OpenRange(**RATES),
        ("b", "l2"): OpenRange(**RATES),
        ("c", "network.hidden"): OpenRange(min=8, max=64),
        ("c", "learning_rate"): OpenRange(**RATES),
    }


def test_a_plan_without_training_holds_out_the_same_clips_for_every_seed():
    assert PlanSettings().split == "fixed"
    for split in ("per_seed", "in_turn"):
        assert PlanSettings.model_validate({"training": {"split": split}}).split == split
