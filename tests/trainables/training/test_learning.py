"""Every built-in loss learns at its defaults although 40 % of the labels are wrong."""

from typing import get_args

import pytest
import torch

from trainables.config import Configuration, Run, Training
from trainables.datasets.config import Synthetic
from trainables.datasets.load import load, with_digests
from trainables.feature_settings import Features
from trainables.features.frame_store_builder import build_store
from trainables.losses.catalogue import LOSSES, ForwardCorrection
from trainables.losses.memory.settings import ConstantTruncatedGCE, Pruning, ScheduledGCE, TruncatedGCE
from trainables.training.run_data import RunDataSource
from trainables.training.run_training import RunTraining

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
CPU = torch.device("cpu")
ABOVE_CHANCE = 0.15
FEATURES = Features(hop=1764, mels=48, patch_frames=50, patch_hop=25)  # a quarter of the paper's patches
SETTINGS = [loss(name=get_args(loss.model_fields["name"].annotation)[0]) for loss in LOSSES]


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """Return six classes with 144 training clips, of which 29 are verified and 58 have a wrong label."""
    folder = tmp_path_factory.mktemp("noisy")
    config = Synthetic(kind="synthetic", train_per_class=24, test_per_class=15, noise=0.5, keep_verified=0.2)
    manifest = with_digests(load(config, folder), folder)
    return RunDataSource(manifest, build_store(manifest, folder / "features", FEATURES), FEATURES, CPU)


def started(source, settings, epochs=8):
    protocol = Training(epochs=epochs, batch_size=16)
    configuration = Configuration(loss=settings, training=protocol)
    run = Run(configuration=configuration, seed=0, dataset=source.manifest.fingerprint)
    return RunTraining(run, source.run_data(run), CPU)


def accuracy(source, settings):
    training = started(source, settings)
    while not training.finished:
        training.train_epoch()
    return training.evaluate().test.accuracy


def test_two_in_five_training_labels_are_wrong(noisy):
    train = noisy.manifest.of("train")
    assert sum(clip.label != clip.true_label for clip in train) / len(train) == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.name)
def test_every_loss_learns(noisy, settings):
    assert accuracy(noisy, settings) > 1 / 6 + ABOVE_CHANCE


def test_truncated_gce_learns_while_it_leaves_patches_out(noisy):
    settings = TruncatedGCE(name="truncated_gce", k=0.3, start=8, every=2)
    training = started(noisy, settings, epochs=12)
    kept = [int(training.memory.weights.sum()) for _ in range(12) if training.train_epoch()]
    patches = len(training.data.train)
    assert kept[:7] == [patches] * 7
    assert 0 < max(kept[7:]) < patches
    assert training.evaluate().test.accuracy > 1 / 6 + ABOVE_CHANCE


def test_the_truncated_gce_of_the_first_version_does_not_learn(noisy):
    assert accuracy(noisy, ConstantTruncatedGCE(name="truncated_gce")) < 1 / 6 + ABOVE_CHANCE


EARLY = [
    ForwardCorrection(name="forward_correction", matrix="verified", warm_up=3),
    Pruning(name="pruning", warm_up=3),
    ScheduledGCE(name="scheduled_gce", warm_up=3),
]


@pytest.mark.parametrize("settings", EARLY, ids=lambda settings: settings.name)
def test_a_loss_that_changes_during_a_training_learns_after_the_change_too(noisy, settings):
    assert accuracy(noisy, settings) > 1 / 6 + ABOVE_CHANCE
