"""The methods paragraph states each loss, network and training setting, with the works that they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analysis.text.methods.bibliography import WORKS
from analysis.text.methods.losses import LOSSES
from trainables.config import Training
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.losses.catalogue import LOSSES as MODELS

if TYPE_CHECKING:
    from factories import Builder

CONFIRM = {"confirm_seeds": 12, "baselines": ["cce"]}
ASHA = {"grace_period": 10, "reduction_factor": 4.0, "max_epochs": None}
SEARCH = {"name": "search", "sampler": "tpe", "seeds": 1, "asha": ASHA, "confirm_best": 3, **CONFIRM}


def test_every_loss_has_its_words_and_its_work() -> None:
    names = {re.sub("_origin$", "", str(model.model_fields["name"].annotation.__args__[0])) for model in MODELS}
    assert names == set(LOSSES)
    assert {work for _, work in LOSSES.values()} - {""} <= set(WORKS)


def test_settings_that_differ_are_stated_with_each_loss(study: Builder) -> None:
    study.learning_rates("cce", (1e-3, 1e-2), 2)
    study.add("sgd", CCE(name="cce"), 0, training=Training(optimizer="sgd", schedule="cosine", learning_rate=0.1))
    text = study.report().methods.text
    for fact in (
        "Adam or SGD with momentum 0.9 at the learning rate stated below",
        "or, with schedule cosine, at a learning rate that falls to 0 along a cosine",
        "Categorical cross-entropy with lr in {0.001, 0.01}, optimizer = adam, schedule = plateau [cce]",
        "lr = 0.1, optimizer = sgd, schedule = cosine [sgd]",
    ):
        assert fact in text
    assert "differing from it" not in text


def test_a_range_of_a_training_setting_is_stated(study: Builder) -> None:
    study.method = SEARCH
    study.spec = {
        "arms": [{"name": "cce", "loss": {"name": "cce"}}],
        "training": {"learning_rate": {"min": 1e-4, "max": 0.1, "scale": "log"}},
    }
    study.learning_rates("cce", (1e-3, 1e-2), 2)
    assert "lr in [0.0001, 0.1] (log scale) [cce]" in study.report().methods.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (({"mixup": 0.1}, {"mixup": 0.1}), "with weights drawn from Beta(0.1, 0.1) (mixup"),
        (({"mixup": 0.1}, {"mixup": 0.4}), "from Beta(mixup, mixup), with mixup as stated below"),
        (({"time_mask": 8}, {"time_mask": 16}), "time or frequency masks of the widths stated below, set to the mean"),
    ],
)
def test_augmentation_that_differs_is_stated_with_each_loss(
    study: Builder, settings: tuple[dict[str, float], ...], words: str
) -> None:
    for number, of_arm in enumerate(settings):
        training = Training.model_validate({"learning_rate": 0.01 * (1 + number), **of_arm})
        study.add(f"arm{number}", CCE(name="cce"), 0, training=training)
    assert words in study.report().methods.text


def test_a_relative_temperature_is_stated_without_the_one_that_it_replaces(study: Builder) -> None:
    loss = AdaptiveGCE(name="adaptive_gce", distances="embedding", relative_temperature=0.1)
    study.add("adaptive", loss, 0)
    text = study.report().methods.text
    assert "T/median = 0.1, reading = mean, distances = embedding" in text
    assert "T = 1000" not in text
