"""Margins of the training clips: reference values, what counts as a measurement, and that runs resume with them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from trainables.losses.base import Memory
from trainables.losses.catalogue import CCE
from trainables.losses.robust import cce
from trainables.training.augmentation import Mixing
from trainables.training.margins import TrainingMargins, margins
from trainables.training.patches import index_starts
from trainables.training.run_training import RunTraining

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
PRECISIONS = {torch.float64: 1e-12, torch.float32: 1e-5}


@pytest.fixture(params=PRECISIONS, ids=str)
def dtype(request):
    return request.param


@pytest.fixture
def cases(golden):
    return json.loads((golden / "aum.json").read_text())["cases"]


def index_of(labels, patches=1):
    """Return the index of clips of some patches each."""
    return index_starts([range(patches)] * len(labels), labels, [False] * len(labels))


def test_margins_equal_the_reference(cases, dtype):
    for case in cases:
        target = torch.tensor(case["target"])
        for logits, expected in zip(case["logits_by_epoch"], case["margins_by_epoch"], strict=True):
            assert margins(torch.tensor(logits, dtype=dtype), target).tolist() == pytest.approx(
                expected, abs=PRECISIONS[dtype]
            )


def test_margins_of_log_probabilities_are_those_of_the_logits(cases):
    for case in cases:
        logits, target = torch.tensor(case["logits_by_epoch"][0]).double(), torch.tensor(case["target"])
        torch.testing.assert_close(margins(logits.log_softmax(1), target), margins(logits, target))


def test_a_tie_has_the_margin_0():
    assert margins(torch.tensor([[2.0, 2.0, 1.0]]), torch.tensor([0])).tolist() == [0.0]


@pytest.mark.parametrize("seen", [False, True], ids=["every epoch", "some epochs"])
def test_the_mean_over_epochs_equals_the_reference(cases, dtype, seen):
    for case in cases:
        sums = TrainingMargins(index_of(case["target"]), case["k"])
        for epoch, logits in enumerate(case["logits_by_epoch"]):
            measured = torch.tensor(case["seen"][epoch] if seen else [True] * len(case["target"])).nonzero().squeeze(1)
            sums.add(torch.tensor(logits, dtype=dtype)[measured], measured)
            sums.end_epoch()
        expected = [np.nan if value is None else value for value in case["aum_of_seen" if seen else "aum"]]
        means = sums.means()
        assert means.margins.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-5, nan_ok=True)
        assert means.epochs.tolist() == (np.sum(case["seen"], axis=0).tolist() if seen else [epoch + 1] * len(expected))


def test_the_margin_of_a_clip_is_the_mean_over_its_patches():
    sums = TrainingMargins(index_of([0, 1], patches=2), 2)
    sums.add(torch.tensor([[3.0, 1.0], [5.0, 1.0], [0.0, 7.0], [1.0, 0.0]]), torch.arange(4))
    sums.end_epoch()
    assert sums.means().margins.tolist() == [3.0, 3.0]
    assert sums.means().epochs.tolist() == [1, 1]


def test_the_suggested_class_has_the_largest_mean_softmax():
    sums = TrainingMargins(index_of([0]), 3)
    p = torch.tensor([[0.8, 0.2, 0.0], [0.1, 0.45, 0.45], [0.1, 0.5, 0.4]])  # class 1 is the largest twice
    for of_epoch in p + 1e-9:
        sums.add(of_epoch.log()[None], torch.tensor([0]))
        sums.end_epoch()
    assert sums.means().suggested.tolist() == [p.mean(0).argmax().item()] == [1]


def test_a_patch_of_which_a_mixed_one_has_more_is_the_one_measured():
    sums = TrainingMargins(index_of([0, 0, 0]), 2)
    mixing = Mixing(partners=torch.tensor([1, 2, 0]), lam=torch.tensor([0.9, 0.2, 0.5]))
    sums.add(torch.tensor([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]), torch.arange(3), mixing)
    sums.end_epoch()
    assert sums.means().margins.tolist() == pytest.approx([1.0, np.nan, 3.0], nan_ok=True)  # 3: of the two last ones
    assert sums.means().epochs.tolist() == [1, 0, 1]


def test_many_small_batches_are_added_up_as_one(monkeypatch):
    logits, patches = torch.randn(100, 4, generator=torch.Generator().manual_seed(0)), torch.arange(100)
    whole, parts = (TrainingMargins(index_of([1] * 50, patches=2), 4) for _ in range(2))
    whole.add(logits, patches)
    monkeypatch.setattr(parts, "_rows_at_once", 20)
    for batch in patches.split(8):
        parts.add(logits[batch], batch)
        assert len(parts._logits) < 3
    for sums in (whole, parts):
        sums.end_epoch()
    for one, other in zip(whole.means(), parts.means(), strict=True):
        torch.testing.assert_close(one, other)


class Pruning(Memory):
    """Cross-entropy that leaves patches out from epoch 2 on, and keeps what it is called with."""

    def start(self, data):
        self.data, self.calls = data, []

    def begin_epoch(self, epoch, predictions):  # noqa: ARG002 -- as the base class has it
        self.kept = None if epoch == 1 else self.data.clips % 2 == 0

    def __call__(self, logits, targets, batch):
        self.calls.append((batch.epoch, batch.patches, logits.detach()))
        return cce(logits, targets)


@pytest.fixture
def pruned(loader, make_run, monkeypatch):
    """Return a training of three epochs, of which the loss leaves patches out."""
    monkeypatch.setattr(CCE, "make", lambda _: Pruning())
    training = RunTraining(run := make_run(epochs=3, batch_size=13), loader.run_data(run), CPU)
    while not training.finished:
        training.train_epoch()
    return training


@pytest.mark.slow
def test_patches_that_an_epoch_leaves_out_or_drops_do_not_count(pruned):
    index, values, epochs = pruned.data.train, {}, {}
    for epoch, patches, logits in pruned.loss.calls:
        of_patches = margins(logits.double(), index.labels[patches]).tolist()
        for clip, margin in zip(index.clips[patches].tolist(), of_patches, strict=True):
            values.setdefault(clip, []).append(margin)
            epochs.setdefault(clip, set()).add(epoch)
    expected = [np.mean(values.get(clip, [np.nan])) for clip in range(len(index.clip_labels))]
    means = pruned.margins.means()
    assert means.margins.tolist() == pytest.approx(expected, rel=1e-5, nan_ok=True)
    assert means.epochs.tolist() == [len(epochs.get(clip, ())) for clip in range(len(expected))]
    assert {1, 3} <= {*means.epochs.tolist()}
    assert sum(map(len, values.values())) == pruned.images


def test_margins_continue_from_the_state_of_a_run(loader, make_run):
    run = make_run(epochs=3, mixup=0.3)
    data = loader.run_data(run)
    whole, half, rest = (RunTraining(run, data, CPU) for _ in range(3))
    for _ in range(3):
        whole.train_epoch()
    half.train_epoch()
    rest.restore(half.state())
    for _ in range(2):
        rest.train_epoch()
    for one, other in zip(rest.margins.means(), whole.margins.means(), strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()
    assert int(whole.margins.means().epochs.max()) == 3
    assert not any(torch.equal(sums, half.margins.state()[name]) for name, sums in rest.margins.state().items())


def test_a_state_of_an_earlier_version_without_margins_counts_from_there(loader, make_run):
    run = make_run(epochs=2)
    half, rest = (RunTraining(run, loader.run_data(run), CPU) for _ in range(2))
    half.train_epoch()
    state = half.state()
    del state["margins"]
    rest.restore(state)
    assert torch.isnan(rest.margins.means().margins).all()
    rest.train_epoch()
    assert rest.margins.means().epochs.max() == 1
    assert len(rest.curve) == 2
