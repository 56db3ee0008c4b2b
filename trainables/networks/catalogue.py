"""The settings of every built-in network. Imports no torch: ``analysis`` and the command line start without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trainables.networks.base import Network

if TYPE_CHECKING:
    from torch import nn


class BaselineCNN(Network):
    """The convolutional network of the FSDnoisy18k baseline (Fonseca et al. 2019, section 3.1)."""

    name: Literal["cnn"] = "cnn"
    smallest = (16, 4)

    def weights(self, shape: tuple[int, ...], classes: int) -> int:
        """Return the number of weights: 531,624 for patches of (1, 100, 96) and 20 classes."""
        convolutions = 25 * (24 + 24 * 48 + 48 * 48) + (24 + 48 + 48)
        normalisations = 4 * (1 + 24 + 24 + 48 + 48 + 48)
        flat = 48 * (shape[1] // 16) * (shape[2] // 4)
        return convolutions + normalisations + (flat + 1) * 64 + (64 + 1) * classes

    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        """Return the network; see ``Network.make``."""
        import torch

        from trainables.networks.cnn import CNN

        return CNN(classes, seed=torch.initial_seed(), frames=shape[1], mels=shape[2])


class VGGLike(Network):
    """The VGG-like network of FSD50K's baselines (Fonseca et al. 2022)."""

    name: Literal["vgg"] = "vgg"
    smallest = (4, 4)

    def weights(self, shape: tuple[int, ...], classes: int) -> int:  # noqa: ARG002 -- its global pooling takes any shape
        """Return the number of weights: 220,436 for 20 classes, whatever the shape of the patches."""
        convolutions = 9 * (32 + 2 * 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128)
        each_channel = 5 * (3 * 32 + 2 * 64 + 128)  # a bias, and four numbers of batch normalisation
        return convolutions + each_channel + (2 * 128 + 1) * 256 + (256 + 1) * classes

    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:  # noqa: ARG002 -- it takes any shape
        """Return the network; see ``Network.make``."""
        import torch

        from trainables.networks.vgg import VGG

        return VGG(classes, seed=torch.initial_seed())


class EmbeddingHead(Network):
    """A classifier on embeddings: one hidden layer with ReLU, or linear."""

    input = "embeddings"

    name: Literal["head"] = "head"
    hidden: Annotated[
        int, Field(ge=0, le=65_536, description="units of the hidden layer; 0 makes the classifier linear")
    ] = 256
    dropout: Annotated[
        float, Field(ge=0, lt=1, description="share in [0, 1) of the output layer's inputs dropped in training")
    ] = 0.1  # as in HEAR (Turian et al. 2022)

    def weights(self, shape: tuple[int, ...], classes: int) -> int:
        """Return the number of weights: 267,540 with 256 units on 1024 dimensions for 20 classes."""
        below = (shape[0] + 1) * self.hidden
        return below + ((self.hidden or shape[0]) + 1) * classes

    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        """Return the network; see ``Network.make``."""
        import torch

        from trainables.networks.head import Head

        return Head(shape[0], classes, self.hidden, self.dropout, seed=torch.initial_seed())


NETWORKS: tuple[type[Network], ...] = (BaselineCNN, VGGLike, EmbeddingHead)
