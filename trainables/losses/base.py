"""What a loss is: its settings, the function that they make, and what the training passes to it. Imports no torch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from trainables.frozen import Frozen

if TYPE_CHECKING:
    import torch

Reading = Literal["mean", "pooled", "sample"]
Distances = Literal["input", "penultimate"]
Rule = Literal["max", "outlier"]


@dataclass
class Batch:
    """The inputs of a loss besides logits and targets.

    Attributes:
        inputs: standardised patches, shape (B, 1, frames, mels).
        features: the network's penultimate activations, shape (B, F), detached.
        verified: whether each patch comes from a verified clip, shape (B,), bool.
        patches: index of each patch among the run's N training patches, shape (B,), in [0, N); a patch has the same
            index in every epoch.
        epoch: number of the epoch, from 1.
        scores: diagnostics that the loss stores for the training loop, such as ``q`` (detached).

    """

    inputs: torch.Tensor
    features: torch.Tensor
    verified: torch.Tensor
    patches: torch.Tensor
    epoch: int
    scores: dict[str, torch.Tensor] = field(default_factory=dict)


class LossFunction(Protocol):
    """Computes one value per sample from logits (B, K), targets (B,) and their batch."""

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the losses, shape (B,)."""
        ...


@runtime_checkable
class Memory(Protocol):
    """What a loss function that keeps state offers besides; the state lies in the run's checkpoint."""

    def start(self, targets: torch.Tensor, classes: int) -> None:
        """Prepare for a training; called once, before the first epoch or before a state is loaded.

        Args:
            targets: labels of the run's training patches, shape (N,), on the device of the training.
            classes: number of classes K.

        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the state: tensors, numbers, texts, and lists and dicts of them."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a ``state_dict()``."""
        ...


class Loss(Frozen):
    """Base of the settings of a loss: ``name`` and its parameters, each with its bounds."""

    name: str

    @abstractmethod
    def make(self) -> LossFunction:
        """Return the loss; ``loss(logits, targets, batch)`` returns one value per sample, shape (B,)."""
