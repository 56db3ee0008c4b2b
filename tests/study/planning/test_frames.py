"""Frames of a study's features: computed once for each setting, and opened by the runs that have it."""

import pytest
import torch

from study.planning.data import make_plan
from study.planning.frames import store_data
from study.spec.study import StudySpec
from trainables.feature_settings import FEATURES, Features
from trainables.training.run_data import open_run_data
from trainables.training.run_training import RunTraining

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_sounds")]
CPU = torch.device("cpu")
FINER = Features(n_fft=1024, window=882, hop=441, mels=40, patch_frames=32, patch_hop=16)


@pytest.fixture(params=["folder", "object store"])
def storage(request, tmp_path):
    return tmp_path / "there" if request.param == "folder" else request.getfixturevalue("bucket")


def stored(storage, features):
    """Store the data of a study of these features; return its only run."""
    keys = {
        "name": f"mels-{features.mels}",
        "dataset": {"kind": "synthetic", "train_per_class": 4, "test_per_class": 1},
        "arms": [{"name": "cce", "loss": {"name": "cce"}}],
        "seeds": 1,
        "training": {"epochs": 1, "batch_size": 8},
        "features": features.model_dump(),
        "storage": str(storage),
    }
    spec = StudySpec.model_validate(keys)
    manifest, *_ = store_data(spec)
    return make_plan(spec, manifest).runs[0].run


def opened(storage, run):
    """Return the data of a run, as a process that trains opens them."""
    return open_run_data(storage, run.dataset, run.features, None, CPU).run_data(run)


def test_studies_of_different_features_on_one_data_set_share_a_storage_location(storage):
    paper, finer = stored(storage, FEATURES), stored(storage, FINER)
    assert paper.dataset == finer.dataset
    assert (paper.features, finer.features) == (FEATURES, FINER)
    assert len({path.parent.name for path in storage.glob("features/*/store.json")}) == 2
    assert opened(storage, paper).patches.shape == (1, 100, 96)
    assert opened(storage, finer).patches.shape == (1, 32, 40)
    assert RunTraining(finer, opened(storage, finer), CPU).train_epoch().train_loss > 0


def test_another_hop_of_the_patches_computes_no_frames(storage):
    longer = Features(patch_frames=60, patch_hop=60)
    runs = [stored(storage, features) for features in (longer, longer.model_copy(update={"patch_hop": 20}))]
    assert len({path.parent.name for path in storage.glob("features/*/store.json")}) == 1
    assert [opened(storage, run).patches.shape for run in runs] == [(1, 60, 96)] * 2
    assert len({run.run_id for run in runs}) == 2
