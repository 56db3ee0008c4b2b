"""The initial weights of the built-in networks."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import nn


def initialise(network: nn.Module, seed: int | None) -> None:
    """Draw the weights of convolutions and dense layers from a truncated normal (He et al. 2015); biases become 0.

    The normal has the standard deviation sqrt(2 / fan-in) and is cut at two of them, as Keras's ``he_normal`` is.

    Args:
        network: whose weights are replaced.
        seed: of the weights; if None, torch's global generator is used.

    """
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            sigma = math.sqrt(2.0 / module.weight[0].numel())
            nn.init.trunc_normal_(module.weight, std=sigma, a=-2 * sigma, b=2 * sigma, generator=generator)
            nn.init.zeros_(cast("torch.Tensor", module.bias))
