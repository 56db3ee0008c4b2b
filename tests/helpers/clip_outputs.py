"""What a data set and a finished run leave of each clip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trainables.datasets.manifest import Clip, Manifest, to_json
from trainables.outputs.clips import RunOutputs, write_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.plans import StudyPlan
    from trainables.storage.types import Location


def leave_manifest(storage: Location, plan: StudyPlan, clips: Sequence[Clip]) -> None:
    """Leave a data set of these clips in a storage location, as ``publish_dataset`` does."""
    manifest = to_json(Manifest(plan.dataset.name, plan.dataset.kind, Path("x"), tuple(clips)))
    document = {"frames": "0" * 20, "manifest": json.loads(manifest)}
    (storage / "datasets" / f"{plan.dataset.fingerprint}.json").write(json.dumps(document).encode())


def write_margins(  # noqa: PLR0913, PLR0917 -- what a run leaves has that many parts
    storage: Location,
    run_id: str,
    margins: Sequence[float],
    suggested: Sequence[int],
    held: int,
    test: Sequence[Sequence[float]] = ((0, 0), (0, 0)),
) -> None:
    """Write the outputs of a run that held out the last ``held`` of its training clips and trained on the others.

    ``test`` are the probabilities of the test clips.
    """
    epochs = np.full(len(margins), 3)
    epochs[len(margins) - held :] = 0
    seen = np.where(np.isfinite(margins), epochs, 0)
    outputs = RunOutputs(np.array(margins), seen, np.array(suggested), np.array(test))
    write_outputs(storage, run_id, outputs)
