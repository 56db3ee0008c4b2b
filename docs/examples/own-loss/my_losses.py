"""Symmetric cross-entropy (Wang et al. 2019, eq. 7), written as a loss of one's own."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field

from trainables.losses import Batch, Loss, LossFunction

LOG_0 = math.log(1e-4)  # stands for log 0, the logarithm of a label that was not given


class SymmetricCrossEntropy(Loss):
    """Cross-entropy, and beta times the reverse cross-entropy, whose roles of label and prediction are swapped."""

    name: Literal["mine.symmetric"]
    alpha: Annotated[float, Field(ge=0, le=10, description="weight of cross-entropy")] = 0.1
    beta: Annotated[float, Field(ge=0, le=10, description="weight of reverse cross-entropy")] = 1.0

    def make(self) -> LossFunction:
        def symmetric(logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
            log_p = logits.log_softmax(1).gather(1, targets[:, None]).squeeze(1)
            reverse = -LOG_0 * (1 - log_p.exp())
            return -self.alpha * log_p + self.beta * reverse

        return symmetric
