"""The study that predicts the training clips of another one, and what its runs leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from factories import record, write_record
from study.errors import UsageError
from study.planning.cross_validation import (
    cross_validation,
    is_complete,
    out_of_sample,
    stored_cross_validation,
)
from study.planning.runs import planned_runs, study_plan
from study.spec.study import StudySpec
from trainables.outputs.held_out import HeldOutProbabilities, held_out_path, write_held_out
from trainables.plans import DataSummary, StudyPlan, cross_validation_name, write_plan
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.storage.types import Location

DATA = DataSummary(
    name="d", kind="synthetic", fingerprint="f", classes=["a", "b"], clips={"train verified": 4, "test": 2}
)
ARMS = [
    {"name": "gce", "loss": {"name": "gce", "q": {"values": [0.3, 0.7]}}, "training": {"learning_rate": 0.01}},
    {"name": "cce", "loss": {"name": "cce"}, "network": {"name": "vgg"}, "subset": "clean"},
]


def study(**changes: object) -> StudySpec:
    training = {"epochs": 3, "optimizer": "sgd", "momentum": 0.5, "schedule": "cosine"}
    keys = {"name": "s", "dataset": {"kind": "synthetic"}, "arms": ARMS, "seeds": 2, "training": training}
    return StudySpec.model_validate(keys | changes)


@pytest.fixture
def storage(tmp_path: Path) -> Location:
    return location(tmp_path)


@pytest.fixture
def plan() -> StudyPlan:
    spec = study()
    return study_plan(cross_validation(spec, planned_runs(spec, "f")[0], 2), DATA)


@pytest.mark.parametrize("of", [0, 1, 2])
def test_its_runs_are_of_the_configuration_and_hold_out_another_part_each(of: int) -> None:
    spec = study()
    chosen = planned_runs(spec, "f")[of]
    runs = planned_runs(cross_validation(spec, chosen, 4), "f")
    changed = {"validation": 0.25, "split": "in_turn"}
    training = chosen.run.configuration.training.model_copy(update=changed)
    assert {p.run.configuration for p in runs} == {chosen.run.configuration.model_copy(update={"training": training})}
    assert [p.run.configuration.training.validation_split(p.run.seed)[2] for p in runs] == [(k, 4) for k in range(4)]
    assert {p.arm for p in runs} == {chosen.arm}


def test_none_of_its_runs_is_one_of_the_study_that_it_belongs_to() -> None:
    spec = study()
    own = planned_runs(spec, "f")
    of_parts = planned_runs(cross_validation(spec, own[0], 2), "f")
    assert not {p.run.run_id for p in own} & {p.run.run_id for p in of_parts}


def test_the_study_of_a_settle_study_is_a_grid() -> None:
    spec = study(method={"name": "settle", "max_runs": 12, "baselines": ["cce"]}, seeds=None)
    of_parts = cross_validation(spec, planned_runs(study(), "f")[0], 3)
    assert (of_parts.method.name, of_parts.seed_list, of_parts.keep) == ("grid", (0, 1, 2), "none")


def test_its_name_is_that_of_the_study_and_the_number_of_parts() -> None:
    assert cross_validation_name("s", 5) == "s-folds-5"
    assert cross_validation_name("s" * 64, 10) == "s" * 55 + "-folds-10"


def test_a_study_of_that_name_that_is_of_another_kind_is_refused(storage: Location) -> None:
    write_plan(storage, study_plan(study(name="s-folds-2"), DATA))
    with pytest.raises(UsageError, match="s-folds-2"):
        stored_cross_validation(storage, "s", 2)


def test_a_stored_one_is_returned_and_complete_when_every_run_is_recorded(storage: Location, plan: StudyPlan) -> None:
    assert stored_cross_validation(storage, "s", 2) is None
    write_plan(storage, plan)
    assert stored_cross_validation(storage, "s", 2) == plan
    for count, planned in enumerate(plan.runs):
        assert not is_complete(storage, plan), count
        write_record(storage, record(planned))
    assert is_complete(storage, plan)


def left(storage: Location, plan: StudyPlan, seed: int, clips: list[int], first: list[float]) -> None:
    """Write what a run predicts for clips: the probability of the first class of two."""
    p = np.array([first, [1 - value for value in first]], dtype=np.float16).T
    run_id = next(planned.run.run_id for planned in plan.runs if planned.run.seed == seed)
    write_held_out(storage, run_id, HeldOutProbabilities(np.array(clips, dtype=np.uint32), p))


def test_every_clip_has_the_probabilities_of_the_run_that_held_it_out(storage: Location, plan: StudyPlan) -> None:
    left(storage, plan, 0, [0, 3], [0.25, 1.0])
    left(storage, plan, 1, [1, 2], [0.5, 0.0])
    predicted = out_of_sample(storage, plan)
    np.testing.assert_allclose(predicted.probabilities[:, 0], [0.25, 0.5, 0.0, 1.0])
    np.testing.assert_allclose(predicted.probabilities.sum(axis=1), 1)
    assert predicted.lacking == ()
    assert predicted.study == "s-folds-2"


def test_the_probabilities_of_a_clip_that_two_runs_held_out_are_their_mean(storage: Location, plan: StudyPlan) -> None:
    left(storage, plan, 0, [0, 1], [0.25, 1.0])
    left(storage, plan, 1, [1, 2, 3], [0.5, 0.0, 0.0])
    assert out_of_sample(storage, plan).probabilities[1].tolist() == [0.75, 0.25]


def test_clips_that_no_run_held_out_have_none_and_are_counted(storage: Location, plan: StudyPlan) -> None:
    left(storage, plan, 1, [2], [0.5])
    predicted = out_of_sample(storage, plan)
    assert np.isnan(predicted.probabilities).all(axis=1).tolist() == [True, True, False, True]
    assert predicted.lacking[0] == "1 run of 2 left no probabilities"
    assert predicted.lacking[1].startswith("3 training clips without out-of-sample probabilities")


@pytest.mark.parametrize("damage", ["cut", "outside"])
def test_a_file_that_cannot_be_used_is_named_and_the_others_count(
    damage: str, storage: Location, plan: StudyPlan
) -> None:
    left(storage, plan, 0, [0, 99 if damage == "outside" else 3], [0.25, 1.0])
    left(storage, plan, 1, [1, 2], [0.5, 0.0])
    if damage == "cut":
        path = held_out_path(storage, plan.runs[0].run.run_id)
        path.write(path.read_bytes()[:50])
    predicted = out_of_sample(storage, plan)
    assert np.isnan(predicted.probabilities[:, 0]).tolist() == [True, False, False, True]
    assert predicted.lacking[0].startswith("seed 0: the probabilities cannot be read")
