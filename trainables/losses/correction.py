"""Correction of cross-entropy by the transition matrix of the label noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn import functional

from trainables.losses.base import Memory
from trainables.losses.robust import cce
from trainables.losses.transition import transition_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.losses.base import Batch, KnownLabels, Predictions, TrainingSet

WARM_UP = 20  # epochs
LOWEST = 1e-12  # entry of an estimated matrix: a column of zeros would make a loss infinite


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


class CorrectionSettings(Protocol):
    """The settings that the loss needs: those of ``forward_correction``."""

    @property
    def warm_up(self) -> int | None:
        """Epochs before the matrix is estimated; None for the default."""
        ...

    def problem(self, labels: KnownLabels) -> str:
        """Return why there is no matrix for such labels; empty if there is one."""
        ...

    def rows(self, labels: KnownLabels) -> Sequence[Sequence[float]] | None:
        """Return the matrix, shape (K, K); None if it has to be estimated."""
        ...


class Corrected(Memory):
    """Cross-entropy on verified clips, and forward-corrected cross-entropy on the others.

    The matrix ``verified`` is estimated as in gold loss correction (Hendrycks et al. 2018): for ``warm_up`` epochs,
    training is by cross-entropy on unverified clips alone, so that the network learns to predict their labels, wrong
    ones included. Row i is then the mean of its softmax over the verified training patches of class i.
    """

    state = ("matrix",)

    def __init__(self, settings: CorrectionSettings) -> None:
        """Keep the settings; the matrix follows at the start or after the warm-up."""
        self.settings = settings
        self.matrix: torch.Tensor | None = None
        self._targets = self._verified = torch.empty(0)

    def start(self, data: TrainingSet) -> None:
        """Make the matrix, unless it has to be estimated.

        Raises:
            ValueError: the labels of the training clips do not suffice, or the matrix is of other classes.

        """
        if problem := self.settings.problem(data.labels):
            raise ValueError(problem)
        self._targets, self._verified = data.targets, data.verified
        rows = self.settings.rows(data.labels)
        self.matrix = None if rows is None else torch.tensor(rows, device=data.targets.device)

    def begin_epoch(self, epoch: int, predictions: Predictions) -> None:
        """Estimate the matrix after the warm-up."""
        if self.matrix is None and epoch > (self.settings.warm_up or WARM_UP):
            p = predictions.running()[self._verified].double().exp()
            members = functional.one_hot(self._targets[self._verified], p.shape[1]).double()
            means = (members.T @ p) / members.sum(dim=0)[:, None]
            self.matrix = means.clamp_min(LOWEST).float()

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the losses, shape (B,)."""
        right = cce(logits, targets)
        if self.matrix is None:
            return torch.where(batch.verified, torch.zeros_like(right), right)
        return torch.where(batch.verified, right, forward_correction(logits, targets, self.matrix))
