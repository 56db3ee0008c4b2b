"""The settings of every built-in network. Imports no torch: ``analysis`` and the command line start without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trainables.networks.base import Network

if TYPE_CHECKING:
    from torch import nn


class BaselineCNN(Network):
    """The convolutional network of the FSDnoisy18k baseline (Fonseca et al. 2019, section 3.1)."""

    name: Literal["cnn"] = "cnn"

    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:  # noqa: ARG002 -- its shape is fixed
        import torch

        from trainables.networks.cnn import CNN

        return CNN(classes, seed=torch.initial_seed())


NETWORKS: tuple[type[Network], ...] = (BaselineCNN,)
