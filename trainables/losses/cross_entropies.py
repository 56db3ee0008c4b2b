"""Cross-entropy with a second term, a smoothed label or a weight: symmetric cross-entropy, label smoothing, focal loss.

Every function takes logits (B, K) and given labels (B,), and returns one loss per sample, shape (B,). p is the softmax
probability of the given label.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.losses.bounds import check_at_least
from trainables.losses.robust import cce, mae

if TYPE_CHECKING:
    from torch import Tensor

# Reverse cross-entropy is -sum_k p_k log y_k with log 0 set to log 1e-4 (Wang et al. 2019), so it is this times 1 - p.
REVERSE = -math.log(1e-4)


def sce(logits: Tensor, targets: Tensor, alpha: float, beta: float) -> Tensor:
    """Return the symmetric cross-entropy alpha CE + beta RCE (Wang et al. 2019).

    RCE, the reverse cross-entropy, is -log(1e-4) (1 - p). p is not clamped.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        alpha: weight of cross-entropy, >= 0.
        beta: weight of reverse cross-entropy, >= 0.

    Returns:
        Losses of shape (B,).

    """
    return alpha * cce(logits, targets) + beta * REVERSE * mae(logits, targets)


def label_smoothing(logits: Tensor, targets: Tensor, r: float) -> Tensor:
    """Return the cross-entropy with a smoothed label: (1 - r) CE + r mean_k(-log p_k).

    The share r is spread uniformly over all K classes, that of the label included (Szegedy et al. 2016). A negative r
    sharpens the label (Wei et al. 2022); the loss then has no lower bound.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        r: smoothing rate, at most 1; negative values are allowed.

    Returns:
        Losses of shape (B,).

    Raises:
        ValueError: r is above 1.

    """
    if not r <= 1:
        msg = f"r is {r}; allowed: a number of at most 1"
        raise ValueError(msg)
    uniform = -functional.log_softmax(logits, dim=1).mean(dim=1)
    return (1.0 - r) * cce(logits, targets) + r * uniform


def focal(logits: Tensor, targets: Tensor, gamma: float) -> Tensor:
    """Return the focal loss -(1 - p)^gamma log p (Lin et al. 2017, eq. 4).

    The gradient flows through both factors, as in the paper; some published code treats (1 - p)^gamma as a constant.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        gamma: exponent, >= 0; 0 is cross-entropy.

    Returns:
        Losses of shape (B,).

    Raises:
        ValueError: gamma is below 0.

    """
    check_at_least("gamma", gamma, 0)
    cross_entropy = cce(logits, targets)
    if gamma == 0:
        return cross_entropy
    error = -torch.expm1(-cross_entropy)
    # At p = 1 the slope of error^gamma is infinite for gamma < 1, although the loss and its gradient tend to 0.
    certain = error == 0
    error = torch.where(certain, torch.ones_like(error), error)
    return torch.where(certain, torch.zeros_like(error), error**gamma * cross_entropy)
