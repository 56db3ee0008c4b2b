"""Training with mixup and masks: repeatable, paired across arms, and unchanged where they are not used."""

import pytest
import torch

from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.training.run_training import RunTraining

CPU = torch.device("cpu")
AUGMENTED = {"mixup": 0.3, "time_mask": 20, "frequency_mask": 10}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture
def begin(loader, make_run):
    def start(loss=None, **changes):
        run = make_run(loss, **{"epochs": 10} | changes)
        return RunTraining(run, loader.run_data(run), CPU)

    return start


def curve(training, epochs=1):
    return [training.train_epoch().model_dump() for _ in range(epochs)]


def shown(training):
    """Return all patches that the network is shown in an epoch."""
    seen = []
    training.model.register_forward_pre_hook(lambda model, inputs: seen.append(inputs[0]) if model.training else None)
    training.train_epoch()
    return torch.cat(seen)


@pytest.mark.parametrize("setting", [{"mixup": 0.3}, {"time_mask": 20}, {"frequency_mask": 10}], ids=str)
def test_each_augmentation_changes_the_training_and_repeats(begin, setting):
    assert curve(begin(**setting)) == curve(begin(**setting)) != curve(begin())


def test_arms_of_equal_seed_are_shown_equal_patches_and_other_seeds_others(begin):
    one, other_loss, other_seed = (
        shown(begin(loss, seed=seed, **AUGMENTED))
        for loss, seed in ((CCE(name="cce"), 0), (GCE(name="gce"), 0), (CCE(name="cce"), 1))
    )
    assert torch.equal(one, other_loss)
    assert not torch.equal(one, other_seed)


def test_until_mixup_begins_a_run_trains_as_one_without_it(begin):
    late, never = curve(begin(mixup=0.3, mixup_after=1), 2), curve(begin(), 2)
    assert late[0] == never[0]
    assert late[1] != never[1]


def test_validation_and_test_patches_are_neither_mixed_nor_masked(begin):
    training = begin(**AUGMENTED)
    seen = []
    training.model.register_forward_pre_hook(lambda model, inputs: None if model.training else seen.append(inputs[0]))
    training.train_epoch()
    data = training.data
    assert torch.equal(torch.cat(seen), data.patches.gather(data.validation.starts))


@pytest.mark.parametrize("reading", ["mean", "sample"])
def test_q_of_adaptive_gce_is_that_of_the_patches_before_they_are_mixed_and_masked(begin, reading):
    loss = AdaptiveGCE(name="adaptive_gce", reading=reading)
    plain, augmented = curve(begin(loss))[0], curve(begin(loss, **AUGMENTED))[0]
    assert (plain["q_mean"], plain["q_sd"]) == (augmented["q_mean"], augmented["q_sd"])
    assert plain["train_loss"] != augmented["train_loss"]
