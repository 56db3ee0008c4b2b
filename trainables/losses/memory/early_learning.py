"""Early-learning regularisation: a loss that remembers what the network predicted for each patch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.losses.base import Memory

if TYPE_CHECKING:
    from trainables.losses.base import Batch, TrainingSet

P_MIN = 1e-4  # probabilities lie in [P_MIN, 1 - P_MIN], as in the authors' code


def elr(logits: torch.Tensor, targets: torch.Tensor, estimates: torch.Tensor, lam: float) -> torch.Tensor:
    """Return cross-entropy + lam log(1 - <t, p>) (Liu et al. 2020, eq. 6), with p clamped to [1e-4, 1 - 1e-4].

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        estimates: running averages t of the predictions for these samples, shape (B, K). No gradient flows into them.
        lam: weight of the regularisation, at least 0.

    Returns:
        Losses of shape (B,); they can be negative, but not below lam log(1e-4).

    """
    p = logits.softmax(dim=1).clamp(P_MIN, 1 - P_MIN)
    agreement = (estimates.detach() * p).sum(dim=1)
    return functional.cross_entropy(logits, targets, reduction="none") + lam * (1 - agreement).log()


def elr_estimates(logits: torch.Tensor, estimates: torch.Tensor, beta: float) -> torch.Tensor:
    """Return the running averages of the predictions after one more prediction (Liu et al. 2020, eq. 9).

    Args:
        logits: shape (B, K).
        estimates: the averages so far, shape (B, K); 0 before the first prediction.
        beta: weight of the averages so far, in [0, 1).

    Returns:
        beta t + (1 - beta) p, shape (B, K), without gradient; p is clamped to [1e-4, 1 - 1e-4] and scaled to sum to 1.

    """
    p = logits.detach().softmax(dim=1).clamp(P_MIN, 1 - P_MIN)
    return beta * estimates + (1 - beta) * p / p.sum(dim=1, keepdim=True)


class EarlyLearning(Memory):
    """ELR with one running average for each training patch, updated before the loss uses it."""

    state = ("estimates",)

    def __init__(self, beta: float, lam: float) -> None:
        """Take the parameters of ``elr`` and ``elr_estimates``."""
        self.beta, self.lam = beta, lam
        self.estimates = torch.empty(0)

    def start(self, data: TrainingSet) -> None:
        """Start every average at 0."""
        self.estimates = torch.zeros(len(data.targets), data.classes, device=data.targets.device)

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the losses, shape (B,)."""
        estimates = elr_estimates(logits, self.estimates[batch.patches], self.beta)
        self.estimates[batch.patches] = estimates
        return elr(logits, targets, estimates, self.lam)
