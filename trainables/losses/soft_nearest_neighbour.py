"""The soft-nearest-neighbour (SNN) score of a batch, and the q of adaptive GCE that is made from it.

Everything here runs in float64 and through logsumexp, outside autocast: on real patches squared distances are about
1e4, so for T <= 100 the plain float32 form exp(-d / T) underflows in numerator and denominator and gives 0 / 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from trainables.config import Reading


def squared_distances(x: torch.Tensor) -> torch.Tensor:
    """Squared Euclidean distances between the rows of a batch, in float64.

    Args:
        x: features, shape (B, ...); flattened per sample.

    Returns:
        Tensor of shape (B, B), float64, not negative, zero on the diagonal.

    """
    flat = x.detach().flatten(1).to(torch.float64)
    # Centring first makes |a|^2 + |b|^2 - 2ab lose less to cancellation; distances do not change.
    flat = flat - flat.mean(dim=0)
    norms = flat.square().sum(dim=1)
    squared = norms[:, None] + norms[None, :] - 2.0 * (flat @ flat.T)
    return squared.clamp_min_(0.0).fill_diagonal_(0.0)


def snn_terms(x: torch.Tensor, targets: torch.Tensor, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Log numerators and log denominators of every sample's SNN ratio.

    Args:
        x: features, shape (B, ...), B >= 2.
        targets: given labels, shape (B,), integer.
        temperature: T > 0, in units of squared distance.

    Returns:
        Two float64 tensors of shape (B,): log sum over same-label neighbours (-inf without one) and log sum over all.

    Raises:
        ValueError: fewer than 2 samples, T not above 0, or shapes that do not match.

    """
    if x.shape[0] < 2:  # noqa: PLR2004 -- a neighbour takes two
        msg = f"a soft-nearest-neighbour score needs a batch of at least 2 samples, got {x.shape[0]}"
        raise ValueError(msg)
    if targets.shape != x.shape[:1]:
        msg = f"targets have shape {tuple(targets.shape)}, expected ({x.shape[0]},)"
        raise ValueError(msg)
    if not temperature > 0:
        msg = f"temperature is {temperature}; allowed: a number above 0"
        raise ValueError(msg)
    with torch.autocast(x.device.type, enabled=False):
        similarity = squared_distances(x) / -temperature
    similarity = similarity.masked_fill(torch.eye(len(targets), dtype=torch.bool, device=x.device), -torch.inf)
    same = targets[:, None] == targets[None, :]
    numerator = similarity.masked_fill(~same, -torch.inf).logsumexp(dim=1)
    return numerator, similarity.logsumexp(dim=1)


def snn(x: torch.Tensor, targets: torch.Tensor, temperature: float, reading: Reading = "mean") -> torch.Tensor:
    """Soft-nearest-neighbour score of a batch, in [0, 1]: how much of a sample's neighbourhood shares its label.

    The ratio of sample i is the sum over j != i of the same label of exp(-|xi - xj|^2 / T), over the same sum for all
    k != i (Frosst et al. 2019, eq. 1, without the logarithm). A sample without a same-label neighbour counts 0.

    Args:
        x: features, shape (B, ...), B >= 2.
        targets: given labels, shape (B,), integer.
        temperature: T > 0, in units of squared distance.
        reading: ``mean`` of the ratios, ``pooled`` sums before dividing, or one ratio per ``sample``.

    Returns:
        float64 tensor, a scalar for ``mean`` and ``pooled``, shape (B,) for ``sample``; no gradient.

    Raises:
        ValueError: see ``snn_terms``, or an unknown reading.

    """
    numerator, denominator = snn_terms(x, targets, temperature)
    if reading == "pooled":
        return (numerator.logsumexp(dim=0) - denominator.logsumexp(dim=0)).exp().clamp_max(1.0)
    ratio = (numerator - denominator).exp().clamp_max(1.0)
    if reading == "mean":
        return ratio.mean()
    if reading == "sample":
        return ratio
    msg = f"reading is {reading!r}; allowed: mean, pooled, sample"
    raise ValueError(msg)


def adaptive_q(x: torch.Tensor, targets: torch.Tensor, temperature: float, reading: Reading = "mean") -> torch.Tensor:
    """Return q_a = 1 - SNN of a batch, the q of adaptive generalized cross-entropy.

    Args:
        x: features, shape (B, ...), B >= 2; the paper takes the standardised patches.
        targets: given labels, shape (B,), integer.
        temperature: T > 0, in units of squared distance; the paper studies [1e2, 1e6].
        reading: see ``snn``.

    Returns:
        float64 tensor in [0, 1], a scalar or shape (B,) for ``sample``; no gradient.

    Raises:
        ValueError: see ``snn``.

    """
    return 1.0 - snn(x, targets, temperature, reading)
