"""A network built from its settings, and the check of what it returns."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from trainables.networks.base import Network

IMAGE = 3  # dimensions of an input of 2-dimensional convolutions: (channels, height, width)


def build(network: Network, shape: tuple[int, ...], classes: int, seed: int, device: torch.device) -> nn.Module:
    """Return a network on a device, with the initial weights of a seed.

    Args:
        network: its settings.
        shape: of one input.
        classes: number of classes K.
        seed: of torch's global generator, from which the initial weights follow.
        device: where it is trained.

    Raises:
        ValueError: the network does not take inputs of this shape.
        TypeError: the network's ``make`` returned no module.

    """
    if problem := network.problem(shape):
        raise ValueError(problem)
    torch.manual_seed(seed)
    model = network.make(shape, classes)
    if not isinstance(model, nn.Module):
        msg = f"network {network.name}: make returned {_described(model)}; expected: a torch.nn.Module"
        raise TypeError(msg)
    model.to(device)
    if len(shape) == IMAGE:
        # Convolutions are fastest with channels last, on CPU and GPU.
        for tensor in chain(model.parameters(), model.buffers()):
            if tensor.dim() == IMAGE + 1:
                # ``contiguous`` would not lay out kernels of one channel, whose strides choose the algorithm.
                tensor.data = tensor.data.to(memory_format=torch.channels_last)
    return model


def checked_outputs(outputs: object, name: str, size: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits and features, if they are what a network has to return.

    Only types and shapes are checked, because reading values would wait for the GPU.

    Args:
        outputs: what the network's ``forward`` returned.
        name: of the network.
        size: number of inputs B.
        classes: number of classes K.

    Returns:
        Logits (B, K) and features (B, F), floating-point.

    Raises:
        TypeError: they are not a pair of floating-point tensors.
        ValueError: their shapes are others.

    """
    expected = f"expected: a pair of logits ({size}, {classes}) and features ({size}, F)"
    if not (
        isinstance(outputs, tuple | list)
        and len(outputs) == 2  # noqa: PLR2004 -- a pair
        and all(isinstance(tensor, torch.Tensor) and tensor.is_floating_point() for tensor in outputs)
    ):
        msg = f"network {name} returned {_described(outputs)}; {expected}, both floating-point"
        raise TypeError(msg)
    logits, features = outputs
    if logits.shape != (size, classes):
        msg = f"network {name} returned logits of shape {tuple(logits.shape)}; {expected}"
        raise ValueError(msg)
    if features.dim() != 2 or len(features) != size:  # noqa: PLR2004 -- dimensions of a matrix
        msg = f"network {name} returned features of shape {tuple(features.shape)}; {expected}"
        raise ValueError(msg)
    return logits, features


def _described(value: object) -> str:
    """Name what was returned instead: its type, with the shape and dtype of a tensor."""
    if isinstance(value, torch.Tensor):
        return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}: {', '.join(map(_described, value))}"
    return "None" if value is None else f"a {type(value).__name__}"
