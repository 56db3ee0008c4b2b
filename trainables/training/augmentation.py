"""mixup and masked patches: the draws of an epoch, and what they do to a batch.

All draws are made on the CPU, from separate streams, for the positions in the epoch's order. So they are the same on
every device, and runs of equal seed are paired across arms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from trainables.training.streams import stream

if TYPE_CHECKING:
    from trainables.config import Training
    from trainables.losses.base import Batch, LossFunction


@dataclass(frozen=True)
class Mixing:
    """How the patches of a batch are mixed (Zhang et al. 2018): patch i with patch ``partners[i]`` of the same batch.

    Attributes:
        partners: a permutation of the batch, shape (B,), int64.
        lam: weight of the patch itself, shape (B,), float32, in [0, 1]; its partner has the rest.

    """

    partners: torch.Tensor
    lam: torch.Tensor

    def inputs(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the mixed patches, in the shape of the patches (B, ...)."""
        lam = self.lam.to(inputs.dtype).view(-1, *(1,) * (inputs.dim() - 1))
        return torch.lerp(inputs[self.partners], inputs, lam)

    def losses(self, loss: LossFunction, logits: torch.Tensor, targets: torch.Tensor, batch: Batch) -> torch.Tensor:
        """Return lam L(y_i) + (1 - lam) L(y_partner) of the logits of the mixed patches, shape (B,).

        Each call of the loss sees the patches and flags that belong to its labels, unmixed.

        Args:
            loss: any loss of a hard label.
            logits: of the mixed patches, shape (B, K).
            targets: given labels of the patches themselves, shape (B,).
            batch: of the patches themselves.

        """
        partners = self.partners
        other = replace(
            batch,
            inputs=batch.inputs[partners],
            verified=batch.verified[partners],
            patches=batch.patches[partners],
            embeddings=None if batch.embeddings is None else batch.embeddings[partners],
            scores={},
        )
        of_partners = loss(logits, targets[partners], other)
        return torch.lerp(of_partners, loss(logits, targets, batch), self.lam.to(logits.dtype))


class Augmentation:
    """The draws of one epoch for mixup and masks (SpecAugment; Park et al. 2019, time warping left out)."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what the draws depend on
        self, protocol: Training, seed: int, epoch: int, batches: int, shape: tuple[int, ...], device: torch.device
    ) -> None:
        """Make the draws.

        Args:
            protocol: the training settings.
            seed: of the run.
            epoch: counted from 1.
            batches: number of batches in the epoch.
            shape: frames and bands of a patch.
            device: on which the batches are.

        """
        size = (batches, protocol.batch_size)
        self._partners: torch.Tensor | None = None
        if protocol.mixup and epoch > protocol.mixup_after:
            numbers = np.random.default_rng(stream(seed, "mixup", epoch))
            partners = numbers.permuted(np.tile(np.arange(size[1]), (batches, 1)), axis=1)
            lam = numbers.beta(protocol.mixup, protocol.mixup, size).astype(np.float32)
            self._partners, self._lam = torch.from_numpy(partners).to(device), torch.from_numpy(lam).to(device)
        self._masks = {
            dim: _masks(stream(seed, purpose, epoch), (*size, protocol.masks), width, shape[dim]).to(device)
            for dim, (purpose, width) in enumerate(
                (("time mask", protocol.time_mask), ("frequency mask", protocol.frequency_mask))
            )
            if width
        }

    def mixing(self, number: int) -> Mixing | None:
        """Return how the patches of a batch are mixed, None if they are not; ``number`` counts from 0."""
        return None if self._partners is None else Mixing(self._partners[number], self._lam[number])

    def masked(self, number: int, inputs: torch.Tensor) -> torch.Tensor:
        """Return the patches (B, 1, frames, bands) of a batch with their masks set to 0, the mean of each band."""
        for dim, ends in self._masks.items():
            start, end = ends[number].unsqueeze(-1).unbind(dim=2)  # (B, masks, 1) each
            place = torch.arange(inputs.shape[2 + dim], device=inputs.device)
            hidden = ((start <= place) & (place < end)).any(dim=1)  # (B, frames) or (B, bands)
            inputs = inputs.masked_fill(hidden[:, None, :, None] if dim == 0 else hidden[:, None, None, :], 0.0)
        return inputs


def _masks(seed: int, size: tuple[int, int, int], width: int, length: int) -> torch.Tensor:
    """Return first place and end of every mask, shape (batches, B, masks, 2): 0 to ``width`` of ``length`` places."""
    numbers = np.random.default_rng(seed)
    widths = numbers.integers(0, width, size, endpoint=True)
    starts = numbers.integers(0, length - widths, endpoint=True)
    return torch.from_numpy(np.stack([starts, starts + widths], axis=-1))
