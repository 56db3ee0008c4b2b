"""Asymmetric losses of Zhou et al. 2021: bounded functions of p, the softmax probability of the given label.

Both are computed as the difference of two expm1, which keeps small q and p near 0 or 1 accurate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from trainables.losses.bounds import check_above
from trainables.losses.robust import cce

if TYPE_CHECKING:
    from torch import Tensor

NEAR = 1.0  # of a parameter to the pole of its logarithm: from here, p is added to it before the logarithm is taken


def agce(logits: Tensor, targets: Tensor, a: float, q: float) -> Tensor:
    """Return the asymmetric generalized cross-entropy ((a + 1)^q - (a + p)^q) / q (Zhou et al. 2021).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        a: above 0; a near 0 is ``gce``.
        q: above 0; 1 is 1 - p for every a.

    Returns:
        Losses of shape (B,), in [0, ((a + 1)^q - a^q) / q].

    Raises:
        ValueError: a or q is not above 0.

    """
    check_above("a", a, 0)
    check_above("q", q, 0)
    cross_entropy = cce(logits, targets)
    if a < NEAR:
        # log((a + p) / (a + 1)); logaddexp has a finite gradient where p underflows, for every a.
        shift = torch.full_like(cross_entropy, math.log(a))
        ratio = torch.logaddexp(shift, -cross_entropy) - math.log1p(a)
    else:
        ratio = torch.log1p(torch.expm1(-cross_entropy) / (a + 1.0))
    largest: float = (a + 1.0) ** q / q
    return -largest * torch.expm1(q * ratio)


def aul(logits: Tensor, targets: Tensor, a: float, q: float) -> Tensor:
    """Return the asymmetric unhinged loss ((a - p)^q - (a - 1)^q) / q (Zhou et al. 2021).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        a: above 1.
        q: above 0; 1 is 1 - p for every a.

    Returns:
        Losses of shape (B,), in [0, (a^q - (a - 1)^q) / q].

    Raises:
        ValueError: a is not above 1, or q not above 0.

    """
    check_above("a", a, 1)
    check_above("q", q, 0)
    cross_entropy = cce(logits, targets)
    if a - 1 < NEAR:
        ratio = torch.log((a - 1.0) - torch.expm1(-cross_entropy)) - math.log(a)  # log((a - p) / a)
    else:
        ratio = torch.log1p(-torch.exp(-cross_entropy) / a)
    lowest = math.expm1(q * (math.log(a - 1.0) - math.log(a)))
    largest: float = a**q / q
    return largest * (torch.expm1(q * ratio) - lowest)
