"""Networks from their settings: inputs, counts, initial weights, layout, and the check of what they return."""

import json
from pathlib import Path
from typing import Literal

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from trainables.networks.base import Network
from trainables.networks.building import build, checked_outputs
from trainables.networks.catalogue import NETWORKS, BaselineCNN, EmbeddingHead, VGGLike
from trainables.networks.cnn import CNN
from trainables.networks.penalty import l2_penalty

CPU = torch.device("cpu")
GOLDEN = Path(__file__).parents[2] / "golden" / "networks"
SHAPES = [
    (BaselineCNN(), (1, 100, 96)),
    (BaselineCNN(), (1, 16, 4)),
    (BaselineCNN(), (1, 47, 65)),
    (VGGLike(), (1, 4, 4)),
    (VGGLike(), (1, 50, 64)),
    (EmbeddingHead(), (1024,)),
    (EmbeddingHead(hidden=0), (12,)),
]


def made(network, shape, classes=5, seed=0):
    return build(network, shape, classes, seed, CPU)


@pytest.mark.parametrize(("network", "shape"), SHAPES)
def test_a_network_returns_logits_and_features_of_inputs_of_its_shape(network, shape):
    logits, features = checked_outputs(made(network, shape)(torch.zeros(3, *shape)), network.name, 3, 5)
    assert logits.shape == (3, 5)
    assert features.shape[0] == 3


@pytest.mark.parametrize(("network", "shape"), SHAPES)
def test_the_number_of_weights_is_that_of_the_module_with_its_running_statistics(network, shape):
    model = made(network, shape, classes=7)
    statistics = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    assert network.weights(shape, 7) == sum(p.numel() for p in model.parameters()) + statistics


def test_the_counts_that_the_documentation_states():
    assert BaselineCNN().weights((1, 100, 96), 20) == 531_624
    assert VGGLike().weights((1, 100, 96), 20) == 220_436
    assert EmbeddingHead().weights((1024,), 20) == 267_540


@pytest.mark.parametrize(
    ("network", "shape", "problem"),
    [
        (BaselineCNN(), (1, 15, 96), "at least 16 frames x 4 mel bands; these have 15 x 96"),
        (BaselineCNN(), (1, 100, 3), "at least 16 frames x 4 mel bands; these have 100 x 3"),
        (VGGLike(), (1, 3, 96), "at least 4 frames x 4 mel bands; these have 3 x 96"),
        (VGGLike(), (1024,), "network vgg is for log-mel patches, not for embeddings"),
        (EmbeddingHead(), (1, 100, 96), "network head is for embeddings, not for log-mel patches"),
    ],
)
def test_inputs_of_a_shape_that_a_network_does_not_take_are_refused(network, shape, problem):
    assert problem in network.problem(shape)
    with pytest.raises(ValueError, match=r"^network \w+ (is|needs)"):
        made(network, shape)


@pytest.mark.parametrize(("network", "shape"), SHAPES)
def test_inputs_of_a_shape_that_a_network_takes_have_no_problem(network, shape):
    assert network.problem(shape) is None


@pytest.mark.parametrize(("network", "shape"), [(BaselineCNN(), (1, 16, 4)), (VGGLike(), (1, 4, 4)), SHAPES[-2]])
def test_initial_weights_follow_the_seed_whatever_was_drawn_before(network, shape):
    one = made(network, shape, seed=1).state_dict()
    torch.rand(7)
    again, other = (made(network, shape, seed=s).state_dict() for s in (1, 2))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_convolutions_of_patches_are_laid_out_with_channels_last_even_those_of_one_channel():
    kernels, expected = (
        [m.weight.stride() for m in model.modules() if isinstance(m, nn.Conv2d)]
        for model in (made(BaselineCNN(), (1, 16, 4)), CNN().to(memory_format=torch.channels_last))
    )
    assert kernels == expected
    assert kernels[0] == (25, 1, 5, 1)


