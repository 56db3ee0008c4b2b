"""The outputs of a run: what its training passes measured of the training clips, and what its final weights predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from trainables.outputs.clips import RunOutputs
from trainables.outputs.held_out import HeldOutProbabilities
from trainables.training.clip_scores import clip_predictions, clip_probabilities, sum_by_clip
from trainables.training.margins import margins

if TYPE_CHECKING:
    from trainables.outputs.arrays import Halves
    from trainables.records import Test
    from trainables.training.margins import MeanMargins
    from trainables.training.patches import PatchIndex
    from trainables.training.run_data import RunData


class Evaluation(NamedTuple):
    """The evaluation of a run's final weights, clip by clip.

    Attributes:
        test: result on the test clips.
        verified_right: as in ``Record``.
        outputs: of every complete run.
        held_out: of runs whose seeds hold out every clip in turn.

    """

    test: Test
    verified_right: str | None
    outputs: RunOutputs
    held_out: HeldOutProbabilities | None


def held_out_probabilities(data: RunData, validation: torch.Tensor) -> HeldOutProbabilities:
    """Return what the final weights predict for the held-out clips; arguments as in ``run_outputs``."""
    clips = np.array(data.places.validation, dtype=np.uint32)
    return HeldOutProbabilities(clips, _probabilities(validation, data.validation))


def run_outputs(data: RunData, trained: MeanMargins, validation: torch.Tensor, test: torch.Tensor) -> RunOutputs:
    """Return the outputs of a complete run.

    Args:
        data: of the run.
        trained: the margins of its training clips.
        validation: log-softmax of the validation patches by the final weights, shape (P, K).
        test: log-softmax of the test patches by the final weights, shape (P, K).

    """
    index, places, total = data.validation, data.places, data.places.total
    held_out = len(index.clip_labels)
    of_patches = margins(validation, index.labels).double()
    patches = torch.bincount(index.clips, minlength=held_out)
    of_clips, epochs = np.full(total, np.nan, dtype=np.float32), np.zeros(total, dtype=np.uint16)
    suggested = np.zeros(total, dtype=np.uint16)
    for values, of_trained in ((of_clips, trained.margins), (epochs, trained.epochs), (suggested, trained.suggested)):
        values[places.train] = of_trained.cpu().numpy()
    of_clips[places.validation] = (sum_by_clip(of_patches, index.clips, held_out) / patches).cpu().numpy()
    suggested[places.validation] = clip_predictions(validation, index.clips, held_out).cpu().numpy()
    return RunOutputs(of_clips, epochs, suggested, _probabilities(test, data.test))


def _probabilities(log_p: torch.Tensor, index: PatchIndex) -> Halves:
    probabilities = clip_probabilities(log_p, index.clips, len(index.clip_labels))
    return probabilities.cpu().numpy().astype(np.float16)
