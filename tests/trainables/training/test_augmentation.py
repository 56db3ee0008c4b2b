"""mixup and masks: drawn from separate streams, equal for equal seeds, and applied as their papers define them."""

import json

import numpy as np
import pytest
import torch

import trainables.losses
from trainables.config import Training
from trainables.losses.base import Batch
from trainables.training.augmentation import Augmentation, Mixing

CPU = torch.device("cpu")
SIZE, BATCHES, SHAPE = 8, 250, (20, 12)


def draws(seed=0, epoch=1, batches=BATCHES, **training):
    return Augmentation(Training(batch_size=SIZE, **training), seed, epoch, batches, SHAPE, CPU)


def mixings(**changes):
    made = draws(**{"mixup": 0.3} | changes)
    both = [made.mixing(number) for number in range(BATCHES)]
    return torch.stack([m.partners for m in both]), torch.stack([m.lam for m in both])


def hidden(**changes):
    """Which places of patches of ones are masked, shape (batches, B, frames, bands)."""
    made = draws(**changes)
    return torch.stack([made.masked(number, torch.ones(SIZE, 1, *SHAPE))[:, 0] == 0 for number in range(BATCHES)])


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_mixup_repeats_for_equal_seeds_and_differs_by_seed_and_epoch():
    assert same(mixings(), mixings())
    assert not same(mixings(), mixings(seed=1))
    assert not same(mixings(), mixings(epoch=2))


def test_masks_repeat_for_equal_seeds_and_differ_by_seed_and_epoch():
    masks = {"time_mask": 5, "frequency_mask": 3}
    assert torch.equal(hidden(**masks), hidden(**masks))
    assert not torch.equal(hidden(**masks), hidden(seed=1, **masks))
    assert not torch.equal(hidden(**masks), hidden(epoch=2, **masks))


def test_each_kind_of_augmentation_has_its_own_stream():
    assert same(mixings(), mixings(time_mask=5, frequency_mask=3))
    both, time = hidden(time_mask=5, frequency_mask=3), hidden(time_mask=5)
    assert torch.equal(both.all(dim=3), time.all(dim=3))


def test_time_and_frequency_masks_of_equal_size_are_drawn_independently():
    made = Augmentation(Training(batch_size=SIZE, time_mask=5, frequency_mask=5), 0, 1, BATCHES, (20, 20), CPU)
    masked = made.masked(0, torch.ones(SIZE, 1, 20, 20))[:, 0] == 0
    assert not torch.equal(masked.all(dim=2), masked.all(dim=1))


def test_partners_are_a_permutation_of_each_batch_and_differ_between_batches():
    partners, _ = mixings()
    assert torch.equal(partners.sort(dim=1).values, torch.arange(SIZE).expand(BATCHES, SIZE))
    assert len(partners.unique(dim=0)) > BATCHES // 2


@pytest.mark.parametrize("alpha", [0.1, 0.3, 1.0, 5.0])
def test_every_patch_has_its_own_weight_from_the_beta_distribution(alpha):
    lam = mixings(mixup=alpha)[1].double().flatten()
    assert lam.mean().item() == pytest.approx(0.5, abs=0.03)
    assert lam.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


@pytest.mark.parametrize("alpha", [1e-300, 1e-5, 100.0])
def test_weights_are_in_the_unit_interval_for_every_alpha(alpha):
    lam = mixings(mixup=alpha)[1]
    assert bool(((lam >= 0) & (lam <= 1)).all())


def test_mixup_begins_after_its_epochs():
    assert draws(mixup=0.1, mixup_after=3, epoch=3).mixing(0) is None
    assert draws(mixup=0.1, mixup_after=3, epoch=4).mixing(0) is not None
    assert draws().mixing(0) is None


def test_a_mixed_patch_is_the_weighted_sum_of_itself_and_its_partner():
    x = torch.randn(3, 1, 4, 5, generator=torch.Generator().manual_seed(0))
    mixing = Mixing(torch.tensor([1, 2, 0]), torch.tensor([1.0, 0.25, 0.0]))
    assert torch.equal(mixing.inputs(x)[0], x[0])
    torch.testing.assert_close(mixing.inputs(x)[1], 0.25 * x[1] + 0.75 * x[2])
    assert torch.equal(mixing.inputs(x)[2], x[0])


def test_inputs_of_any_shape_are_mixed():
    x = torch.randn(2, 7)
    mixed = Mixing(torch.tensor([1, 0]), torch.tensor([0.25, 1.0])).inputs(x)
    torch.testing.assert_close(mixed, torch.stack([0.25 * x[0] + 0.75 * x[1], x[1]]))


