"""Losses with a parameter that leads from cross-entropy to the mean absolute error: Jensen-Shannon, Taylor.

p is the softmax probability of the given label.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from trainables.losses.robust import TINY_Q, cce

if TYPE_CHECKING:
    from torch import Tensor

LARGE = 20.0  # a cross-entropy c from which w (e^c - 1) may overflow, and c + log m loses nothing to cancellation


def js(logits: Tensor, targets: Tensor, w: float) -> Tensor:
    """Return the scaled Jensen-Shannon divergence between label and softmax (Englesson and Azizpour 2021).

    It is Z [w KL(y, m) + (1 - w) KL(p, m)] with m = w y + (1 - w) p and Z = -1 / ((1 - w) log(1 - w)). With y a single
    class, it depends on p of that class alone. The limits are cross-entropy (w = 0; here exactly so for w below 1e-30)
    and 1 - p (w = 1).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        w: weight of the label, in [0, 1].

    Returns:
        Losses of shape (B,).

    Raises:
        ValueError: w is outside [0, 1].

    """
    if not 0 <= w <= 1:
        msg = f"w is {w}; allowed: a number in [0, 1]"
        raise ValueError(msg)
    cross_entropy = cce(logits, targets)
    if w < TINY_Q:
        return cross_entropy
    error = -torch.expm1(-cross_entropy)  # 1 - p
    if w == 1:
        return error
    scale = -math.log1p(-w)
    if w > 0.5:  # noqa: PLR2004 -- both forms are exact; each is accurate on its side
        mixture = torch.log1p((w - 1.0) * error)  # log m
        entropy = (1.0 - (1.0 - w) * error) * mixture / (1.0 - w)
        return error - (torch.exp(-cross_entropy) * cross_entropy + entropy) / scale
    mixture = w + (1.0 - w) * torch.exp(-cross_entropy)  # m
    # log(m / p), in forms that neither overflow nor cancel
    small = torch.log1p(w * torch.expm1(cross_entropy.clamp_max(LARGE)))
    ratio = torch.where(cross_entropy > LARGE, cross_entropy + torch.log(mixture), small)
    return error + (w * cross_entropy - mixture * ratio) / (scale * (1.0 - w))


def taylor_ce(logits: Tensor, targets: Tensor, t: int) -> Tensor:
    """Return the Taylor cross-entropy sum_{i=1..t} (1 - p)^i / i (Feng et al. 2020).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        t: number of terms, >= 1: 1 is 1 - p; the limit of many terms is cross-entropy.

    Returns:
        Losses of shape (B,), at most the harmonic number H_t.

    Raises:
        ValueError: t is not a whole number of at least 1.

    """
    if t != int(t) or t < 1:
        msg = f"t is {t}; allowed: a whole number of at least 1"
        raise ValueError(msg)
    cross_entropy = cce(logits, targets)
    with torch.no_grad():
        error = -torch.expm1(-cross_entropy)
        orders = torch.arange(1, int(t) + 1, dtype=logits.dtype, device=logits.device)
        values = (error[:, None] ** orders / orders).sum(dim=1)
        # dL/dc is 1 - (1 - p)^t. Automatic differentiation of the powers loses it where 1 - p rounds to 1.
        slopes = -torch.expm1(t * torch.log1p(-torch.exp(-cross_entropy)))
    return values + slopes * (cross_entropy - cross_entropy.detach())
