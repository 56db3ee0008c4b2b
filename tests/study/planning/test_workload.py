"""Whether every subset can be trained on and judged, before anything is trained."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from study.planning import workload
from study.planning.workload import Workload, estimate_s, frame_counts, patch_counts, workloads
from study.spec.rules.between_keys import Load
from study.spec.study import StudySpec
from trainables.datasets.checks.structure import SPLITS
from trainables.datasets.manifest import Clip, DataSetError, Manifest
from trainables.feature_settings import FEATURES, Features
from trainables.networks.catalogue import BaselineCNN, EmbeddingHead, VGGLike

CLIPS = 40


@pytest.fixture
def manifest() -> Manifest:
    """Return training clips, of which two have a verified label."""
    clips = tuple(Clip(f"{i}.wav", "ab"[i % 2], "train", verified=i < 2) for i in range(CLIPS))
    return Manifest("few", "csv", Path(), clips)


def study(split: str, split_seed: int) -> StudySpec:
    training = {"batch_size": 8, "split": split, "split_seed": split_seed}
    arms = [{"name": "cce", "loss": {"name": "cce"}}]
    keys = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 3, "select_on": "verified"}
    return StudySpec.model_validate(keys | {"training": training})


def test_a_study_that_selects_on_verified_clips_needs_one_in_the_split_of_every_seed(manifest: Manifest) -> None:
    usable = [seed for seed in range(50) if _usable(manifest, study("fixed", seed))]
    assert 5 < len(usable) < 25  # a verified clip is held out with 15 %
    with pytest.raises(DataSetError, match=r"subset all: none of its validation clips of some seed is verified"):
        workloads(study("per_seed", usable[0]), manifest, [1] * CLIPS)


def _usable(manifest: Manifest, spec: StudySpec) -> bool:
    try:
        return workloads(spec, manifest, [1] * CLIPS)["all"].train_clips == 34
    except DataSetError as error:
        return error.problems != ["subset all: none of its validation clips is verified, and select_on is verified"]


def test_a_loss_for_whose_labels_the_data_set_lacks_the_truth_is_refused_with_its_arm_and_subset(
    manifest: Manifest,
) -> None:
    open_matrix = {"values": ["injected", "verified"]}
    arms = [{"name": "fc", "loss": {"name": "forward_correction", "matrix": open_matrix}}]
    spec = StudySpec.model_validate(study("fixed", 0).model_dump() | {"arms": arms, "select_on": "validation"})
    with pytest.raises(DataSetError) as refused:
        workloads(spec, manifest, [1] * CLIPS)
    needs = "arm fc, subset all: forward_correction needs"
    assert refused.value.problems[0] == f"{needs} the true label of unverified training clips; none is known"
    known = tuple(replace(clip, true_label=clip.label) for clip in manifest.clips)
    fixed = spec.model_copy(update={"arms": study_of("injected")})
    assert workloads(fixed, replace(manifest, clips=known), [1] * CLIPS)["all"].train_clips == 34


def test_the_work_of_a_subset_is_its_mean_over_folds_and_a_problem_names_the_fold(manifest: Manifest) -> None:
    halves = [replace(c, split=split, fold="12"[i < 10]) for split in SPLITS for i, c in enumerate(manifest.clips)]
    folded = replace(manifest, clips=tuple(halves))
    spec = study("fixed", 0).model_copy(update={"select_on": "validation"})
    assert workloads(spec, folded, [1] * len(halves))["all"] == Workload(17, 17, 3)  # of 8 + 26 and 2 + 4 clips
    with pytest.raises(DataSetError) as refused:
        workloads(study("fixed", 0), folded, [1] * len(halves))
    expected = "subset all, tested on fold '2': none of its validation clips is verified, and select_on is verified"
    assert expected in refused.value.problems


def study_of(matrix: str) -> Any:
    loss = {"name": "forward_correction", "matrix": matrix}
    keys = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": [{"name": "fc", "loss": loss}], "seeds": 3}
    return StudySpec.model_validate(keys).arms


def test_frames_and_patches_of_a_clip_follow_from_its_files_header_and_the_features(tmp_path: Path) -> None:
    clips = [Clip(f"{seconds}.wav", "a", "train", verified=True) for seconds in (1, 10)]
    for clip in clips:
        soundfile.write(tmp_path / clip.path, np.zeros(8000 * int(clip.path.split(".")[0])), 8000)
    data = Manifest("two", "csv", tmp_path, (*clips, Clip("absent.wav", "a", "train", verified=True)))
    speech = Features(sample_rate=16_000, n_fft=512, window=400, hop=160, mels=64, patch_frames=96, patch_hop=48)
    counts = {features: frame_counts(data, features) for features in (FEATURES, speech)}
    assert counts == {FEATURES: [101, 501, 0], speech: [101, 1001, 0]}
    assert [patch_counts(frames, features) for features, frames in counts.items()] == [[1, 9, 0], [1, 19, 0]]


WORK = {"all": Workload(20, 100, 50), "clean": Workload(2, 10, 5)}


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the networks that are timed; a patch takes 1 s with cnn and 7 s with vgg, 0 s to score."""
    names: list[str] = []

    def seconds(network: Any, *_: Any) -> tuple[float, float]:
        names.append(network.name)
        return {"cnn": 1.0, "vgg": 7.0}[network.name], 0.0

    monkeypatch.setattr(workload, "seconds_per_patch", seconds)
    return names


def two_networks(*, networks: tuple[str, ...] = ("cnn", "vgg")) -> StudySpec:
    subsets = {"values": ["all", "clean"]}
    arms = [{"name": n, "loss": {"name": "cce"}, "network": {"name": n}, "subset": subsets} for n in networks]
    keys = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": arms, "seeds": 1, "training": {"epochs": 2}}
    return StudySpec.model_validate(keys | {"resources": {"max_concurrent": 1}})


def test_each_run_is_estimated_with_the_speed_of_its_network(timed: list[str]) -> None:
    runs = Counter({Load("all", 2, BaselineCNN()): 3, Load("clean", 1, VGGLike()): 1})
    assert estimate_s(two_networks(), runs, WORK, 20) == 3 * 100 * 2 * 1.0 + 10 * 7.0
    assert sorted(timed) == ["cnn", "vgg"]


@pytest.mark.usefixtures("timed")
def test_runs_that_have_no_name_yet_count_as_the_longest_of_the_study() -> None:
    assert estimate_s(two_networks(), Counter(), WORK, 20, unnamed=4) == 4 * 100 * 2 * 7.0


def test_a_network_that_no_run_uses_is_not_timed(timed: list[str]) -> None:
    assert estimate_s(two_networks(networks=("cnn",)), Counter(), WORK, 20, unnamed=1) == 100 * 2 * 1.0
    assert timed == ["cnn"]


def test_a_network_with_open_parameters_is_timed_at_their_largest_values() -> None:
    head = {"name": "head", "hidden": {"values": [64, 512, 8]}, "dropout": {"values": [0.2, 0.0]}}
    arms = [{"name": "a", "loss": {"name": "cce"}, "network": head}]
    spec = two_networks()
    keys = spec.model_dump() | {"arms": arms, "features": {"embeddings": "e"}}
    (arm,) = StudySpec.model_validate(keys).open_arms
    assert arm.largest_network() == EmbeddingHead(hidden=512, dropout=0.2)
