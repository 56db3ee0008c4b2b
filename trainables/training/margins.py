"""Margins of the training clips, measured while training: the area under the margin (AUM; Pleiss et al. 2020).

A wrong label pulls the network one way, and clips that sound alike pull it the other way. So the logit of that label
stays low, and so does its margin, averaged over training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

if TYPE_CHECKING:
    from trainables.training.augmentation import Mixing
    from trainables.training.patches import PatchIndex

AT_ONCE = 2**18  # logits that are kept until they are added up, all in a few operations


def margins(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the margin z_y - max_{k != y} z_k of each sample, shape (B,) (Pleiss et al. 2020, equation 1).

    Args:
        logits: z, or the logarithms of the softmax, which differ from z by one number per sample; shape (B, K), K >= 2.
        labels: y, the given labels, shape (B,).

    """
    given = labels[:, None]
    return logits.gather(1, given).squeeze(1) - logits.scatter(1, given, -torch.inf).amax(dim=1)


class MeanMargins(NamedTuple):
    """The margins of C training clips, by the logits of the training passes.

    Attributes:
        margins: mean over epochs and over the clip's patches, shape (C,), float32; NaN if there was no measurement.
        epochs: in how many epochs at least one patch of the clip was trained on, shape (C,), int32.
        suggested: the class with the largest mean softmax, shape (C,), int64; 0 if there was no measurement.

    """

    margins: torch.Tensor
    epochs: torch.Tensor
    suggested: torch.Tensor


class TrainingMargins:
    """Adds up the margins and the softmax of the training clips, on the device, which the training never waits for.

    The sums take 16 + 4 K bytes for each clip, on the device and in the checkpoint, however many patches it has: 41 MB
    for 50,000 clips of 200 classes, 1.5 MB for those of FSDnoisy18k. Logits of at most ``AT_ONCE`` values (1 MB) and
    one batch wait to be added.
    """

    def __init__(self, index: PatchIndex, classes: int) -> None:
        """Start without measurements.

        Args:
            index: the training patches.
            classes: number of classes K.

        """
        clips, device = len(index.clip_labels), index.labels.device
        self._index, self._rows_at_once = index, max(1, AT_ONCE // classes)
        self._margins = torch.zeros(clips, dtype=torch.float64, device=device)
        self._counts, self._epochs = (torch.zeros(clips, dtype=torch.int32, device=device) for _ in range(2))
        self._softmax = torch.zeros(clips, classes, device=device)
        self._in_epoch = torch.zeros(clips, dtype=torch.bool, device=device)
        self._logits: list[torch.Tensor] = []
        self._patches: list[torch.Tensor] = []
        self._rows = 0

    def add(self, logits: torch.Tensor, patches: torch.Tensor, mixing: Mixing | None = None) -> None:
        """Add the measurements of one batch of a training pass.

        A mixed patch is a measurement of the patch that it has more of. (Pleiss et al. do not mix.)

        Args:
            logits: shape (B, K).
            patches: indices of the training patches, shape (B,).
            mixing: how they were mixed; None if they were not.

        """
        if mixing is not None:
            patches = torch.where(mixing.lam >= 0.5, patches, patches[mixing.partners])  # noqa: PLR2004 -- a half
        self._logits.append(logits.detach())
        self._patches.append(patches)
        self._rows += len(patches)
        if self._rows >= self._rows_at_once:
            self._add_up()

    def end_epoch(self) -> None:
        """Count the epoch for the clips of which a patch was trained on."""
        self._add_up()
        self._epochs += self._in_epoch
        self._in_epoch.zero_()

    def means(self) -> MeanMargins:
        """Return the means over all epochs."""
        means = (self._margins / self._counts).float()  # 0 / 0 is NaN
        return MeanMargins(means, self._epochs, self._softmax.argmax(dim=1))

    def state(self) -> dict[str, Any]:
        """Return the sums after an epoch, as tensors."""
        return {name: getattr(self, f"_{name}") for name in ("margins", "counts", "epochs", "softmax")}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a ``state()``."""
        for name, sums in self.state().items():
            sums.copy_(state[name])

    def _add_up(self) -> None:
        if not self._rows:
            return
        logits, patches = torch.cat(self._logits), torch.cat(self._patches)
        clips = self._index.clips[patches]
        of_patches = margins(logits, self._index.labels[patches])
        self._margins.index_add_(0, clips, of_patches.double())
        self._counts.index_add_(0, clips, torch.ones_like(clips, dtype=torch.int32))
        self._softmax.index_add_(0, clips, logits.softmax(dim=1).float())
        self._in_epoch.index_fill_(0, clips, value=True)
        self._logits.clear()
        self._patches.clear()
        self._rows = 0
