"""A small network of depthwise-separable convolutions (Howard et al. 2017)."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from trainables.networks import Network


class _Module(nn.Module):
    def __init__(self, channels: int, blocks: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, channels, 3, stride=2, padding=1), nn.ReLU()]
        for _ in range(blocks):
            layers += [
                nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.body = nn.Sequential(*layers)
        self.output = nn.Linear(channels, classes)

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.body(patches).mean((2, 3))
        return self.output(features), features


class Separable(Network):
    """Depthwise-separable convolutions, then the mean over time and frequency."""

    name: Literal["mine.separable"] = "mine.separable"
    channels: Annotated[int, Field(ge=1, le=512, description="channels of every layer")] = 16
    blocks: Annotated[int, Field(ge=1, le=4, description="number of separable convolutions")] = 3

    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        return _Module(self.channels, self.blocks, classes)
