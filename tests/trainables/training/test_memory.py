"""Losses with memory: what they receive, that their state is in the checkpoint, and that resumed runs are equal."""

from typing import get_args

import pytest
import torch

from trainables.losses.base import Memory
from trainables.losses.catalogue import CCE, LOSSES
from trainables.losses.robust import cce
from trainables.provenance import Attempt
from trainables.records import Spent
from trainables.training.checkpoint import Checkpoint, checkpoint_path, load_checkpoint, save_checkpoint
from trainables.training.run_training import RunTraining

CPU = torch.device("cpu")
AUGMENTED = {"mixup": 0.3, "mixup_after": 1, "time_mask": 20, "frequency_mask": 10, "masks": 2}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


class Remembering(Memory):
    """Cross-entropy weighted by what the network predicted before, which leaves out a few patches from epoch 3 on."""

    state = ("weights", "kept", "history")
    needs_best = True

    def start(self, data):
        self.data = data
        self.weights, self.kept = torch.ones(len(data.targets)), None
        self.history = {"epochs": []}

    def begin_epoch(self, epoch, predictions):
        self.history["epochs"].append(epoch)
        best, running = (
            p.gather(1, self.data.targets[:, None]).squeeze(1) for p in (predictions.best(), predictions.running())
        )
        self.weights = 0.5 + best.exp() + running.exp()
        if epoch == 3:
            self.kept = running > running.quantile(0.1)

    def __call__(self, logits, targets, batch):
        self.weights = self.weights.clone()
        self.weights[batch.patches] *= 0.9
        return self.weights[batch.patches] * cce(logits, targets)


class Watching(Memory):
    """Cross-entropy that keeps a list of what it is called with."""

    def start(self, data):
        self.data, self.calls, self.seen = data, [], {}

    def __call__(self, logits, targets, batch):
        self.calls.append((batch.epoch, batch.patches, targets, batch.verified, batch.inputs))
        return cce(logits, targets)


@pytest.fixture
def start(loader, make_run, monkeypatch):
    """Return a function that starts a training with a loss."""

    def begin(loss, **training):
        monkeypatch.setattr(CCE, "make", lambda _: loss)
        run = make_run(**{"epochs": 10} | training)
        return RunTraining(run, loader.run_data(run), CPU)

    return begin


def trained(training, epochs):
    for _ in range(epochs):
        training.train_epoch()
    return training


def assert_equal(one, two):
    assert [point.model_dump() for point in one.curve] == [point.model_dump() for point in two.curve]
    weights = two.model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in one.model.state_dict().items())


def test_a_batch_holds_its_patches_and_epoch(start):
    loss = Watching()
    training = trained(start(loss), 2)
    train, patches = training.data.train, training.data.patches
    assert {epoch for epoch, *_ in loss.calls} == {1, 2}
    for _, indices, targets, verified, inputs in loss.calls:
        assert torch.equal(targets, train.labels[indices])
        assert torch.equal(verified, train.verified[indices])
        assert torch.equal(inputs, patches.gather(train.starts[indices]))


def test_a_loss_knows_the_training_set_before_the_training(start):
    loss = Watching()
    data, train = start(loss).data, loss.data
    assert torch.equal(train.targets, data.train.labels)
    assert torch.equal(train.clips, data.train.clips)
    assert torch.equal(train.verified, data.train.verified)
    assert train.classes == data.classes


@pytest.mark.parametrize("augmentation", [{}, AUGMENTED], ids=["plain", "augmented"])
def test_a_run_interrupted_at_any_epoch_equals_an_uninterrupted_one_bit_for_bit(start, tmp_path, augmentation):
    whole = trained(start(Remembering(), **augmentation), 4)
    for epoch in (1, 2, 3):
        half = trained(start(Remembering(), **augmentation), epoch)
        path = checkpoint_path(tmp_path, "run")
        attempt = Attempt(started="2026-01-01T00:00:00+00:00", from_epoch=1, wall_s=1.0)
        spent = Spent(wall_s=1.0, cpu_s=1.0)
        save_checkpoint(path, Checkpoint(training=half.state(), spent=spent, earlier=[attempt]))
        rest = start(Remembering(), **augmentation)
        rest.restore(load_checkpoint(path).training)
        assert_equal(trained(rest, 4 - epoch), whole)
        assert rest.loss.history == whole.loss.history
        assert torch.equal(rest.loss.weights, whole.loss.weights)


