"""Whether every subset can be trained on and judged, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from study.planning import workload
from study.planning.workload import workloads
from study.spec.study import StudySpec
from trainables.datasets.manifest import Clip, DataSetError, Manifest

PATCH = 44_100 * 2  # samples


@pytest.fixture
def manifest(monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """Return 40 training clips, each as long as a patch, of which two have a verified label."""
    monkeypatch.setattr(workload, "probe", lambda _: SimpleNamespace(samples=PATCH, rate=44_100))
    clips = tuple(Clip(f"{i}.wav", "ab"[i % 2], "train", verified=i < 2) for i in range(40))
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
        workloads(study("per_seed", usable[0]), manifest)


def _usable(manifest: Manifest, spec: StudySpec) -> bool:
    try:
        return workloads(spec, manifest)["all"].train_clips == 34
    except DataSetError as error:
        return error.problems != ["subset all: none of its validation clips is verified, and select_on is verified"]
