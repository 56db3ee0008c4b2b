"""Losses divided by their sum over all labels (Ma et al. 2020), and what is combined with them.

A normalised loss is robust to symmetric noise but learns slowly. So it is the *active* part of a sum whose other part
is *passive*: it lowers the probabilities of the other classes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch.nn import functional

from trainables.losses.asymmetric import agce, aul
from trainables.losses.cross_entropies import REVERSE
from trainables.losses.robust import mae

if TYPE_CHECKING:
    from torch import Tensor

LOWEST = math.log(1e-7)  # log p below this counts as this in the negative loss (Ye et al. 2023)


def nce(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the normalised cross-entropy log p / sum_k log p_k: logits (B, K), targets (B,) -> (B,), in [0, 1].

    It is 1 / K where all classes are equally likely (Ma et al. 2020).
    """
    log_p = functional.log_softmax(logits, dim=1)
    return _labelled(log_p, targets) / log_p.sum(dim=1)


def nce_rce(logits: Tensor, targets: Tensor, alpha: float, beta: float) -> Tensor:
    """Return alpha NCE + beta RCE (Ma et al. 2020), with the reverse cross-entropy RCE of ``sce``.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        alpha: weight of normalised cross-entropy, >= 0.
        beta: weight of reverse cross-entropy, >= 0.

    Returns:
        Losses of shape (B,).

    """
    return alpha * nce(logits, targets) + beta * REVERSE * mae(logits, targets)


def nce_mae(logits: Tensor, targets: Tensor, alpha: float, beta: float) -> Tensor:
    """Return alpha NCE + beta (1 - p) (Ma et al. 2020).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        alpha: weight of normalised cross-entropy, >= 0.
        beta: weight of 1 - p, >= 0; that is half of the mean absolute error between one-hot label and softmax.

    Returns:
        Losses of shape (B,).

    """
    return alpha * nce(logits, targets) + beta * mae(logits, targets)


def nce_agce(logits: Tensor, targets: Tensor, alpha: float, beta: float, a: float, q: float) -> Tensor:  # noqa: PLR0913, PLR0917 -- the paper's
    """Return alpha NCE + beta AGCE (Zhou et al. 2021).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        alpha: weight of normalised cross-entropy, >= 0.
        beta: weight of ``agce``, >= 0.
        a: of ``agce``, above 0.
        q: of ``agce``, above 0.

    Returns:
        Losses of shape (B,).

    Raises:
        ValueError: see ``agce``.

    """
    return alpha * nce(logits, targets) + beta * agce(logits, targets, a, q)


def nce_aul(logits: Tensor, targets: Tensor, alpha: float, beta: float, a: float, q: float) -> Tensor:  # noqa: PLR0913, PLR0917 -- the paper's
    """Return alpha NCE + beta AUL (Zhou et al. 2021).

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        alpha: weight of normalised cross-entropy, >= 0.
        beta: weight of ``aul``, >= 0.
        a: of ``aul``, above 1.
        q: of ``aul``, above 0.

    Returns:
        Losses of shape (B,).

    Raises:
        ValueError: see ``aul``.

    """
    return alpha * nce(logits, targets) + beta * aul(logits, targets, a, q)


def anl(logits: Tensor, targets: Tensor, alpha: float, beta: float) -> Tensor:
    """Return the active negative loss alpha NCE + beta NNCE (Ye et al. 2023).

    NNCE, the normalised negative cross-entropy, is 1 - (A + log p) / sum_k (A + log p_k) with A = -log 1e-7. In it,
    log p_k below -A counts as -A, without a gradient of its own. The paper's L1 penalty on the weights is left out.

    Args:
        logits: shape (B, K).
        targets: given labels, shape (B,), integer.
        alpha: weight of normalised cross-entropy, >= 0.
        beta: weight of normalised negative cross-entropy, >= 0.

    Returns:
        Losses of shape (B,).

    """
    log_p = functional.log_softmax(logits, dim=1)
    active = _labelled(log_p, targets) / log_p.sum(dim=1)
    gains = log_p.clamp_min(LOWEST) - LOWEST
    return alpha * active + beta * (1.0 - _labelled(gains, targets) / gains.sum(dim=1))


def _labelled(values: Tensor, targets: Tensor) -> Tensor:
    """Return the value of each sample's label: values (B, K), targets (B,) -> (B,)."""
    return values.gather(1, targets[:, None]).squeeze(1)
