"""Symmetric cross-entropy (Wang et al. 2019, eq. 7) as a plugin."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch.nn import functional

from trainables.losses import Batch, Loss, LossFunction

LOG_0 = math.log(1e-4)  # replaces log 0, the logarithm of every label but the given one


class SymmetricCrossEntropy(Loss):
    """Weighted sum of cross-entropy and reverse cross-entropy, which swaps label and prediction."""

    name: Literal["mine.symmetric"] = "mine.symmetric"
    alpha: Annotated[float, Field(ge=0, le=10, description="weight of cross-entropy")] = 0.1
    beta: Annotated[float, Field(ge=0, le=10, description="weight of reverse cross-entropy")] = 1.0

    def make(self) -> LossFunction:
        def symmetric(logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
            cross_entropy = functional.cross_entropy(logits, targets, reduction="none")
            p = torch.exp(-cross_entropy)  # of the given label
            return self.alpha * cross_entropy - self.beta * LOG_0 * (1 - p)

        return symmetric
