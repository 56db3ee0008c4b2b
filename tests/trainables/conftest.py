"""A small data set of real wav files, stored, for the tests of what trains on it."""

import pytest
import torch
from threadpoolctl import threadpool_limits

from trainables.config import Configuration, Run, Training
from trainables.datasets.config import Synthetic
from trainables.datasets.load import load, with_digests
from trainables.feature_settings import FEATURES, Features
from trainables.features.frame_store_builder import build_store
from trainables.losses.catalogue import CCE
from trainables.training.run_data import RunDataSource


@pytest.fixture(scope="session")
def features():
    """Settings of patches of a twelfth of the usual size, on which a network trains that much faster."""
    return Features(hop=1764, mels=16, patch_frames=50, patch_hop=25)


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    config = Synthetic(kind="synthetic", train_per_class=8, test_per_class=2)
    return with_digests(load(config, folder), folder)


@pytest.fixture(scope="session")
def store(manifest, features, tmp_path_factory):
    return build_store(manifest, tmp_path_factory.mktemp("features"), features)


@pytest.fixture(scope="session")
def loader(manifest, store, features):
    return RunDataSource(manifest, store, features, torch.device("cpu"))


@pytest.fixture(scope="session")
def paper_loader(manifest, tmp_path_factory):
    """Return the same data with the paper's features."""
    store = build_store(manifest, tmp_path_factory.mktemp("paper-features"))
    return RunDataSource(manifest, store, FEATURES, torch.device("cpu"))


@pytest.fixture
def one_thread():
    """Bit-equality is promised for equal numbers of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture
def make_run(manifest, features):
    def make(loss=None, seed=0, subset="all", **training):
        protocol = Training(**{"epochs": 2, "batch_size": 16, **training})
        configuration = Configuration(loss=loss or CCE(name="cce"), subset=subset, training=protocol)
        return Run(configuration=configuration, seed=seed, dataset=manifest.fingerprint, features=features)

    return make
