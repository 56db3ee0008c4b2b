"""The network's size, shapes, initial weights and penalty."""

import math

import pytest
import torch
from torch import nn

from trainables.networks.cnn import CNN, _FirstConvolution
from trainables.networks.penalty import l2_penalty


def test_it_has_531624_weights_for_20_classes_of_which_386_are_statistics():
    model = CNN(classes=20, seed=0)
    statistics = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    assert statistics == 386
    assert sum(p.numel() for p in model.parameters()) + statistics == 531_624


def test_shapes_of_features_and_logits():
    model = CNN(classes=7, seed=0)
    patches = torch.zeros(3, 1, 100, 96)
    assert model.features(patches).shape == (3, 64)
    logits, features = model(patches)
    assert (logits.shape, features.shape) == ((3, 7), (3, 64))


def test_weights_are_a_truncated_normal_of_he_width_and_biases_are_zero():
    for module in CNN(seed=3).modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            sigma = math.sqrt(2 / module.weight[0].numel())
            assert module.weight.abs().max() <= 2 * sigma
            # A normal cut at 2 sigma has a standard deviation of 0.880 sigma.
            assert abs(module.weight.std().item() / sigma - 0.880) < 0.08
            assert not module.bias.any()


def test_the_seed_decides_the_weights_and_repeats():
    one, again, other = (CNN(seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[k], again[k]) for k in one)
    assert not torch.equal(one["output.1.weight"], other["output.1.weight"])


def test_batch_normalisation_counts_as_keras_does():
    norms = [m for m in CNN(seed=0).modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 6
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}


def test_the_penalty_is_the_sum_of_squares_of_the_two_dense_kernels():
    model = CNN(classes=5, seed=0)
    expected = model.dense[2].weight.square().sum() + model.output[1].weight.square().sum()
    assert torch.isclose(l2_penalty(model), expected)


@pytest.mark.parametrize("shape", [(4, 100, 96), (4, 1, 200, 96), (4, 2, 100, 96)])
def test_patches_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"allowed: \(B, 1, 100, 96\)"):
        CNN(classes=2, seed=0)(torch.zeros(shape))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_first_convolution_has_the_librarys_output_and_gradients(layout):
    generator = torch.Generator().manual_seed(0)
    ours = _FirstConvolution(24).double().to(memory_format=layout)
    plain = nn.Conv2d(1, 24, 5, padding="same").double()
    plain.load_state_dict(ours.state_dict())
    patches = torch.randn(3, 1, 100, 96, generator=generator, dtype=torch.float64)
    weights = torch.randn(3, 24, 100, 96, generator=generator, dtype=torch.float64)
    found = []
    for convolution in (ours, plain):
        x = patches.to(memory_format=layout).detach().requires_grad_()
        outputs = convolution(x)
        (outputs * weights).sum().backward()
        found.append((outputs.detach(), x.grad, convolution.weight.grad, convolution.bias.grad))
    for mine, expected in zip(*found, strict=True):
        assert torch.allclose(mine, expected, rtol=1e-10, atol=1e-9)
        assert mine.abs().max() > 0
