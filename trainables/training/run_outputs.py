"""The outputs of a run: what its training passes measured of the training clips, and what its final weights predict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from trainables.outputs.clips import DTYPES, RunOutputs
from trainables.training.clip_scores import clip_predictions, clip_probabilities, sum_by_clip
from trainables.training.margins import margins

if TYPE_CHECKING:
    from trainables.training.margins import MeanMargins
    from trainables.training.run_data import RunData


def run_outputs(data: RunData, trained: MeanMargins, validation: torch.Tensor, test: torch.Tensor) -> RunOutputs:
    """Return the outputs of a run.

    Args:
        data: of the run.
        trained: the margins of its training clips.
        validation: log-softmax of the validation patches by the final weights, shape (P, K).
        test: log-softmax of the test patches by the final weights, shape (P, K).

    """
    index, places = data.validation, data.places
    held_out = len(index.clip_labels)
    of_patches = margins(validation, index.labels).double()
    patches = torch.bincount(index.clips, minlength=held_out)
    values = {
        "margins": np.full(places.total, np.nan),
        "epochs": np.zeros(places.total),
        "suggested": np.zeros(places.total),
    }
    for name, values_of_trained in trained._asdict().items():
        values[name][places.train] = values_of_trained.cpu().numpy()
    values["margins"][places.validation] = (sum_by_clip(of_patches, index.clips, held_out) / patches).cpu().numpy()
    values["suggested"][places.validation] = clip_predictions(validation, index.clips, held_out).cpu().numpy()
    probabilities = clip_probabilities(test, data.test.clips, len(data.test.clip_labels))
    values["probabilities"] = probabilities.cpu().numpy()
    return RunOutputs(**{name: array.astype(DTYPES[name]) for name, array in values.items()})
