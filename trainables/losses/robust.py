"""Noise-robust losses: plain functions of logits and targets, and what makes loss functions of them.

Every function returns one value per sample, shape (B,); the training loop takes the mean over the batch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.losses.soft_nearest_neighbour import adaptive_q

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.losses.base import Batch, Distances, LossFunction, Reading, Rule

MAX_RULE = 0.6  # Fonseca et al. 2019: drop losses above 0.6 of the batch's largest
# Below this q, (1 - p^q) / q is the cross-entropy to float32's precision, while q c would underflow in float32, where a
# cross-entropy c other than 0 is at least 6e-8: c (1 - q c / 2 + ...) differs from c by less than one part in 1e28.
TINY_Q = 1e-30
OUTLIER_RULE = 1.9  # Fonseca et al. 2019: drop losses above the median plus 1.9 standard deviations


def cce(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy -log p of the labelled class: logits (B, K), targets (B,) -> (B,), in nats."""
    return functional.cross_entropy(logits, targets, reduction="none")


def mae(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean absolute error 1 - p of the labelled class: logits (B, K), targets (B,) -> (B,), in [0, 1]."""
    return -torch.expm1(-cce(logits, targets))


def gce(logits: torch.Tensor, targets: torch.Tensor, q: float | torch.Tensor) -> torch.Tensor:
    """Return the generalized cross-entropy (1 - p^q) / q (Zhang and Sabuncu 2018, eq. 6), stable for every q and p.

    It is computed from the cross-entropy c as -expm1(-q c) / q, whose gradient p^q dc is finite everywhere. For q below
    1e-30 it is exactly the cross-entropy, which is the limit.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        q: a number in [0, 1], a scalar tensor, or one value per sample, shape (B,). No gradient flows into it.

    Returns:
        Losses of shape (B,), in the dtype of the logits.

    Raises:
        ValueError: q is a number outside [0, 1]. Tensors are not checked, because that would stall a GPU.

    """
    cross_entropy = cce(logits, targets)
    if not isinstance(q, torch.Tensor):
        if not 0 <= q <= 1:
            msg = f"q is {q}; allowed: a number in [0, 1]"
            raise ValueError(msg)
        return cross_entropy if q < TINY_Q else -torch.expm1(-q * cross_entropy) / q
    q = q.detach()
    tiny = q < TINY_Q
    q = torch.where(tiny, torch.ones_like(q), q).to(cross_entropy.dtype)
    return torch.where(tiny, cross_entropy, -torch.expm1(-q * cross_entropy) / q)


def truncated_gce(logits: torch.Tensor, targets: torch.Tensor, q: float, k: float) -> torch.Tensor:
    """Return the generalized cross-entropy, constant where p <= k (Zhang and Sabuncu 2018, eq. 9).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        q: in (0, 1].
        k: probability in (0, 1); samples at or below it have a constant loss and no gradient.

    Returns:
        Losses of shape (B,).

    """
    losses = gce(logits, targets, q)
    ceiling = truncated_ceiling(q, k)
    return torch.where(losses >= ceiling, torch.full_like(losses, ceiling), losses)


def truncated_ceiling(q: float, k: float) -> float:
    """Return L_q(k) = (1 - k^q) / q, the largest value of truncated GCE; -log k in the limit of a tiny q."""
    return -math.log(k) if q < TINY_Q else -math.expm1(q * math.log(k)) / q


def soft_bootstrapping(logits: torch.Tensor, targets: torch.Tensor, beta: float) -> torch.Tensor:
    """Return the soft bootstrapping loss -sum_k (beta y_k + (1 - beta) p_k) log p_k (Reed et al. 2015, eq. 6).

    Gradients flow through both occurrences of p, as in the code of the baseline.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        beta: weight of the label, in [0, 1].

    Returns:
        Losses of shape (B,).

    """
    log_p = functional.log_softmax(logits, dim=1)
    entropy = -(log_p.exp() * log_p).sum(dim=1)
    return beta * cce(logits, targets) + (1.0 - beta) * entropy


def masking_threshold(losses: torch.Tensor, rule: Rule, threshold: float | None = None) -> torch.Tensor:
    """Return the largest loss that loss masking keeps (Fonseca et al. 2019, section 3.3).

    Args:
        losses: the batch's losses, shape (B,).
        rule: ``max``: threshold * max; ``outlier``: median + threshold * population standard deviation, where the
            median of an even number of losses is the mean of the two middle ones.
        threshold: by default 0.6 for ``max`` and 1.9 for ``outlier``.

    Returns:
        A scalar tensor without gradient.

    """
    losses = losses.detach()
    if rule == "max":
        return losses.max() * (MAX_RULE if threshold is None else threshold)
    ordered = losses.sort().values
    median = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return median + (OUTLIER_RULE if threshold is None else threshold) * losses.std(correction=0)


def plain(function: Callable[..., torch.Tensor], **parameters: float) -> LossFunction:
    """Return the loss that a function of logits, targets and parameters computes, whatever else is in the batch."""
    return lambda logits, targets, _: function(logits, targets, **parameters)


def origin(loss: LossFunction) -> LossFunction:
    """Return the loss that applies another one to unverified clips only, and cross-entropy to verified ones."""

    def function(logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        return torch.where(batch.verified, cce(logits, targets), loss(logits, targets, batch))

    return function


def adaptive(temperature: float, reading: Reading, distances: Distances, *, relative: bool = False) -> LossFunction:
    """Return the generalized cross-entropy whose q follows from each batch; see ``adaptive_q``."""

    def function(logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        x = {"input": batch.inputs, "penultimate": batch.features, "embedding": batch.embeddings}[distances]
        if x is None:
            msg = "the distances are to be between embeddings, but the batch has none"
            raise ValueError(msg)
        q = adaptive_q(x, targets, temperature, reading, relative=relative)
        batch.scores["q"] = q
        return gce(logits, targets, q)

    return function


def masking(rule: Rule, threshold: float | None) -> LossFunction:
    """Return the cross-entropy that drops a batch's largest losses; see ``masking_threshold``."""

    # The threshold is that of the whole batch even for the origin variant, which then restores the verified clips.
    def function(logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:  # noqa: ARG001
        losses = cce(logits, targets)
        return losses * (losses.detach() <= masking_threshold(losses, rule, threshold))

    return function
