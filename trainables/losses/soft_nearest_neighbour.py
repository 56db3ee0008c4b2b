"""The soft-nearest-neighbour (SNN) score of a batch, and the q of adaptive GCE derived from it.

Everything is computed in float64, through logsumexp and outside autocast: squared distances between real patches are
about 1e4, so for T <= 100 the plain float32 form exp(-d / T) underflows in numerator and denominator and yields 0 / 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from trainables.losses.base import Reading

# A median squared distance below this share of the largest one counts as this share: the distances are divided by it,
# and the logarithms of larger quotients would lose the number of neighbours to rounding.
SMALL = 1e-9
TINY = 1e-30  # stands for a distance of 0 where all are 0


def squared_distances(x: torch.Tensor) -> torch.Tensor:
    """Return the squared Euclidean distances between the samples of a batch, in float64.

    Args:
        x: features, shape (B, ...); flattened per sample.

    Returns:
        float64 tensor of shape (B, B), non-negative, zero on the diagonal.

    """
    flat = x.detach().flatten(1).to(torch.float64)
    # Centring leaves the distances unchanged, and |a|^2 + |b|^2 - 2ab loses less to cancellation.
    flat = flat - flat.mean(dim=0)
    norms = flat.square().sum(dim=1)
    squared = norms[:, None] + norms[None, :] - 2.0 * (flat @ flat.T)
    return squared.clamp_min_(0.0).fill_diagonal_(0.0)


def median_squared_distance(squared: torch.Tensor) -> torch.Tensor:
    """Return the median of a batch's squared distances between two samples, the lower of two middle ones.

    Args:
        squared: squared distances, shape (B, B), symmetric, B >= 2.

    Returns:
        A scalar tensor above 0; where half of the pairs are at distance 0, a 1e-9th of the largest squared distance.

    """
    above = torch.triu_indices(len(squared), len(squared), offset=1, device=squared.device)
    pairs = squared[above[0], above[1]]
    return torch.maximum(pairs.median(), SMALL * pairs.max()).clamp_min(TINY)


def snn_terms(
    x: torch.Tensor, targets: torch.Tensor, temperature: float, *, relative: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logarithms of the numerator and the denominator of every sample's SNN ratio.

    Args:
        x: features, shape (B, ...), B >= 2.
        targets: given labels, shape (B,), integer.
        temperature: T > 0, in units of squared distance.
        relative: whether T is in units of the batch's median squared distance.

    Returns:
        Two float64 tensors of shape (B,): the log sum over same-label neighbours (-inf without any), and the log
        sum over all other samples.

    Raises:
        ValueError: fewer than 2 samples, T not above 0, or shapes that do not match.

    """
    if x.shape[0] < 2:  # noqa: PLR2004 -- one sample has no neighbour
        msg = f"a soft-nearest-neighbour score needs a batch of at least 2 samples, got {x.shape[0]}"
        raise ValueError(msg)
    if targets.shape != x.shape[:1]:
        msg = f"targets have shape {tuple(targets.shape)}, expected ({x.shape[0]},)"
        raise ValueError(msg)
    if not temperature > 0:
        msg = f"temperature is {temperature}; allowed: a number above 0"
        raise ValueError(msg)
    with torch.autocast(x.device.type, enabled=False):
        squared = squared_distances(x)
        similarity = squared / -(temperature * median_squared_distance(squared) if relative else temperature)
    similarity = similarity.masked_fill(torch.eye(len(targets), dtype=torch.bool, device=x.device), -torch.inf)
    same = targets[:, None] == targets[None, :]
    numerator = similarity.masked_fill(~same, -torch.inf).logsumexp(dim=1)
    return numerator, similarity.logsumexp(dim=1)


def snn(
    x: torch.Tensor, targets: torch.Tensor, temperature: float, reading: Reading = "mean", *, relative: bool = False
) -> torch.Tensor:
    """Return the SNN score of a batch, in [0, 1]: how much of a sample's neighbourhood shares its label.

    The ratio of sample i is the sum of exp(-|xi - xj|^2 / T) over all j != i of the same label, divided by the sum over
    all j != i (Frosst et al. 2019, eq. 1, without the logarithm). It is 0 for a sample without a same-label neighbour.

    Args:
        x: features, shape (B, ...), B >= 2.
        targets: given labels, shape (B,), integer.
        temperature: T > 0, in units of squared distance.
        reading: ``mean``: the mean ratio; ``pooled``: both sums pooled over the batch, then divided; ``sample``: one
            ratio per sample.
        relative: whether T is in units of the batch's median squared distance between two samples.

    Returns:
        float64 tensor without gradient: a scalar for ``mean`` and ``pooled``, shape (B,) for ``sample``.

    Raises:
        ValueError: see ``snn_terms``; or the reading is unknown.

    """
    numerator, denominator = snn_terms(x, targets, temperature, relative=relative)
    if reading == "pooled":
        return (numerator.logsumexp(dim=0) - denominator.logsumexp(dim=0)).exp().clamp_max(1.0)
    ratio = (numerator - denominator).exp().clamp_max(1.0)
    if reading == "mean":
        return ratio.mean()
    if reading == "sample":
        return ratio
    msg = f"reading is {reading!r}; allowed: mean, pooled, sample"
    raise ValueError(msg)


def adaptive_q(
    x: torch.Tensor, targets: torch.Tensor, temperature: float, reading: Reading = "mean", *, relative: bool = False
) -> torch.Tensor:
    """Return q_a = 1 - SNN of a batch: the q of adaptive generalized cross-entropy.

    Args:
        x: features, shape (B, ...), B >= 2; the paper uses the standardised patches.
        targets: given labels, shape (B,), integer.
        temperature: T > 0, in units of squared distance; the paper studies [1e2, 1e6].
        reading: see ``snn``.
        relative: see ``snn``.

    Returns:
        float64 tensor in [0, 1] without gradient: a scalar, or shape (B,) for ``sample``.

    Raises:
        ValueError: see ``snn``.

    """
    return 1.0 - snn(x, targets, temperature, reading, relative=relative)
