"""The methods tell how runs were trained, and on which features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.config import Training
from trainables.feature_settings import Features
from trainables.losses.catalogue import CCE, GCEOrigin

if TYPE_CHECKING:
    from factories import Builder


def test_features_that_differ_from_the_baselines_are_stated_with_what_they_mean(study: Builder) -> None:
    study.features = Features(
        sample_rate=16_000, n_fft=512, window=400, hop=160, mels=64, patch_frames=96, patch_hop=48
    )
    study.add("cce", CCE(name="cce"), 0)
    text = study.report().methods.text
    changed = "sample_rate = 16000, n_fft = 512, window = 400, hop = 160, mels = 64, patch_frames = 96, patch_hop = 48"
    assert (
        f"(differing from it: {changed}): log-mel spectrograms of 64 bands at 16 kHz (a window of 25 ms every 10 ms) "
        "in patches of 0.96 s every 0.48 s, "
    ) in text


def test_what_differs_from_the_baselines_training_is_said(study: Builder) -> None:
    study.training = Training(epochs=10, batch_size=8)
    study.add("origin", GCEOrigin(name="gce_origin"), 0)
    text = study.report().methods.text
    assert "(differing from it: epochs = 10, batch_size = 8)" in text
    assert "on unverified clips and cross-entropy on verified ones (Fonseca et al., 2019) with q = 0.7 [origin]" in text
    assert "The 1 configuration was trained with 1 seed (0)." in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"optimizer": "adamw", "weight_decay": 0.01},
            "AdamW at a learning rate of 0.001 that is halved after 5 epochs",
        ),
        ({"optimizer": "sgd"}, "SGD with momentum 0.9 at a learning rate of 0.001"),
        ({"schedule": "cosine"}, "0.001 that falls to 0 along a cosine, batches of 64 patches, and 160 epochs without"),
    ],
)
def test_the_methods_name_optimiser_and_schedule(study: Builder, settings: dict[str, object], words: str) -> None:
    study.training = Training.model_validate(settings)
    assert words in study.temperatures([3], 2).report().methods.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"mixup": 0.1, "mixup_after": 10},
            "mixed in pairs within a batch from epoch 11 on, with weights drawn from Beta(0.1, 0.1) (mixup;",
        ),
        ({"mixup": 0.1}, "mixed in pairs within a batch, with weights"),
        (
            {"time_mask": 20, "frequency_mask": 1, "masks": 2},
            "had 2 time masks of up to 20 frames and 2 frequency masks of up to 1 mel band, set to the mean (",
        ),
        ({"time_mask": 20}, "Each training patch had 1 time mask of up to 20 frames, set to the mean"),
    ],
)
def test_the_methods_describe_mixup_and_masks_where_they_are_used(
    study: Builder, settings: dict[str, object], words: str
) -> None:
    study.training = Training.model_validate(settings)
    assert words in study.temperatures([3], 2).report().methods.text


def test_the_methods_name_neither_mixup_nor_masks_where_they_are_not_used(study: Builder) -> None:
    text = study.temperatures([3], 2).report().methods.text
    assert not any(word in text for word in ("mixup", "mask", "Beta("))
