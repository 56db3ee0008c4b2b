"""The ``folds`` key of a data set: a test set of folds, or each fold the test set in turn."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError

from trainables.config import Training
from trainables.datasets.checks.doubtful import doubtful_clips
from trainables.datasets.checks.structure import structure
from trainables.datasets.config import CSV
from trainables.datasets.keys import Folds, Noise, TestedFolds
from trainables.datasets.kinds import csv_manifest
from trainables.datasets.noise import inject
from trainables.datasets.subsets import clips_to_test, held_out, subset
from trainables.plans import HeldOut

IN_TURN = Folds(test="all")
LABELS = ("cat", "dog")


def read(folder, folds=IN_TURN, rows=12, of_fold=lambda i: i // 2 % 3 + 1, column="fold"):
    lines = [f"{i}.wav,{LABELS[i % 2]},1,{of_fold(i)}" for i in range(rows)]
    (folder / "clips.csv").write_text("\n".join([f"path,label,verified,{column}", *lines]) + "\n")
    manifest, problems = csv_manifest.parse(folder / "clips.csv", None, folds)
    return replace(manifest, digests=tuple(c.path for c in manifest.clips)), problems


def paths(clips):
    return [clip.path for clip in clips]


@pytest.mark.parametrize(
    ("written", "test"), [("all", "all"), ({"test": 10}, ("10",)), ({"test": ["a", 2]}, ("a", "2"))]
)
def test_folds_are_all_or_one_or_several_and_their_names_are_texts(written, test):
    assert TypeAdapter(TestedFolds).validate_python(written) == Folds(test=test)


@pytest.mark.parametrize("test", [True, 1.5, [], "", [1, "1"], {}])
def test_what_names_no_distinct_folds_is_refused(test):
    with pytest.raises(ValidationError, match="allowed: all, a fold, or a list of distinct folds"):
        Folds(test=test)


def test_a_data_set_without_folds_is_written_as_before_there_were_any():
    assert "folds" not in CSV(kind="csv", path="a.csv").model_dump()


def test_the_clips_of_a_test_fold_are_the_test_set_and_the_fold_is_no_part_of_the_data(tmp_path):
    manifest, problems = read(tmp_path, Folds(test="2"))
    assert not problems
    assert paths(manifest.of("test")) == ["2.wav", "3.wav", "8.wav", "9.wav"]
    assert len(manifest.of("train")) == 8
    assert manifest.folds == ()


def test_a_csv_with_the_split_that_follows_from_its_folds_is_the_same_data_set(tmp_path):
    by_folds, _ = read(tmp_path, Folds(test=["1", "2"]))
    lines = [f"{i}.wav,{LABELS[i % 2]},1,{'train' if i // 2 % 3 == 2 else 'test'}" for i in range(12)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label,verified,split", *lines]) + "\n")
    by_split, _ = csv_manifest.parse(tmp_path / "clips.csv")
    assert replace(by_split, digests=by_folds.digests).fingerprint == by_folds.fingerprint


def test_with_all_every_clip_is_a_training_clip_and_a_test_clip_of_its_fold(tmp_path):
    manifest, problems = read(tmp_path)
    assert not problems
    assert manifest.folds == ("1", "2", "3")
    assert paths(manifest.of("train")) == paths(manifest.of("test")) == paths(manifest.sounds)
    assert len(manifest.sounds) == 12


def test_folds_with_numbers_for_names_are_in_the_order_of_the_numbers(tmp_path):
    manifest, _ = read(tmp_path, of_fold=lambda i: ("10", "x", "9")[i // 2 % 3])
    assert manifest.folds == ("9", "10", "x")


def test_a_run_is_tested_on_its_fold_and_trained_on_all_others(tmp_path):
    manifest, _ = read(tmp_path)
    for fold in manifest.folds:
        train = {manifest.clips[i].path for i in subset(manifest, "all", fold=fold)}
        test = {manifest.clips[i].path for i in clips_to_test(manifest, fold)}
        assert not train & test
        assert len(train | test) == 12
        assert {manifest.clips[i].fold for i in clips_to_test(manifest, fold)} == {fold}


def test_no_subset_holds_a_clip_of_the_fold_that_is_tested(tmp_path):
    manifest, _ = read(tmp_path, rows=60)
    clips = tuple(replace(c, verified=int(c.path.partition(".")[0]) % 4 < 2) for c in manifest.clips)
    manifest = replace(manifest, clips=clips)
    for name in ("clean", "noisy", "m_noisy+clean", "l_noisy+s_clean"):
        chosen = subset(manifest, name, fold="2")
        assert chosen
        assert "2" not in {manifest.clips[i].fold for i in chosen}


def test_noise_changes_only_labels_to_train_on(tmp_path):
    clean, _ = read(tmp_path)
    noisy = inject(clean, Noise(symmetric=1.0, keep_verified=0.0))
    assert all(clip.label != clip.true_label for clip in noisy.of("train"))
    assert noisy.of("test") == clean.of("test")


def test_validation_clips_are_held_out_of_the_other_folds_and_counted_on_average(tmp_path):
    manifest, _ = read(tmp_path, rows=60)
    assert held_out(manifest, "all", Training()) == HeldOut(clips=6, verified=6)


def test_the_same_sound_in_two_folds_is_a_test_clip_in_training_and_in_one_fold_it_is_not(tmp_path):
    manifest, _ = read(tmp_path)

    def doubts(same):
        digests = tuple("0.wav" if c.path == same else c.path for c in manifest.clips)
        return {doubt.doubt: doubt.clips for doubt in doubtful_clips(replace(manifest, digests=digests))}

    assert doubtful_clips(manifest) == []
    assert doubts("2.wav") == {"test_in_training": 2, "repeated_training": 1, "repeated_test": 1}
    assert doubts("6.wav") == {"repeated_training": 1, "repeated_test": 1}


@pytest.mark.parametrize(
    ("folds", "of_fold", "problem"),
    [
        (Folds(test="4"), lambda i: i // 2 % 3 + 1, "folds: no clip is in fold '4'; the folds are 1, 2, 3"),
        (Folds(test=["1", "2"]), lambda i: i // 2 % 2 + 1, "folds: test names every fold (1, 2); one must be left to"),
        (IN_TURN, lambda _: 7, "folds: all clips are in fold '7'; all needs two folds"),
        (IN_TURN, lambda i: "a\x1b" if i % 4 else "b", "folds: the name 'a\\x1b' contains an unprintable character"),
        (IN_TURN, lambda i: "" if i == 3 else i // 2 % 2, "clips.csv:5: the fold is empty"),
        (Folds(column="part", test="1"), lambda i: i, "no column part; required: path,label,part; found"),
    ],
)
def test_wrong_folds_have_a_message_each(tmp_path, folds, of_fold, problem):
    _, problems = read(tmp_path, folds, of_fold=of_fold)
    assert [problem in line for line in problems] == [True]


def test_a_class_whose_clips_are_all_in_one_fold_is_refused_by_name(tmp_path):
    manifest, _ = read(tmp_path, of_fold=lambda i: 1 if i % 2 else i // 2 % 3 + 1)
    expected = "class 'dog': all clips are in fold '1'; as the test set it leaves none to train on"
    assert structure(manifest) == [expected]


def test_the_column_of_the_folds_may_have_another_name(tmp_path):
    manifest, problems = read(tmp_path, Folds(column="part", test="all"), column="part")
    assert not problems
    assert manifest.folds == ("1", "2", "3")
