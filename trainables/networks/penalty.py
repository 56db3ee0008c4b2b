"""The L2 penalty of a network."""

from __future__ import annotations

import torch
from torch import nn


def l2_penalty(network: nn.Module) -> torch.Tensor:
    """Return what the loss adds ``l2`` times, a scalar: the sum of the squared kernels of all ``nn.Linear`` layers.

    Biases, convolutions and normalisations are not penalised, as in the baseline. A network with a method
    ``penalty()`` defines its own penalty.
    """
    penalty = getattr(network, "penalty", None)
    if callable(penalty):
        value: torch.Tensor = penalty()
        return value
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Linear)]
    if not kernels:
        return torch.zeros(())
    return torch.stack([w.square().sum() for w in kernels]).sum()
