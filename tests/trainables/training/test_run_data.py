"""The validation split and the data of a run."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from trainables.config import Training
from trainables.datasets.checks.structure import SPLITS
from trainables.datasets.manifest import Clip, Manifest
from trainables.datasets.subsets import held_out, split_validation
from trainables.losses.catalogue import GCE, AdaptiveGCE
from trainables.plans import HeldOut
from trainables.training.patches import standardisation
from trainables.training.run_data import RunDataSource


@pytest.fixture
def many():
    clips = [
        Clip(f"{label}{i}.wav", label, "train", verified=i % 2 == 0)
        for label, n in (("a", 100), ("b", 20), ("c", 2))
        for i in range(n)
    ]
    return Manifest("many", "csv", Path(), tuple(clips))


def test_fifteen_percent_of_each_class_are_held_out(many):
    train, held = split_validation(many, range(122), 0.15, 42)
    assert Counter(many.clips[i].label for i in held) == {"a": 15, "b": 3, "c": 1}
    assert sorted([*train, *held]) == list(range(122))


def test_the_split_seed_matters_and_repeats(many):
    one, again, other = (split_validation(many, range(122), 0.15, s)[1] for s in (42, 42, 43))
    assert one == again
    assert one != other


def test_the_split_does_not_depend_on_the_order_of_the_clips(many):
    forwards = split_validation(many, range(122), 0.15, 42)[1]
    assert sorted(split_validation(many, list(reversed(range(122))), 0.15, 42)[1]) == forwards


def test_a_class_never_loses_its_last_training_clip(many):
    train, _ = split_validation(many, [0, 1, 100, 120], 0.5, 42)
    assert {many.clips[i].label for i in train} == {"a", "b", "c"}


def test_the_validation_clips_of_a_subset_and_the_verified_ones_among_them_are_counted(many):
    held = [many.clips[i] for i in split_validation(many, range(122), 0.15, 42)[1]]
    assert held_out(many, "all", Training()) == HeldOut(clips=19, verified=sum(clip.verified for clip in held))


def test_with_a_split_per_seed_the_mean_number_of_verified_clips_over_splits_is_stated(many):
    splits = [split_validation(many, range(122), 0.15, seed)[1] for seed in range(300)]
    verified = [sum(many.clips[i].verified for i in split) for split in splits]
    stated = held_out(many, "all", Training(split="per_seed"))
    assert {len(split) for split in splits} == {stated.clips}
    assert np.std(verified) > 1
    assert stated.verified == pytest.approx(np.mean(verified), abs=0.5 + 4 * np.std(verified) / 300**0.5)


def test_validation_and_test_clips_are_not_trained_on(loader, make_run):
    data = loader.run_data(make_run())
    parts = [set(p.starts.tolist()) for p in (data.train, data.validation, data.test)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert not (parts[0] | parts[1]) & parts[2]


@pytest.mark.slow
def test_more_seeds_average_the_luck_of_the_clips_out_only_with_a_split_for_each_seed():
    """A difference between two configurations that varies over clips; reference: sd over clips / sqrt(held * seeds).

    The splits of different seeds are independent draws of 15 % of the clips, without replacement within a split.
    """
    clips = tuple(Clip(f"{i}.wav", "a", "train", verified=True) for i in range(1000))
    manifest = Manifest("one class", "csv", Path(), clips)
    errors = {"fixed": [], "per_seed": []}
    for draw in range(60):
        gains = np.random.default_rng(draw).normal(0, 1, 1000)
        gains -= gains.mean()
        for split, collected in errors.items():
            training = Training(split=split, split_seed=draw)
            used = {training.validation_seed(seed) for seed in range(9)}
            means = [gains[split_validation(manifest, range(1000), 0.15, seed)[1]].mean() for seed in used]
            collected.append(np.mean(means))
    expected = np.sqrt(0.85 / 150)
    margin = 3 / np.sqrt(2 * 60)  # three standard errors of a standard deviation from 60 draws
    assert np.std(errors["fixed"]) == pytest.approx(expected, rel=margin)
    assert np.std(errors["per_seed"]) == pytest.approx(expected / 3, rel=margin)


def validation_of(data):
    return set(data.validation.starts.tolist())


def test_every_seed_of_a_run_holds_out_the_same_clips_by_default(loader, make_run):
    assert validation_of(loader.run_data(make_run(seed=0))) == validation_of(loader.run_data(make_run(seed=7)))


def test_with_a_split_per_seed_each_seed_holds_out_other_clips_and_the_same_again(loader, make_run):
    splits = [validation_of(loader.run_data(make_run(seed=seed, split="per_seed"))) for seed in (0, 1, 10_000, 0)]
    assert splits[0] == splits[3]
    assert len({frozenset(split) for split in splits}) == 3
    assert validation_of(loader.run_data(make_run())) not in splits


def test_with_a_split_per_seed_every_configuration_holds_out_the_same_clips_of_a_seed(loader, make_run):
    one = make_run(GCE(name="gce", q=0.3), seed=3, split="per_seed", epochs=5)
    other = make_run(AdaptiveGCE(name="adaptive_gce"), seed=3, split="per_seed", learning_rate=0.01)
    assert validation_of(loader.run_data(one)) == validation_of(loader.run_data(other))


@pytest.mark.parametrize("parts", [2, 5])
def test_parts_held_out_in_turn_hold_every_clip_once_and_the_classes_in_proportion(many, parts):
    training = Training(split="in_turn", validation=1 / parts)
    splits = [split_validation(many, range(122), *training.validation_split(seed)) for seed in range(parts)]
    assert sorted(i for _, held in splits for i in held) == list(range(122))
    for train, held in splits:
        assert sorted([*train, *held]) == list(range(122))
        assert len(held) in {122 // parts, -(-122 // parts)}
        of_class = Counter(many.clips[i].label for i in held)
        assert all(abs(of_class[label] - n / parts) < 1 for label, n in (("a", 100), ("b", 20), ("c", 2)))
    again = split_validation(many, range(122), *training.validation_split(parts))
    assert again == splits[0]


def test_the_split_seed_decides_which_clips_a_part_holds(many):
    one, other = (
        split_validation(many, range(122), *Training(split="in_turn", split_seed=seed).validation_split(0))
        for seed in (42, 43)
    )
    assert one != other


def test_the_only_clip_of_a_class_is_held_out_in_no_part(many):
    clips = [0, 1, 2, 3, 120]
    splits = [split_validation(many, clips, 0.5, 42, (part, 2)) for part in range(2)]
    assert sorted(i for _, held in splits for i in held) == [0, 1, 2, 3]


def test_the_split_seed_matters_with_a_split_per_seed(loader, make_run):
    one, other = (loader.run_data(make_run(split="per_seed", split_seed=seed)) for seed in (42, 43))
    assert validation_of(one) != validation_of(other)


def test_patches_are_standardised_by_the_training_clips_of_their_own_split(loader, make_run):
    one, other = (loader.run_data(make_run(seed=seed, split="per_seed")) for seed in (0, 1))
    for data in (one, other):
        expected, _ = standardisation(loader.frames, data.train.starts, loader.features.patch_frames)
        assert torch.equal(data.patches.mean, expected)
    assert not torch.equal(one.patches.mean, other.patches.mean)
    assert one.patches.frames is other.patches.frames


@pytest.fixture
def folded(manifest, store, features):
    """Return the data of a manifest whose clips are in three folds, each the test set in turn."""
    fold_of = {clip.path: str(place % 3) for place, clip in enumerate(manifest.clips)}
    halves = tuple(replace(c, split=half, fold=fold_of[c.path]) for half in SPLITS for c in manifest.clips)
    both = replace(manifest, clips=halves, digests=2 * manifest.digests)
    return RunDataSource(both, store, features, torch.device("cpu"))


def test_a_run_with_a_fold_is_tested_on_its_clips_and_trained_and_standardised_on_the_others(folded, make_run):
    one, other = (folded.run_data(make_run().model_copy(update={"fold": fold})) for fold in "01")
    assert one.patches.frames is other.patches.frames
    assert not torch.equal(one.patches.mean, other.patches.mean)
    parts = [set(p.starts.tolist()) for data in (one, other) for p in (data.train, data.validation, data.test)]
    assert not (parts[0] | parts[1]) & parts[2]
    assert not parts[2] & parts[5]
    assert parts[5] <= parts[0] | parts[1]
    assert len(one.test.clip_labels) + len(other.test.clip_labels) == 2 / 3 * len(folded.manifest.sounds)


def test_only_so_many_splits_are_kept_in_memory(loader, make_run, monkeypatch):
    monkeypatch.setattr("trainables.training.run_data.MAX_CACHED", 3)
    monkeypatch.setattr(loader, "_cache", {})
    first = loader.run_data(make_run(seed=0, split="per_seed"))
    for seed in range(1, 5):
        loader.run_data(make_run(seed=seed, split="per_seed"))
    assert len(loader._cache) == 3
    again = loader.run_data(make_run(seed=0, split="per_seed"))
    assert again is not first
    assert validation_of(again) == validation_of(first)


def test_the_same_subset_is_indexed_once(loader, make_run):
    assert loader.run_data(make_run(seed=0)) is loader.run_data(make_run(seed=1))
    assert loader.run_data(make_run(subset="clean")) is not loader.run_data(make_run())
