"""What a loss is: its settings, the function that they make, and what the training passes to it. Imports no torch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from trainables.frozen import Frozen

if TYPE_CHECKING:
    import torch

Reading = Literal["mean", "pooled", "sample"]
Distances = Literal["input", "penultimate", "embedding"]
Rule = Literal["max", "outlier"]
LargeLosses = Literal["max", "quantile"]
WeightsFrom = Literal["best", "running"]


@dataclass
class Batch:
    """The inputs of a loss besides logits and targets.

    Attributes:
        inputs: standardised patches, shape (B, 1, frames, mels), neither mixed nor masked.
        features: the network's penultimate activations, shape (B, F), detached; with mixup, those of the mixed patches.
        verified: whether each patch comes from a verified clip, shape (B,), bool.
        patches: index of each patch among the run's N training patches, shape (B,), in [0, N); a patch has the same
            index in every epoch.
        epoch: number of the epoch, from 1.
        embeddings: standardised embedding of each patch, shape (B, dims): the mean of the windows that overlap the
            patch in time. None unless the loss needs embeddings.
        scores: diagnostics that the loss stores for the training loop, such as ``q`` (detached).

    """

    inputs: torch.Tensor
    features: torch.Tensor
    verified: torch.Tensor
    patches: torch.Tensor
    epoch: int
    embeddings: torch.Tensor | None = None
    scores: dict[str, torch.Tensor] = field(default_factory=dict)


class LossFunction(Protocol):
    """Computes one value per sample from logits (B, K), targets (B,) and their batch."""

    def __call__(self, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return the losses, shape (B,)."""
        ...


@dataclass(frozen=True)
class KnownLabels:
    """What is known of the labels of a run's training clips, as numbers of clips, for K classes in their order.

    Attributes:
        classes: the names of the classes.
        verified: verified clips of each class.
        unverified: clips given each label that are not verified.
        transitions: of the latter, those whose true label is known and is one of the classes, by true class (rows) and
            given label (columns).

    """

    classes: tuple[str, ...] = ()
    verified: tuple[int, ...] = ()
    unverified: tuple[int, ...] = ()
    transitions: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class TrainingSet:
    """The N training patches of a run, as a loss receives them before training; all tensors are on its device.

    Attributes:
        targets: given labels, shape (N,), int64.
        verified: whether each patch comes from a verified clip, shape (N,), bool.
        clips: the clip of each patch, shape (N,), int64, in [0, C) for C clips.
        classes: number of classes K.
        labels: what is known of the labels of the clips.

    """

    targets: torch.Tensor
    verified: torch.Tensor
    clips: torch.Tensor
    classes: int
    labels: KnownLabels = KnownLabels()


class Predictions(Protocol):
    """What the network predicts for all N training patches, in evaluation mode and without augmentation."""

    def running(self) -> torch.Tensor:
        """Return log-probabilities of the classes by the current weights, shape (N, K)."""
        ...

    def best(self) -> torch.Tensor:
        """Return those by the weights after the epoch with the highest validation accuracy so far, shape (N, K).

        Before the end of the first epoch they are those of ``running``.

        Raises:
            ValueError: the loss does not set ``needs_best``.

        """
        ...


class Memory:
    """Base of a loss function that keeps state from batch to batch, or that prepares for training or for an epoch.

    Only ``__call__`` has to be defined. With mixup the loss is called twice for a batch: with the labels of the
    patches, then with those of their partners.

    Attributes:
        state: names of the attributes that make up the state: tensors, numbers, texts, None, and lists and dicts of
            them. They lie in the run's checkpoint.
        needs_best: whether ``begin_epoch`` may ask for the predictions of the best weights, which are then kept.
        kept: which patches to train on, shape (N,), bool; None: all of them.

    """

    state: tuple[str, ...] = ()
    needs_best: bool = False
    kept: torch.Tensor | None = None

    def start(self, data: TrainingSet) -> None:
        """Prepare for training; called once, before the first epoch or before a state is loaded."""

    def begin_epoch(self, epoch: int, predictions: Predictions) -> None:
        """Prepare for an epoch, counted from 1.

        Predicting all training patches takes about a third of the time of an epoch, so do not ask for it in each.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""
        return {name: getattr(self, name) for name in self.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a ``state_dict()``; its tensors are on the device of the training."""
        for name in self.state:
            setattr(self, name, state[name])


class Loss(Frozen):
    """Base of the settings of a loss: ``name`` and its parameters, each with its bounds.

    Attributes:
        mixes: whether the loss can be used with mixup. A loss that remembers what the network predicts for each patch
            cannot, because the network then sees only mixed patches.

    """

    mixes: ClassVar[bool] = True
    name: str

    def problem(self, labels: KnownLabels) -> str:  # noqa: ARG002 -- for those that need some labels
        """Return what keeps the loss from being trained on clips with such labels, in one line, or ""."""
        return ""

    @property
    def needs_truth(self) -> bool:
        """Whether the training depends on the known true labels, which are then part of a run's identity."""
        return False

    @property
    def needs_embeddings(self) -> bool:
        """Whether the loss reads ``Batch.embeddings``."""
        return False

    @abstractmethod
    def make(self) -> LossFunction:
        """Return the loss; ``loss(logits, targets, batch)`` returns one value per sample, shape (B,)."""
