"""What a network is: its settings, and the module that they make. Imports no torch."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from trainables.frozen import Frozen

if TYPE_CHECKING:
    from torch import nn


class Network(Frozen):
    """Base of the settings of a network: ``name`` and its parameters, each with its bounds."""

    name: str

    @abstractmethod
    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        """Return the network, whose initial weights follow from the seed of ``torch.manual_seed``.

        Args:
            shape: of one input, such as (1, frames, mels).
            classes: number of classes K >= 2.

        Returns:
            A module that maps inputs (B, *shape) to logits (B, K) and features (B, F).

        """
