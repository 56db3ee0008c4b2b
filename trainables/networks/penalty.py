"""The L2 penalty of a network."""

from __future__ import annotations

import torch
from torch import nn


def l2_penalty(network: nn.Module) -> torch.Tensor:
    """Return the sum of the squared weights of the network's dense kernels, a scalar; the loss adds ``l2`` times it."""
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Linear)]
    if not kernels:
        return torch.zeros(())
    return torch.stack([w.square().sum() for w in kernels]).sum()
