"""What a network is: its settings, and the module that they make. Imports no torch."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from trainables.frozen import Frozen

if TYPE_CHECKING:
    from torch import nn

Input = Literal["frames", "embeddings"]


class Network(Frozen):
    """Base of the settings of a network: ``name`` and its parameters, each with its bounds.

    Attributes:
        input: ``frames``: patches of log-mel frames; ``embeddings``: windows of the study's embeddings, shape (dims,).
        smallest: the fewest frames and the fewest mel bands of a patch; (1, 1) if it takes any.

    """

    input: ClassVar[Input] = "frames"
    smallest: ClassVar[tuple[int, int]] = (1, 1)

    name: str

    def problem(self, shape: tuple[int, ...]) -> str | None:
        """Return why the network cannot be trained on inputs of this shape, see ``make``; None if nothing is known."""
        if (len(shape) == 1) != (self.input == "embeddings"):
            kinds = ("log-mel patches", "embeddings")
            expected, received = kinds if self.input == "frames" else kinds[::-1]
            return f"network {self.name} is for {expected}, not for {received}"
        frames, mels = self.smallest
        if self.input == "frames" and (shape[1] < frames or shape[2] < mels):
            least = f"at least {frames} frames x {mels} mel bands"
            return f"network {self.name} needs patches of {least}; these have {shape[1]} x {shape[2]}"
        return None

    def weights(self, shape: tuple[int, ...], classes: int) -> int | None:  # noqa: ARG002 -- for networks that can tell
        """Return the number of weights, counted as Keras does; None if the network must be built to count them.

        Keras counts the running statistics of batch normalisation too.
        """
        return None

    @abstractmethod
    def make(self, shape: tuple[int, ...], classes: int) -> nn.Module:
        """Return the network, whose initial weights follow from the seed of ``torch.manual_seed``.

        Args:
            shape: of one input: (1, frames, mels) of a log-mel patch, (dims,) of an embedding; without a ``problem``.
            classes: number of classes K >= 2.

        Returns:
            A module that maps standardised inputs (B, *shape) to logits (B, K) and features (B, F), which are what
            its output layer receives. The loss adds ``training.l2`` times the squared kernels of its ``nn.Linear``
            layers, or times the scalar that its method ``penalty()`` returns, if it has one.

        """
