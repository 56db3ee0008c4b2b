"""The VGG-like network of FSD50K's baselines (Fonseca et al. 2022, IEEE/ACM TASLP 30, "VGG-like")."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from trainables.networks.initial_weights import initialise

BLOCKS = ((32, 32, 32), (64, 64), (128,))  # channels of the convolutions between poolings
PENULTIMATE = 256


def _convolution(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, kernel_size=3, padding="same"),
        nn.BatchNorm2d(channels_out, eps=1e-3, momentum=0.01),  # Keras's defaults: its momentum 0.99 is 0.01 here
        nn.ReLU(inplace=True),
    ]


class VGG(nn.Module):
    """Six 3 x 3 convolutions, global pooling and two dense layers on log-mel patches; 219,732 weights for 20 classes.

    With the 200 classes of FSD50K, 265,992 weights; the paper states 0.27 million. Counted as in Keras, with the 704
    running statistics of batch normalisation, 220,436 for 20 classes. The paper does not state its initial weights:
    here they are those of ``CNN``.
    """

    def __init__(self, classes: int = 20, seed: int | None = None) -> None:
        """Build the network.

        Args:
            classes: number of classes K >= 2.
            seed: of the initial weights; if None, torch's global generator is used.

        """
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for number, block in enumerate(BLOCKS):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in block:
                layers += _convolution(channels, width)
                channels = width
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Sequential(nn.Linear(2 * channels, PENULTIMATE), nn.ReLU(inplace=True))
        self.output = nn.Linear(PENULTIMATE, classes)
        initialise(self, seed)

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (B, K) and penultimate activations (B, 256) of standardised patches (B, 1, frames, mels).

        Patches have at least 4 frames and 4 mel bands, because two poolings halve both.
        """
        maps = cast("torch.Tensor", self.convolutions(patches))
        pooled = torch.cat((maps.amax((2, 3)), maps.mean((2, 3))), dim=1)
        features = cast("torch.Tensor", self.dense(pooled))
        return cast("torch.Tensor", self.output(features)), features
