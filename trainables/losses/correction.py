"""Correction of cross-entropy by the transition matrix of the label noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from trainables.losses.transition import transition_problem

if TYPE_CHECKING:
    from collections.abc import Sequence


def forward_correction(
    logits: torch.Tensor,
    targets: torch.Tensor,
    T: torch.Tensor | Sequence[Sequence[float]],  # noqa: N803 -- the papers' name of the matrix
) -> torch.Tensor:
    """Return the forward-corrected cross-entropy -log sum_k T[k][y] p_k (Patrini et al. 2017, theorem 2).

    Args:
        logits: shape (B, K).
        targets: given labels y, shape (B,), integer.
        T: shape (K, K): T[i][j] is the probability that a sample of class i is labelled j. Rows sum to 1. No gradient
            flows into it.

    Returns:
        Losses of shape (B,).

    Raises:
        ValueError: T is not K x K, or, given as numbers, has an entry outside [0, 1], a row that does not sum to 1, or
            a column of zeros. The values of tensors are not checked, because that would stall a GPU.

    """
    if not isinstance(T, torch.Tensor):
        if problem := transition_problem(T):
            raise ValueError(problem)
        T = torch.tensor(T, dtype=logits.dtype, device=logits.device)  # noqa: N806 -- as above
    if T.shape != (logits.shape[1], logits.shape[1]):
        msg = f"T has shape {tuple(T.shape)}; allowed: {(logits.shape[1], logits.shape[1])}, a row for each class"
        raise ValueError(msg)
    # From a class that is never labelled y, log T is -inf: it adds nothing to the sum and gets no gradient from it.
    given = T.detach().to(logits.dtype).log().T[targets]
    return -torch.logsumexp(functional.log_softmax(logits, dim=1) + given, dim=1)