# Parameters by which what a loss keeps changes within three epochs.
SOON = {
    "truncated_gce": {"start": 2, "every": 1},
    "pruning": {"warm_up": 1},
    "forward_correction": {"matrix": "verified", "warm_up": 1},
}
NAMES = [get_args(loss.model_fields["name"].annotation)[0] for loss in LOSSES]
WITH_MEMORY = [
    settings
    for name, loss in zip(NAMES, LOSSES, strict=True)
    if isinstance((settings := loss(name=name, **SOON.get(name, {}))).make(), Memory)
]


@pytest.mark.parametrize("loss", WITH_MEMORY, ids=lambda loss: loss.name)
def test_every_loss_with_memory_resumes_bit_for_bit_at_any_epoch(loader, make_run, loss):
    run = make_run(loss, epochs=4, **({"mixup": 0.3, "time_mask": 20} if loss.mixes else {}))
    data = loader.run_data(run)
    whole = trained(RunTraining(run, data, CPU), 4)
    for epoch in (1, 2, 3):
        half, rest = (RunTraining(run, data, CPU) for _ in range(2))
        rest.restore(trained(half, epoch).state())
        assert_equal(trained(rest, 4 - epoch), whole)
        states = zip(rest.memory.state_dict().values(), whole.memory.state_dict().values(), strict=True)
        assert all(torch.equal(one, other) for one, other in states)


def test_a_restored_state_shares_nothing_with_the_state_that_it_came_from(start):
    one = trained(start(Remembering()), 1)
    state = one.state()
    other = start(Remembering())
    other.restore(state)
    before = other.loss.weights.clone()
    one.loss.weights.zero_()
    assert torch.equal(other.loss.weights, before)


def test_a_loss_without_memory_leaves_the_checkpoint_as_it_was(loader, make_run):
    run = make_run()
    training = RunTraining(run, loader.run_data(run), CPU)
    assert set(training.state()) == {"model", "optimiser", "schedule", "curve", "images", "train_s", "margins"}


def test_an_epoch_is_shorter_by_the_patches_that_a_loss_leaves_out(start):
    loss = Watching()
    training = start(loss)
    loss.kept = torch.arange(len(loss.data.targets)) % 2 == 0
    training.train_epoch()
    assert training.images == int(loss.kept.sum()) // 16 * 16
    assert all(bool(loss.kept[patches].all()) for _, patches, *_ in loss.calls)


def test_a_loss_that_keeps_less_than_a_batch_ends_the_run_with_the_reason(start):
    loss = Watching()
    training = start(loss)
    loss.kept = torch.arange(len(loss.data.targets)) < 5
    with pytest.raises(ValueError, match=r"from epoch 1 on the loss cce keeps only 5 training patches"):
        training.train_epoch()


def test_best_predictions_are_those_of_the_epoch_with_the_highest_accuracy(start):
    loss = Watching()
    loss.needs_best = True
    training = start(loss)
    by_epoch = []
    for accuracy in (0.2, 0.6, 0.6, 0.1):
        training.pass_over_training(len(by_epoch) + 1)
        training.predictions.end_epoch(accuracy, training.model)
        by_epoch.append(training.predictions.running())
    assert torch.equal(training.predictions.best(), by_epoch[1])
    assert torch.equal(training.predictions.running(), by_epoch[3])
    assert not torch.equal(by_epoch[1], by_epoch[3])


def test_best_predictions_are_the_running_ones_before_the_first_epoch_ends(start):
    loss = Watching()
    loss.needs_best = True
    predictions = start(loss).predictions
    assert torch.equal(predictions.best(), predictions.running())


def test_best_predictions_are_refused_unless_the_loss_needs_them(start):
    with pytest.raises(ValueError, match="needs_best"):
        start(Watching()).predictions.best()


def test_predictions_leave_no_trace_in_the_training(start):
    assert_equal(trained(start(Watching()), 2), trained(start(Predicting()), 2))


class Predicting(Watching):
    """Cross-entropy that asks for all predictions before each epoch."""

    needs_best = True

    def begin_epoch(self, epoch, predictions):  # noqa: ARG002 -- as the base class has it
        predictions.best(), predictions.running()
