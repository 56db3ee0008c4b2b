"""The validation split and the data of a run."""

from collections import Counter
from pathlib import Path

import pytest

from trainables.datasets.manifest import Clip, Manifest
from trainables.datasets.subsets import split_validation


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


def test_validation_and_test_clips_are_not_trained_on(loader, make_run):
    data = loader.run_data(make_run().configuration)
    parts = [set(p.starts.tolist()) for p in (data.train, data.validation, data.test)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert not (parts[0] | parts[1]) & parts[2]


def test_the_same_subset_is_indexed_once(loader, make_run):
    assert loader.run_data(make_run(seed=0).configuration) is loader.run_data(make_run(seed=1).configuration)
    assert loader.run_data(make_run(subset="clean").configuration) is not loader.run_data(make_run().configuration)
