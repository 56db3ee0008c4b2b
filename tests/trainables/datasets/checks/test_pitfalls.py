"""Pitfalls for training are listed with what to do about them; an ordinary data set has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainables.audio.headers import Probe
from trainables.datasets.checks.pitfalls import pitfalls
from trainables.datasets.manifest import Clip, Manifest

RATE = 44_100


def a_set(sizes: dict[str, int]) -> Manifest:
    clips = [Clip(f"{label}/{i}.wav", label, "train", verified=True) for label, n in sizes.items() for i in range(n)]
    clips += [Clip(f"test/{label}.wav", label, "test", verified=True) for label in sizes]
    return Manifest("toy", "csv", Path("toy"), tuple(clips))


def headers(manifest: Manifest, **of_first: int) -> dict[str, Probe]:
    """Return headers of three seconds of mono, but for the first clip."""
    usual = {"samples": 3 * RATE, "rate": RATE, "channels": 1}
    first, *rest = [clip.path for clip in manifest.clips]
    return {first: Probe(**(usual | of_first))} | {path: Probe(**usual) for path in rest}


def whats(manifest: Manifest, **of_first: int) -> list[str]:
    return [pitfall.what for pitfall in pitfalls(manifest, headers(manifest, **of_first))]


ORDINARY = a_set({"cat": 20, "dog": 24})


def test_an_ordinary_data_set_has_none() -> None:
    assert whats(ORDINARY) == []


def test_a_small_class_beside_a_large_one_is_named() -> None:
    assert whats(a_set({"cat": 12, "dog": 119})) == []
    assert whats(a_set({"cat": 12, "dog": 120})) == ["'dog' has 120 training clips, 'cat' has 12"]


def test_classes_with_at_most_one_validation_clip_are_named() -> None:
    assert whats(a_set({"cat": 10, "dog": 20})) == []
    assert whats(a_set({"ant": 1, "bat": 9, "cat": 8, "cow": 7, "dog": 9})) == [
        "5 classes with at most one validation clip: ant, bat, cat and 2 more"
    ]


@pytest.mark.parametrize("other", ["Dog bark", "dog_bark", "dog-bark", "DOG  BARK"])
def test_labels_that_differ_only_in_how_they_are_written_are_named(other: str) -> None:
    (what,) = whats(a_set({"dog bark": 20, other: 20, "cat": 20}))
    assert what in {
        f"labels '{a}' and '{b}' differ only in case, spaces, underscores or hyphens"
        for a, b in [("dog bark", other), (other, "dog bark")]
    }


def test_a_clip_that_is_repeated_very_often_is_named() -> None:
    assert whats(ORDINARY, samples=RATE // 5) == []
    assert whats(ORDINARY, samples=RATE // 5 - 1) == ["1 of 46 clips shorter than 0.2 s: cat/0.wav"]


def test_a_clip_that_is_much_longer_than_the_others_is_named() -> None:
    assert whats(ORDINARY, samples=30 * RATE) == []
    assert whats(ORDINARY, samples=31 * RATE) == ["1 of 46 clips longer than 30 s: cat/0.wav"]


def test_lower_rates_name_the_rate_to_set_and_whether_all_clips_have_it() -> None:
    manifest = a_set({"cat": 20, "dog": 20})
    (mixed,) = pitfalls(manifest, headers(manifest, rate=16_000))
    assert mixed.what == "1 of 42 clips recorded at less than 44,100 Hz, the lowest at 16,000 Hz"
    assert mixed.remedy.startswith("set features.sample_rate: 16000; ")
    assert mixed.remedy.endswith("a network can tell them from the others")
    (same,) = pitfalls(manifest, {path: Probe(24_000, 8_000, 1) for path in headers(manifest)})
    assert same.what.startswith("42 of 42 clips")
    assert same.remedy.endswith("are empty above half their rate")
    assert pitfalls(manifest, headers(manifest, rate=48_000)) == []


def test_clips_of_several_channels_are_counted() -> None:
    assert whats(ORDINARY, channels=2) == ["1 of 46 clips with more than one channel: cat/0.wav"]


def test_without_audio_only_the_list_is_looked_at() -> None:
    assert pitfalls(a_set({"cat": 1, "dog": 20}), {}) == pitfalls(
        a_set({"cat": 1, "dog": 20}), headers(a_set({"cat": 1, "dog": 20}))
    )
