"""Runs with other networks than the baseline's: built-in ones, and ones of a user."""

from typing import Literal

import pytest
import torch
from torch import nn

from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.networks.base import Network
from trainables.networks.catalogue import VGGLike
from trainables.training.run_training import RunTraining

CPU = torch.device("cpu")


class Tiny(Network):
    """A user's network: quick, and wrong on request."""

    name: Literal["test.tiny"] = "test.tiny"
    fault: Literal["", "logits alone", "other classes"] = ""

    def make(self, shape, classes):
        return TinyModule(shape, classes + (self.fault == "other classes"), alone=self.fault == "logits alone")


class TinyModule(nn.Module):
    def __init__(self, shape, classes, *, alone):
        super().__init__()
        self.hidden = nn.Linear(shape[2], 6)
        self.output = nn.Linear(6, classes)
        self.alone = alone

    def forward(self, patches):
        features = torch.relu(self.hidden(patches.mean((1, 2))))
        logits = self.output(features)
        return logits if self.alone else (logits, features)


@pytest.fixture
def training(loader, make_run):
    def make(network, loss=None, seed=0, **settings):
        run = make_run(loss, seed, **settings)
        run = run.model_copy(update={"configuration": run.configuration.model_copy(update={"network": network})})
        return RunTraining(run, loader.run_data(run), CPU)

    return make


def test_a_network_of_a_user_trains_and_is_tested(training):
    run = training(Tiny(), epochs=1)
    assert run.train_epoch().train_loss > 0
    assert 0 <= run.evaluate().test.accuracy <= 1


def test_its_run_continued_from_its_state_equals_an_uninterrupted_one(training):
    whole, first, second = (training(Tiny(), epochs=2) for _ in range(3))
    whole.train_epoch()
    first.train_epoch()
    second.restore(first.state())
    assert whole.train_epoch() == second.train_epoch()


def test_equal_seeds_start_from_equal_weights_whatever_the_loss_and_other_seeds_from_others(training):
    one, paired, other = training(Tiny(), CCE(name="cce")), training(Tiny(), GCE(name="gce")), training(Tiny(), seed=1)
    weights = [t.model.hidden.weight for t in (one, paired, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_adaptive_loss_measures_distances_between_the_features_of_a_users_network(training):
    loss = AdaptiveGCE(name="adaptive_gce", temperature=1.0, distances="penultimate")
    run = training(Tiny(), loss, epochs=1)
    with torch.no_grad():
        run.model.hidden.weight.zero_()  # all features are equal, and stay so: a score is the share of equal labels
        run.model.hidden.bias.fill_(-1)
    run.train_epoch()
    point = run.curve[-1]
    assert point.q_mean == pytest.approx(1 - 1 / run.data.classes, abs=0.1)


def test_a_network_that_returns_logits_alone_ends_its_run_with_what_is_expected(training):
    run = training(Tiny(fault="logits alone"))
    with pytest.raises(TypeError, match=r"^network test\.tiny returned a float32 tensor of shape .*; expected"):
        run.train_epoch()


def test_a_network_with_another_number_of_classes_ends_its_run_with_what_is_expected(training):
    run = training(Tiny(fault="other classes"))
    with pytest.raises(ValueError, match=r"^network test\.tiny returned logits of shape .*; expected"):
        run.train_epoch()


class Large(Tiny):
    name: Literal["test.large"] = "test.large"
    smallest = (101, 4)


def test_a_network_that_needs_larger_patches_than_the_runs_is_refused(training):
    needed = r"^network test\.large needs patches of at least 101 frames x 4 mel bands; these have 50 x 16$"
    with pytest.raises(ValueError, match=needed):
        training(Large())


@pytest.mark.slow
def test_vgg_learns(training):
    run = training(VGGLike(), epochs=3)
    losses = [run.train_epoch().train_loss for _ in range(3)]
    assert losses[-1] < losses[0]
