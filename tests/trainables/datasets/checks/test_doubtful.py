"""Which clips of a data set are doubtful: every kind is counted, with the first few of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from trainables.datasets.checks.doubtful import doubtful_clips
from trainables.datasets.manifest import Clip, Manifest
from trainables.plans import DoubtfulClips


def data_set(*rows: str, **known: dict[str, str]) -> Manifest:
    """Make a manifest from rows of ``PATH LABEL SPLIT DIGEST``."""
    fields = [row.split() for row in rows]
    clips = tuple(Clip(path, label, split, verified=True) for path, label, split, _ in fields)  # type: ignore[arg-type]
    return Manifest("set", "csv", Path(), clips, digests=tuple(content for *_, content in fields), **known)


def test_clips_of_different_sounds_are_not_doubtful() -> None:
    assert doubtful_clips(data_set("a dog train 1", "b cat train 2", "c dog test 3")) == []


def test_a_test_clip_with_the_sound_of_a_training_clip_is_counted_among_the_test_clips() -> None:
    rows = ("a dog train 1", "b dog train 2", "c dog test 2", "d dog test 3", "e dog test 2")
    first, second = doubtful_clips(data_set(*rows))
    assert first == DoubtfulClips(doubt="test_in_training", clips=2, among=3, examples=[("c", "b"), ("e", "b")])
    assert second == DoubtfulClips(doubt="repeated_test", clips=1, among=3, examples=[("e", "c")])


def test_a_sound_under_two_labels_is_counted_with_all_its_clips() -> None:
    rows = ("a dog train 1", "b cat test 1", "c cow train 2", "d cow train 1")
    (doubtful,) = (kind for kind in doubtful_clips(data_set(*rows)) if kind.doubt == "two_labels")
    assert doubtful == DoubtfulClips(doubt="two_labels", clips=3, among=4, examples=[("a ('dog')", "d ('cow')")])


def test_repeated_training_clips_are_counted_without_the_first() -> None:
    (doubtful,) = doubtful_clips(data_set("a dog train 1", "b dog train 1", "c dog train 1", "d dog train 2"))
    assert doubtful == DoubtfulClips(doubt="repeated_training", clips=2, among=4, examples=[("b", "a"), ("c", "a")])


def test_files_with_equal_frames_hold_the_same_sound() -> None:
    manifest = data_set("a.wav dog train 1", "a.flac dog test 2", "b.wav dog train 3", same={"2": "1"})
    (doubtful,) = doubtful_clips(manifest)
    assert (doubtful.doubt, doubtful.examples) == ("test_in_training", [("a.flac", "a.wav")])


def test_silence_is_no_sound_that_is_repeated() -> None:
    manifest = data_set("a dog train 1", "b cat test 1", silent={"1": "silent: every sample is 0"})
    (doubtful,) = doubtful_clips(manifest)
    assert doubtful == DoubtfulClips(
        doubt="silent",
        clips=2,
        among=2,
        examples=[("a", "silent: every sample is 0"), ("b", "silent: every sample is 0")],
    )


def test_only_the_first_three_are_examples() -> None:
    (doubtful,) = doubtful_clips(data_set(*(f"{name} dog train 1" for name in "abcdef")))
    assert (doubtful.clips, doubtful.examples) == (5, [("b", "a"), ("c", "a"), ("d", "a")])


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_data_set_that_is_one_sound_is_counted_whole(split: str) -> None:
    (doubtful,) = doubtful_clips(data_set(*(f"{i} dog {split} 1" for i in range(1000))))
    assert (doubtful.clips, doubtful.among) == (999, 1000)


def test_a_sound_of_many_clips_and_two_labels_is_examined_in_linear_time() -> None:
    rows = [*(f"{i} dog train 1" for i in range(20_000)), "last cat train 1"]
    began = time.process_time()
    kinds = {doubtful.doubt: doubtful.clips for doubtful in doubtful_clips(data_set(*rows))}
    assert kinds == {"two_labels": 20_001, "repeated_training": 20_000}
    assert time.process_time() - began < 2


def test_test_clips_from_the_recording_of_a_training_clip_are_named() -> None:
    clips = [
        Clip(f"{i}.wav", "dog", split, verified=True, recording=recording, fold=fold)
        for i, (split, recording, fold) in enumerate(
            [("train", "7", ""), ("test", "7", ""), ("test", "8", ""), ("test", "", ""), ("train", "", "")]
        )
    ]
    (shared,) = doubtful_clips(Manifest("toy", "csv", Path(), tuple(clips), digests=tuple("abcde")))
    assert shared == DoubtfulClips(doubt="shared_recording", clips=1, among=3, examples=[("1.wav", "0.wav")])


@pytest.mark.parametrize(("fold", "shared"), [("1", 0), ("2", 1)])
def test_where_folds_are_tested_in_turn_a_recording_may_lie_in_one_fold_only(fold: str, shared: int) -> None:
    clips = (
        Clip("0.wav", "dog", "train", verified=True, recording="7", fold="1"),
        Clip("1.wav", "dog", "test", verified=True, recording="7", fold=fold),
    )
    doubtful = doubtful_clips(Manifest("toy", "csv", Path(), clips, digests=("a", "b")))
    assert [kind.doubt for kind in doubtful].count("shared_recording") == shared
