"""What holds for every built-in loss, at its defaults."""

from dataclasses import replace
from typing import get_args

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from trainables.losses.base import Batch, KnownLabels, Memory, TrainingSet
from trainables.losses.catalogue import LOSSES
from trainables.losses.robust import cce

CLASSES = 5
SIZE = 8
# Each class: one verified clip, five unverified ones, of which four have the right label.
LABELS = KnownLabels(
    classes=tuple("abcde"),
    verified=(1,) * CLASSES,
    unverified=(5,) * CLASSES,
    transitions=tuple(tuple(4 * (i == j) + ((i + 1) % CLASSES == j) for j in range(CLASSES)) for i in range(CLASSES)),
)
ALL = [loss(name=get_args(loss.model_fields["name"].annotation)[0]) for loss in LOSSES]
by_loss = pytest.mark.parametrize("settings", ALL, ids=lambda settings: settings.name)


def batch_of(size=SIZE):
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, CLASSES, (size,), generator=generator)
    inputs = torch.randn(size, 1, 10, 9, generator=generator)
    features = torch.randn(size, 8, generator=generator)
    return targets, Batch(inputs, features, torch.arange(size) % 3 == 0, patches=torch.arange(size), epoch=1)


def made(settings, targets, batch):
    loss = settings.make()
    if isinstance(loss, Memory):
        loss.start(TrainingSet(targets, batch.verified, torch.arange(len(targets)), CLASSES, LABELS))
    return loss


def value_and_gradient(settings, logits, targets, batch):
    leaf = logits.clone().requires_grad_()
    values = made(settings, targets, batch)(leaf, targets, batch)
    values.sum().backward()
    return values.detach(), leaf.grad


@by_loss
def test_every_loss_returns_one_value_per_sample_in_float32(settings):
    targets, batch = batch_of()
    values = made(settings, targets, batch)(torch.randn(SIZE, CLASSES), targets, batch)
    assert (values.shape, values.dtype) == ((SIZE,), torch.float32)


LARGE = 2.0**100  # about 1e30: differences and sums of much larger numbers are too large for float32
LOGITS = st.lists(
    st.one_of(st.floats(-30, 30, width=32), st.floats(-LARGE, LARGE, width=32)),
    min_size=SIZE * CLASSES,
    max_size=SIZE * CLASSES,
)


@examples(max_examples=20)
@given(numbers=LOGITS)
def test_every_loss_and_its_gradient_are_finite_for_any_logits(numbers):
    targets, batch = batch_of()
    logits = torch.tensor(numbers, dtype=torch.float32).view(SIZE, CLASSES)
    for settings in ALL:
        values, gradient = value_and_gradient(settings, logits, targets, batch)
        assert values.isfinite().all(), settings.name
        assert gradient.isfinite().all(), settings.name


@examples(max_examples=10)
@given(order=st.permutations(range(SIZE)), seed=st.integers(0, 1000))
def test_every_loss_follows_a_permutation_of_the_batch(order, seed):
    targets, batch = batch_of()
    logits = 4 * torch.randn(SIZE, CLASSES, generator=torch.Generator().manual_seed(seed))
    permuted = replace(
        batch,
        **{name: getattr(batch, name)[order] for name in ("inputs", "features", "verified", "patches")},
    )
    for settings in ALL:
        expected = made(settings, targets, batch)(logits, targets, batch)[order]
        values = made(settings, targets, batch)(logits[order], targets[order], permuted)
        torch.testing.assert_close(values, expected, msg=lambda text, name=settings.name: f"{name}: {text}")


@pytest.mark.parametrize("settings", [s for s in ALL if s.name.endswith("_origin")], ids=lambda settings: settings.name)
def test_an_origin_variant_is_cross_entropy_on_verified_clips_and_its_loss_elsewhere(settings):
    targets, batch = batch_of()
    logits = 5 * torch.randn(SIZE, CLASSES)
    plain = next(s for s in ALL if s.name == settings.name.removesuffix("_origin"))
    losses = settings.make()(logits, targets, batch)
    assert torch.equal(losses[batch.verified], cce(logits, targets)[batch.verified])
    assert torch.equal(losses[~batch.verified], plain.make()(logits, targets, batch)[~batch.verified])