class Volume(Network):
    name: Literal["mine.volume"] = "mine.volume"

    def make(self, shape, classes):  # noqa: ARG002 -- a network with a kernel of five dimensions
        return nn.Conv3d(1, 1, 3)


def test_a_network_with_kernels_of_other_dimensions_keeps_their_layout():
    assert made(Volume(), (1, 16, 4)).weight.is_contiguous()


class Nothing(Network):
    name: Literal["mine.nothing"] = "mine.nothing"

    def make(self, shape, classes):  # noqa: ARG002 -- the signature of the base
        return None


def test_settings_that_make_no_module_are_refused():
    with pytest.raises(TypeError, match=r"network mine\.nothing: make returned None; expected: a torch\.nn\.Module"):
        made(Nothing(), (1, 16, 4))


PAIR = r"expected: a pair of logits \(4, 3\) and features \(4, F\)"


@pytest.mark.parametrize(
    ("outputs", "described"),
    [
        (torch.zeros(4, 3), r"a float32 tensor of shape \(4, 3\)"),
        ((torch.zeros(4, 3),), r"a tuple of 1: a float32 tensor of shape \(4, 3\)"),
        ((torch.zeros(4, 3, dtype=torch.int64), torch.zeros(4, 2)), r"a tuple of 2: a int64 tensor"),
        ((torch.zeros(4, 3), None), r"a tuple of 2: a float32 tensor of shape \(4, 3\), None"),
        ({"logits": torch.zeros(4, 3)}, "a dict"),
    ],
)
def test_outputs_that_are_no_pair_of_floating_point_tensors_are_refused(outputs, described):
    with pytest.raises(TypeError, match=rf"^network mine\.net returned {described}.*{PAIR}, both floating-point$"):
        checked_outputs(outputs, "mine.net", 4, 3)


@pytest.mark.parametrize(
    ("logits", "features", "described"),
    [
        ((4, 2), (4, 8), r"logits of shape \(4, 2\)"),
        ((12,), (4, 8), r"logits of shape \(12,\)"),
        ((4, 3), (4, 8, 1), r"features of shape \(4, 8, 1\)"),
        ((4, 3), (3, 8), r"features of shape \(3, 8\)"),
    ],
)
def test_outputs_of_other_shapes_are_refused(logits, features, described):
    with pytest.raises(ValueError, match=rf"^network mine\.net returned {described}; {PAIR}$"):
        checked_outputs((torch.zeros(logits), torch.zeros(features)), "mine.net", 4, 3)


def test_a_network_with_its_own_penalty_is_penalised_by_it():
    model = nn.Linear(3, 2)
    model.penalty = lambda: torch.tensor(7.0)
    assert l2_penalty(model) == 7


def test_by_default_the_kernels_of_all_dense_layers_are_penalised_and_nothing_else():
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
    assert torch.isclose(l2_penalty(model), model[1].weight.square().sum() + model[3].weight.square().sum())


def test_a_network_without_dense_layers_has_no_penalty():
    assert l2_penalty(nn.Conv2d(1, 1, 1)) == 0


@pytest.mark.parametrize(
    "settings", [{"hidden": -1}, {"hidden": 1.5}, {"dropout": 1.0}, {"dropout": -0.1}, {"depth": 2}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValidationError):
        EmbeddingHead(**settings)


def test_there_are_three_built_in_networks():
    assert [network().name for network in NETWORKS] == ["cnn", "vgg", "head"]


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("mode", ["evaluation", "training"])
def test_the_logits_of_cnn_are_those_of_its_first_version(mode):
    model = made(BaselineCNN(), (1, 100, 96), classes=20)
    patches = torch.randn(2, 1, 100, 96, generator=torch.Generator().manual_seed(1))
    model.train(mode == "training")
    torch.manual_seed(2)
    with torch.no_grad():
        logits, _ = model(patches)
    expected = torch.tensor(json.loads((GOLDEN / "cnn_logits.json").read_text())[mode])
    # The summation of a convolution differs between processors; on one of them, the two were equal bit for bit.
    assert torch.allclose(logits, expected, rtol=1e-5, atol=1e-5)
