"""ELR against traces over five epochs, made with mpmath."""

import json

import pytest
import torch

from trainables.losses.base import Batch, TrainingSet
from trainables.losses.memory.early_learning import elr, elr_estimates
from trainables.losses.memory.settings import ELR

TRACES = 3


def training_set(targets, classes):
    targets = torch.tensor(targets)
    return TrainingSet(targets=targets, verified=targets >= 0, clips=torch.arange(len(targets)), classes=classes)


def batch_of(index, epoch=1):
    patches = torch.tensor(index)
    return Batch(patches, patches, patches >= 0, patches, epoch)


@pytest.fixture(params=range(TRACES))
def trace(golden, request):
    traces = json.loads((golden / "elr.json").read_text())["traces"]
    assert len(traces) == TRACES
    return traces[request.param]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_losses_gradients_and_estimates_equal_the_golden_traces(trace, dtype):
    rtol, atol = (1e-9, 1e-12) if dtype == torch.float64 else (1e-4, 5e-6)
    targets = torch.tensor(trace["target"])
    loss = ELR(name="elr", beta=trace["beta"], lam=trace["lam"]).make()
    loss.start(training_set(trace["target"], trace["k"]))
    loss.estimates = loss.estimates.to(dtype)
    for number, epoch in enumerate(trace["epochs"], 1):
        for part in epoch["batches"]:
            logits = torch.tensor(part["logits"], dtype=dtype, requires_grad=True)
            losses = loss(logits, targets[part["index"]], batch_of(part["index"], number))
            losses.sum().backward()
            for actual, expected in ((losses, part["loss"]), (logits.grad, part["grad_of_sum_wrt_logits"])):
                values = torch.tensor(expected, dtype=torch.float64)
                scale = max(1.0, values.abs().max().item())
                torch.testing.assert_close(actual.detach().double(), values, rtol=rtol, atol=atol * scale)
        after = torch.tensor(epoch["t_after_epoch"], dtype=torch.float64)
        torch.testing.assert_close(loss.estimates.double(), after, rtol=rtol, atol=atol)


def test_an_estimate_is_that_of_the_patch_whatever_its_place_in_the_batch():
    loss = ELR(name="elr").make()
    loss.start(training_set([0, 1, 2, 0], 3))
    logits = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
    loss(logits, torch.tensor([2, 1]), batch_of([2, 1]))
    assert torch.equal(loss.estimates[[0, 3]], torch.zeros(2, 3))
    assert torch.equal(loss.estimates[[2, 1]], elr_estimates(logits, torch.zeros(2, 3), 0.7))


def test_no_gradient_flows_into_the_estimates():
    logits = torch.randn(2, 3, requires_grad=True)
    assert not elr_estimates(logits, torch.zeros(2, 3), 0.7).requires_grad
    estimates = torch.full((2, 3), 0.3, requires_grad=True)
    elr(logits, torch.tensor([0, 1]), estimates, 3.0).sum().backward()
    assert estimates.grad is None


def test_without_weight_elr_is_cross_entropy():
    logits, targets = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    plain = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    assert torch.equal(elr(logits, targets, torch.full((4, 3), 0.3), 0.0), plain)


@pytest.mark.parametrize("size", [30.0, 100.0, 1000.0])
def test_elr_and_its_gradient_are_finite_at_extreme_logits(size):
    logits = torch.tensor([[size, -size, 0.0], [-size, size, size]], requires_grad=True)
    estimates = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    losses = elr(logits, torch.tensor([1, 1]), estimates, 7.0)
    losses.sum().backward()
    assert bool(losses.isfinite().all())
    assert bool(logits.grad.isfinite().all())
