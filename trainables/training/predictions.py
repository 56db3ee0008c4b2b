"""What the network predicts for the training patches, for losses that ask for it between epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn


class TrainingPredictions:
    """The ``Predictions`` of a run; with ``keeps_best``, it keeps a copy of the best weights."""

    def __init__(self, predict: Callable[[dict[str, torch.Tensor] | None], torch.Tensor], *, keeps_best: bool) -> None:
        """Start without best weights.

        Args:
            predict: returns the log-probabilities of all training patches, shape (N, K), by the weights that it is
                passed or, for None, by the current ones.
            keeps_best: whether the loss asks for the best weights.

        """
        self._predict, self._keeps_best = predict, keeps_best
        self._accuracy, self._weights = -math.inf, dict[str, "torch.Tensor"]()

    def running(self) -> torch.Tensor:
        """Return log-probabilities by the current weights, shape (N, K)."""
        return self._predict(None)

    def best(self) -> torch.Tensor:
        """Return those by the weights after the epoch with the highest validation accuracy so far, shape (N, K).

        Raises:
            ValueError: the best weights are not kept.

        """
        if not self._keeps_best:
            msg = "the best weights are not kept: the loss does not set needs_best"
            raise ValueError(msg)
        return self._predict(self._weights or None)

    def end_epoch(self, accuracy: float, model: nn.Module) -> None:
        """Keep the weights of an epoch if its validation accuracy, in [0, 1], is the highest so far."""
        if self._keeps_best and accuracy > self._accuracy:
            self._accuracy = accuracy
            self._weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Return the best weights and their accuracy, as tensors and plain values."""
        return {"accuracy": self._accuracy, "weights": self._weights}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Restore a ``state()``."""
        self._accuracy = state["accuracy"]
        self._weights = {name: tensor.to(device, copy=True) for name, tensor in state["weights"].items()}
