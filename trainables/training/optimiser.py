"""The optimisers that a run may use: torch's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.config import Training

EPS = 1e-7  # Keras adds it before the bias correction and PyTorch after it; at 1e-7 the difference is negligible.


def make_optimiser(parameters: Iterable[torch.nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """Return the optimiser of a training protocol for these weights."""
    rate, decay = training.learning_rate, training.weight_decay
    match training.optimizer:
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, eps=EPS, weight_decay=decay, fused=True)
        case "adamw":
            return torch.optim.AdamW(parameters, lr=rate, eps=EPS, weight_decay=decay, fused=True)
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=training.momentum, weight_decay=decay, fused=True)
    assert_never(training.optimizer)
