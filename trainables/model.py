"""The convolutional network of the FSDnoisy18k baseline (Fonseca et al. 2019, section 3.1)."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import nn

FRAMES, MELS = 100, 96
PENULTIMATE = 64


def _norm(channels: int) -> nn.BatchNorm2d:
    # Keras counts momentum from the other side: its 0.99 is PyTorch's 0.01.
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel_size=5, padding="same")


class CNN(nn.Module):
    """Three pre-activated convolutions and two dense layers on log-mel patches; 531,624 weights for 20 classes.

    The count includes the 386 running statistics of batch normalisation, as Keras counts.
    """

    def __init__(self, classes: int = 20, seed: int | None = None) -> None:
        """Build the network.

        Args:
            classes: number of classes K >= 2.
            seed: of the initial weights; without it they come from torch's global generator.

        """
        super().__init__()
        pool = nn.MaxPool2d((4, 2))
        self.convolutions = nn.Sequential(
            _norm(1), nn.ReLU(), _convolution(1, 24), _norm(24), nn.ReLU(), pool,
            _norm(24), nn.ReLU(), _convolution(24, 48), _norm(48), nn.ReLU(), pool,
            _norm(48), nn.ReLU(), _convolution(48, 48), _norm(48), nn.ReLU(),
        )  # fmt: skip
        flat = 48 * (FRAMES // 4 // 4) * (MELS // 2 // 2)  # 6912
        self.dense = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(flat, PENULTIMATE), nn.ReLU())
        self.output = nn.Sequential(nn.Dropout(0.5), nn.Linear(PENULTIMATE, classes))
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                sigma = math.sqrt(2.0 / module.weight[0].numel())  # He et al. 2015; fan-in
                nn.init.trunc_normal_(module.weight, std=sigma, a=-2 * sigma, b=2 * sigma, generator=generator)
                nn.init.zeros_(cast("torch.Tensor", module.bias))

    def features(self, patches: torch.Tensor) -> torch.Tensor:
        """Penultimate activations: patches (B, 1, 100, 96), standardised -> (B, 64).

        Raises:
            ValueError: the patches have another shape.

        """
        if patches.shape[1:] != (1, FRAMES, MELS):
            msg = f"patches have shape {tuple(patches.shape)}; allowed: (B, 1, {FRAMES}, {MELS})"
            raise ValueError(msg)
        return cast("torch.Tensor", self.dense(self.convolutions(patches)))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Logits: patches (B, 1, 100, 96), standardised -> (B, K)."""
        return cast("torch.Tensor", self.output(self.features(patches)))

    def penalty(self) -> torch.Tensor:
        """Sum of the squared weights of the two dense kernels, a scalar; the loss takes ``l2`` times this."""
        kernels = [m.weight for m in self.modules() if isinstance(m, nn.Linear)]
        return torch.stack([w.square().sum() for w in kernels]).sum()
