"""Whether every subset can be trained on and judged, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from study.planning.workload import frame_counts, patch_counts, workloads
from study.spec.study import StudySpec
from trainables.config import FEATURES, Features
from trainables.datasets.manifest import Clip, DataSetError, Manifest

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


def test_frames_and_patches_of_a_clip_follow_from_its_files_header_and_the_features(tmp_path: Path) -> None:
    clips = [Clip(f"{seconds}.wav", "a", "train", verified=True) for seconds in (1, 10)]
    for clip in clips:
        soundfile.write(tmp_path / clip.path, np.zeros(8000 * int(clip.path.split(".")[0])), 8000)
    data = Manifest("two", "csv", tmp_path, (*clips, Clip("absent.wav", "a", "train", verified=True)))
    speech = Features(sample_rate=16_000, n_fft=512, window=400, hop=160, mels=64, patch_frames=96, patch_hop=48)
    counts = {features: frame_counts(data, features) for features in (FEATURES, speech)}
    assert counts == {FEATURES: [101, 501, 0], speech: [101, 1001, 0]}
    assert [patch_counts(frames, features) for features, frames in counts.items()] == [[1, 9, 0], [1, 19, 0]]