@pytest.mark.parametrize("part", ["random_k5", "extreme100_k5"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_mixed_loss_and_its_gradient_equal_the_golden_vectors(golden, part, dtype):
    data = json.loads((golden / "mixup.json").read_text())["sets"][part]
    targets = torch.tensor([*data["target"], *data["target_b"]])
    size = len(data["target"])
    # The second half of the batch has the partners' labels.
    mixing = Mixing(torch.arange(2 * size).roll(size), torch.tensor([*data["lam"], *data["lam"]], dtype=torch.float64))
    rtol, atol = (1e-9, 1e-12) if dtype == torch.float64 else (1e-4, 5e-6)
    for case in data["cases"]:
        name, parameters = case["loss_name"], case["params"]
        function = getattr(trainables.losses, name)
        logits = torch.tensor([*data["logits"], *data["logits"]], dtype=dtype).requires_grad_()
        batch = Batch(logits, logits, targets > 0, torch.arange(2 * size), epoch=1)
        losses = mixing.losses(lambda z, y, _: function(z, y, **parameters), logits, targets, batch)[:size]  # noqa: B023 -- called here
        losses.sum().backward()
        for actual, values in ((losses, case["loss"]), (logits.grad[:size], case["grad_of_sum_wrt_logits"])):
            expected = torch.tensor(values, dtype=torch.float64)
            scale = max(1.0, expected.abs().max().item())
            torch.testing.assert_close(actual.detach().double(), expected, rtol=rtol, atol=atol * scale, msg=name)


def test_a_loss_is_called_with_the_patches_flags_and_indices_of_its_labels():
    seen = []

    def loss(logits, targets, batch):
        seen.append((targets, batch.inputs, batch.verified, batch.patches, batch.epoch))
        batch.scores["q"] = torch.tensor(float(len(seen)))
        return logits.sum(dim=1)

    inputs, targets = torch.randn(3, 1, 4, 5), torch.tensor([5, 6, 7])
    verified, patches = torch.tensor([True, False, False]), torch.tensor([10, 20, 30])
    batch = Batch(inputs, torch.zeros(3, 2), verified, patches, epoch=4)
    order = torch.tensor([2, 0, 1])
    Mixing(order, torch.tensor([0.5, 0.5, 0.5])).losses(loss, torch.zeros(3, 8), targets, batch)
    expected = (targets, inputs, verified, patches)
    by_label = sorted(seen, key=lambda call: not torch.equal(call[0], targets))
    assert same(by_label[0][:4], expected)
    assert same(by_label[1][:4], [value[order] for value in expected])
    assert [call[4] for call in seen] == [4, 4]
    assert len(seen) == 2


def test_the_scores_of_a_mixed_batch_are_those_of_the_patches_themselves():
    def loss(logits, targets, batch):
        batch.scores["q"] = targets.double()
        return logits.sum(dim=1)

    targets = torch.tensor([5, 6, 7])
    batch = Batch(torch.zeros(3, 1), torch.zeros(3, 1), targets > 5, torch.arange(3), epoch=1)
    Mixing(torch.tensor([1, 2, 0]), torch.full((3,), 0.5)).losses(loss, torch.zeros(3, 2), targets, batch)
    assert batch.scores["q"].tolist() == [5, 6, 7]


def test_without_masks_the_patches_are_returned_as_they_are():
    x = torch.randn(SIZE, 1, *SHAPE)
    assert draws().masked(0, x) is x


def test_masks_set_whole_frames_and_bands_to_the_mean_and_leave_the_rest():
    x = torch.randn(SIZE, 1, *SHAPE) + 10
    before = x.clone()
    masked = draws(time_mask=5, frequency_mask=3).masked(0, x)
    gone = masked[:, 0] == 0
    frames, bands = gone.all(dim=2), gone.all(dim=1)
    assert torch.equal(gone, frames[:, :, None] | bands[:, None, :])
    assert torch.equal(masked[:, 0][~gone], before[:, 0][~gone])
    assert torch.equal(x, before)
    assert gone.any()


def test_widths_are_uniform_from_zero_to_the_largest_and_masks_reach_both_ends():
    frames = hidden(time_mask=4).all(dim=3).flatten(0, 1)  # a mask per patch
    share = torch.bincount(frames.sum(dim=1), minlength=5).double() / len(frames)
    assert share.numpy() == pytest.approx(np.full(5, 0.2), abs=0.03)
    assert frames[:, 0].any()
    assert frames[:, -1].any()
    switches = (frames[:, 1:] != frames[:, :-1]).sum(dim=1)
    assert switches.max() <= 2  # a single interval


def test_a_patch_has_as_many_masks_of_each_kind_as_stated():
    one, three = (hidden(frequency_mask=2, masks=n).all(dim=2).sum(dim=2) for n in (1, 3))
    assert one.max() == 2
    assert 2 < three.max() <= 6
