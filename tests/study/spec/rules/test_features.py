"""Rules between the keys of the features."""

from __future__ import annotations

import pytest

from study.spec.rules.features import feature_violations, patch_violations
from study.spec.study import StudySpec
from trainables.feature_settings import FEATURES, Features

SPEECH = {"sample_rate": 16_000, "n_fft": 512, "window": 400, "hop": 160, "mels": 64}


def violations(**features: int) -> list[tuple[str, str]]:
    return [(str(at[-1]), allowed) for at, allowed in feature_violations(Features(**features))]


@pytest.mark.parametrize("features", [FEATURES.model_dump(), SPEECH, SPEECH | {"patch_frames": 96, "patch_hop": 96}])
def test_usual_features_break_no_rule(features: dict[str, int]) -> None:
    assert violations(**features) == []


@pytest.mark.parametrize(
    ("features", "problem"),
    [
        ({"window": 2049}, ("window", "at most features.n_fft (2048)")),
        ({"hop": 1765}, ("hop", "at most features.window (1764)")),
        ({"patch_hop": 101}, ("patch_hop", "at most features.patch_frames (100)")),
        ({"n_fft": 1024}, ("n_fft", "at least features.window (1764)")),
        ({"patch_frames": 49}, ("patch_frames", "at least features.patch_hop (50)")),
        ({"patch_frames": 3001}, ("patch_frames", "at most 3000, which are 60 s")),
        (
            SPEECH | {"mels": 500},
            ("mels", "at most 191, so that each band holds a frequency of the transform (features.n_fft)"),
        ),
    ],
)
def test_a_broken_rule_names_a_stated_key_and_what_is_allowed(
    features: dict[str, int], problem: tuple[str, str]
) -> None:
    assert violations(**features) == [problem]


def test_all_broken_rules_are_reported_at_once() -> None:
    broken = violations(n_fft=512, window=600, hop=700, patch_frames=9999, patch_hop=10_000)
    assert [key for key, _ in broken] == ["window", "hop", "patch_hop", "patch_frames"]


@pytest.mark.parametrize(
    ("network", "size", "problems"),
    [
        ("cnn", (16, 4), []),
        ("cnn", (15, 4), [("patch_frames", "at least 16 with network cnn, whose poolings need as many")]),
        ("cnn", (100, 3), [("mels", "at least 4 with network cnn, whose poolings need as many")]),
        ("vgg", (4, 4), []),
        ("vgg", (3, 96), [("patch_frames", "at least 4 with network vgg, whose poolings need as many")]),
        ("head", (1, 1), []),
    ],
)
def test_a_patch_is_large_enough_for_the_network_of_every_arm(
    network: str, size: tuple[int, int], problems: list[tuple[str, str]]
) -> None:
    arms = [{"name": "a", "loss": {"name": "cce"}, "network": {"name": network}}]
    keys = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 1, "features": {"embeddings": "e"}}
    features = Features(patch_frames=size[0], mels=size[1], patch_hop=1)
    violated = patch_violations(features, StudySpec.model_validate(keys).open_arms)
    assert [(str(at[-1]), allowed) for at, allowed in violated] == problems
