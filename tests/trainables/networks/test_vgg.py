"""The VGG-like network: its size against the paper's, its shapes and initial weights."""

import pytest
import torch
from torch import nn

from trainables.networks.vgg import VGG


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_it_has_the_0_27_million_weights_that_its_paper_states_for_200_classes():
    assert count(VGG(classes=200, seed=0)) == 265_992
    assert round(count(VGG(classes=200, seed=0)) / 1e6, 2) == 0.27


def test_it_has_219732_weights_for_20_classes_and_704_statistics():
    model = VGG(classes=20, seed=0)
    assert count(model) == 219_732
    assert sum(b.numel() for name, b in model.named_buffers() if "running" in name) == 704


def test_its_six_convolutions_are_pooled_after_the_third_and_the_fifth():
    kinds = [type(m).__name__ for m in VGG(seed=0).convolutions if isinstance(m, nn.Conv2d | nn.MaxPool2d)]
    assert kinds == ["Conv2d"] * 3 + ["MaxPool2d"] + ["Conv2d"] * 2 + ["MaxPool2d", "Conv2d"]


@pytest.mark.parametrize("shape", [(100, 96), (4, 4), (37, 128)])
def test_it_takes_patches_of_any_shape_from_4_by_4(shape):
    logits, features = VGG(classes=7, seed=0)(torch.zeros(3, 1, *shape))
    assert (logits.shape, features.shape) == ((3, 7), (3, 256))


def test_a_patch_is_scored_by_the_largest_and_the_mean_activation_of_each_channel():
    model = VGG(classes=3, seed=0).eval()
    patches = torch.randn(2, 1, 20, 16, generator=torch.Generator().manual_seed(0))
    maps = model.convolutions(patches)
    pooled = torch.cat([maps.flatten(2).max(dim=2).values, maps.flatten(2).mean(dim=2)], dim=1)
    hidden = torch.relu(model.dense[0](pooled))
    logits, features = model(patches)
    assert torch.allclose(features, hidden, atol=1e-6)
    assert torch.allclose(logits, model.output(hidden), atol=1e-6)


def test_the_seed_decides_the_weights_and_repeats():
    one, again, other = (VGG(seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[k], again[k]) for k in one)
    assert not torch.equal(one["output.weight"], other["output.weight"])
