"""A linear classifier or a small multilayer perceptron on embeddings."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from trainables.networks.initial_weights import initialise


class Head(nn.Module):
    """One hidden layer with ReLU and an output layer, or the output layer alone, on embeddings."""

    def __init__(
        self, dims: int, classes: int, hidden: int = 256, dropout: float = 0.1, seed: int | None = None
    ) -> None:
        """Build the network.

        Args:
            dims: length of an embedding, at least 1.
            classes: number of classes K >= 2.
            hidden: units of the hidden layer; 0 for a linear classifier.
            dropout: share in [0, 1) of the output layer's inputs that are dropped in training.
            seed: of the initial weights; if None, torch's global generator is used.

        """
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(dims, hidden), nn.ReLU()) if hidden else nn.Identity()
        self.output = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden or dims, classes))
        initialise(self, seed)

    def forward(self, embeddings: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (B, K) and features of standardised embeddings (B, dims).

        The features are the hidden activations (B, hidden); of a linear classifier, the embeddings themselves.
        """
        features = cast("torch.Tensor", self.hidden(embeddings))
        return cast("torch.Tensor", self.output(features)), features
