"""The convolutional network of the FSDnoisy18k baseline (Fonseca et al. 2019, section 3.1)."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional

from trainables.networks.initial_weights import initialise

FRAMES, MELS = 100, 96
PENULTIMATE = 64


def _norm(channels: int) -> nn.BatchNorm2d:
    # Keras and PyTorch define momentum the other way round: 0.99 in Keras is 0.01 in PyTorch.
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _relu() -> nn.ReLU:
    return nn.ReLU(inplace=True)  # safe: the backward pass of the layer before needs its input, not its output


def _convolution(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel_size=5, padding="same")


class _OneChannelConvolution(torch.autograd.Function):
    """A 5 x 5 convolution of one channel, with the input's gradient computed by a matrix product and a fold.

    On a CPU, PyTorch's own backward pass takes 2.5 times as long for it: a fifth of the whole training step.
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 -- torch's signature
        ctx.save_for_backward(x, weight)
        return functional.conv2d(x, weight, bias, padding="same")

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # noqa: ANN401 -- torch's signature
        x, weight = ctx.saved_tensors
        geometry = {"stride": [1, 1], "padding": [2, 2], "dilation": [1, 1], "transposed": False}
        rest = {"output_padding": [0, 0], "groups": 1, "output_mask": [False, True, True]}
        _, weight_gradient, bias_gradient = torch.ops.aten.convolution_backward(
            gradient, x, weight, [len(weight)], **geometry, **rest
        )
        # The contribution of each output to the gradient of each of its 25 inputs, shape (B, 25, pixels).
        taps = torch.bmm(weight.flatten(1).T.expand(len(x), -1, -1), gradient.flatten(2))
        input_gradient = functional.fold(taps, x.shape[2:], kernel_size=5, padding=2)
        return input_gradient, weight_gradient, bias_gradient


class _FirstConvolution(nn.Conv2d):
    """The convolution of the patches, which have a single channel."""

    def __init__(self, channels_out: int) -> None:
        super().__init__(1, channels_out, kernel_size=5, padding="same")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu" or torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        return cast("torch.Tensor", _OneChannelConvolution.apply(x, self.weight, self.bias))


class CNN(nn.Module):
    """Three pre-activation convolutions and two dense layers on log-mel patches.

    It has 531,624 weights for 20 classes and patches of the baseline's shape. As in Keras, the count includes the 386
    running statistics of batch normalisation.
    """

    def __init__(self, classes: int = 20, seed: int | None = None, *, frames: int = FRAMES, mels: int = MELS) -> None:
        """Build the network.

        Args:
            classes: number of classes K >= 2.
            seed: of the initial weights; if None, torch's global generator is used.
            frames: of a patch, at least 16.
            mels: bands of a patch, at least 4.

        """
        super().__init__()
        self.shape = (1, frames, mels)
        pool = nn.MaxPool2d((4, 2))
        self.convolutions = nn.Sequential(
            _norm(1), _relu(), _FirstConvolution(24), _norm(24), _relu(), pool,
            _norm(24), _relu(), _convolution(24, 48), _norm(48), _relu(), pool,
            _norm(48), _relu(), _convolution(48, 48), _norm(48), _relu(),
        )  # fmt: skip
        flat = 48 * (frames // 4 // 4) * (mels // 2 // 2)  # 6912 for the baseline's patches
        self.dense = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(flat, PENULTIMATE), _relu())
        self.output = nn.Sequential(nn.Dropout(0.5), nn.Linear(PENULTIMATE, classes))
        initialise(self, seed)

    def features(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the penultimate activations: standardised patches (B, 1, frames, mels) -> (B, 64).

        Raises:
            ValueError: the patches have another shape.

        """
        if patches.shape[1:] != self.shape:
            msg = f"patches have shape {tuple(patches.shape)}; allowed: (B, {', '.join(map(str, self.shape))})"
            raise ValueError(msg)
        return cast("torch.Tensor", self.dense(self.convolutions(patches)))

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (B, K) and penultimate activations (B, 64) of standardised patches (B, 1, frames, mels)."""
        features = self.features(patches)
        return cast("torch.Tensor", self.output(features)), features
