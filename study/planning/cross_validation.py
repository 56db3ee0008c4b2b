"""The study that predicts every training clip of another study, by runs that were not trained on that clip.

It is a grid of one configuration whose K seeds hold out every training clip in turn (``training.split: in_turn``). As a
study of its own it has a plan, an owner, a time estimate and a report, and it resumes like any other. Its runs never
enter the means of the study that it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from study.errors import UsageError
from study.spec.messages import shown
from study.spec.study import StudySpec
from trainables.naming import counted
from trainables.outputs.held_out import read_held_out
from trainables.plans import cross_validation_name, read_plan
from trainables.records import recorded
from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.storage.types import Location

# Keys that the study takes from the one that it belongs to.
_SHARED = ("plugins", "dataset", "features", "resources", "storage")
Probabilities: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"


def cross_validation(spec: StudySpec, planned: PlannedRun, parts: int) -> StudySpec:
    """Return the study that predicts the training clips of another one.

    Args:
        spec: the study that it belongs to; its plugins are loaded.
        planned: a run of the configuration to train.
        parts: number of parts K, each held out by one run.

    """
    configuration, keys = planned.run.configuration, spec.model_dump(mode="json")
    training: dict[str, Any] = configuration.training.model_dump(mode="json")
    return StudySpec.model_validate(
        {key: keys[key] for key in _SHARED}
        | {
            "name": cross_validation_name(spec.name, parts),
            "description": f"predicts every training clip of {spec.name} by a run that was not trained on it",
            "arms": [
                {
                    "name": planned.arm,
                    "loss": configuration.loss.model_dump(mode="json"),
                    "network": configuration.network.model_dump(mode="json"),
                    "subset": configuration.subset,
                }
            ],
            "seeds": parts,
            "training": training | {"validation": 1 / parts, "split": "in_turn"},
            "keep": "none",
        }
    )


class OutOfSample(NamedTuple):
    """The out-of-sample probabilities of the training clips, by the runs of a study.

    Attributes:
        study: the name of that study.
        run: one of its runs; all are of the same configuration.
        probabilities: the mean over the runs that held the clip out, normalised; NaN where none did. Shape (N, K), for
            the N training clips of the data set in the manifest's order.
        lacking: why clips lack probabilities, in sentences.

    """

    study: str
    run: PlannedRun
    probabilities: Probabilities
    lacking: tuple[str, ...]


def stored_cross_validation(storage: Location, name: str, parts: int) -> StudyPlan | None:
    """Return the plan of the study that predicts the training clips of another one; None if it was never started.

    Raises:
        UsageError: its name is that of a study of another kind.
        DamagedError, OtherVersionError: its plan cannot be read.
        OSError: the storage location cannot be read.

    """
    try:
        plan = read_plan(storage, cross_validation_name(name, parts))
    except FileNotFoundError:
        return None
    training = [planned.run.configuration.training for planned in plan.runs]
    if any(protocol.split != "in_turn" for protocol in training):
        msg = f"{storage}: the study {shown(plan.name)} is not one that holds out every clip in turn; rename it"
        raise UsageError(msg)
    return plan


def is_complete(storage: Location, plan: StudyPlan) -> bool:
    """Return whether every run of a study has a record."""
    return {planned.run.run_id for planned in plan.runs} <= recorded(storage)


def out_of_sample(storage: Location, plan: StudyPlan) -> OutOfSample:
    """Return what the complete runs of a study predict for the training clips that they held out.

    Args:
        storage: the storage location.
        plan: of a study whose runs hold out every clip in turn.

    Raises:
        OSError: the storage location cannot be read.

    """
    data = plan.dataset
    clips = sum(count for name, count in data.clips.items() if name != "test")
    sums = np.zeros((clips, len(data.classes)), dtype=np.float32)
    counts = np.zeros(clips, dtype=np.int64)
    absent, lacking = 0, list[str]()
    for planned in plan.runs:
        try:
            held_out = read_held_out(storage, planned.run.run_id)
            sums[held_out.clips] += held_out.probabilities
            counts[held_out.clips] += 1
        except FileNotFoundError:
            absent += 1
        except (DamagedError, IndexError, ValueError) as error:
            lacking.append(f"seed {planned.run.seed}: the probabilities cannot be read: {error}")
    if absent:
        lacking.insert(0, f"{counted(absent, 'run')} of {len(plan.runs)} left no probabilities")
    if unseen := int((counts == 0).sum()):
        reason = "the only one of its class, outside the subset, or held out by a run that is not complete"
        lacking.append(f"{counted(unseen, 'training clip')} without out-of-sample probabilities: each is {reason}")
    sums[counts == 0] = np.nan
    return OutOfSample(plan.name, plan.runs[0], sums / sums.sum(axis=1, keepdims=True), tuple(lacking))
