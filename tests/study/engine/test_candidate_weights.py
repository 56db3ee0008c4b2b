"""The disk that candidates' weights take while the choice is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from factories import Builder
from study.engine import candidate_weights
from study.engine.candidate_weights import CandidateWeights
from trainables.losses.catalogue import CCE, GCE
from trainables.outputs.weights import weight_sizes, weights_path
from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.storage.types import Location

Q = {0.1: 0.5, 0.5: 0.7, 0.9: 0.6}  # q -> validation accuracy


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> int:
    """Bound the weights of candidates to those of five runs."""
    monkeypatch.setattr(candidate_weights, "MOST_UNDECIDED", 50)
    return 50


def grid(**keys: Any) -> Builder:
    """Return a study of three configurations with three seeds."""
    study = Builder("grid", spec=keys)
    for seed in range(3):
        for q, accuracy in Q.items():
            study.add("gce", GCE(name="gce", q=q), seed, validation=accuracy, varied={"q": q})
    return study


def train(
    storage: Location, study: Builder, known: int = 0, still_owned: Callable[[], None] = lambda: None
) -> CandidateWeights:
    """Record the runs of a study, each with 10 bytes of weights; the first ``known`` ones before it was started."""
    study.write(storage)
    run_ids = list(study.records)
    for run_id in run_ids[:known]:
        weights_path(storage, run_id).write(b"0123456789")
    bounding = CandidateWeights(storage, study.plan(), still_owned)
    for i, planned in enumerate(study.planned):
        run_id = planned.run.run_id
        if i >= known and study.records[run_id].status == "complete":
            weights_path(storage, run_id).write(b"0123456789")
        bounding.run_recorded(planned, study.records[run_id], known=i < known)
    return bounding


def left(storage: Location, study: Builder) -> list[tuple[float, int]]:
    """Return q and seed of the runs whose weights are there."""
    there = weight_sizes(storage)
    runs: list[Any] = [planned.run for planned in study.planned]
    return sorted((run.configuration.loss.q, run.seed) for run in runs if run.run_id in there)


def test_the_weights_of_the_lowest_mean_go_first(tmp_path: FolderLocation) -> None:
    study = grid()
    train(tmp_path, study)
    assert left(tmp_path, study) == [(0.5, 0), (0.5, 1), (0.5, 2)]


def test_the_weights_of_the_leader_stay_even_beyond_the_bound(tmp_path: FolderLocation) -> None:
    study = Builder("one")
    for seed in range(8):
        study.add("gce", GCE(name="gce", q=0.5), seed, varied={"q": 0.5})
    train(tmp_path, study)
    assert left(tmp_path, study) == [(0.5, seed) for seed in range(8)]


def test_within_the_bound_nothing_is_removed(tmp_path: FolderLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_weights, "MOST_UNDECIDED", 90)
    study = grid()
    train(tmp_path, study)
    assert len(left(tmp_path, study)) == 9


def test_weights_of_runs_that_were_recorded_before_count(tmp_path: FolderLocation) -> None:
    study = grid()
    train(tmp_path, study, known=8)
    assert left(tmp_path, study) == [(0.5, 0), (0.5, 1), (0.5, 2)]


def test_weights_on_another_subset_than_the_choices_go_before_better_ones_on_it(tmp_path: FolderLocation) -> None:
    study = grid()
    for seed in range(3):
        study.add("gce", GCE(name="gce", q=0.3), seed, validation=0.9, varied={"q": 0.3}, subset="clean")
    train(tmp_path, study)
    assert left(tmp_path, study) == [(0.5, 0), (0.5, 1), (0.5, 2)]


@pytest.mark.parametrize("keep", ["all", "none"])
def test_a_study_that_keeps_all_or_none_has_no_bound(tmp_path: FolderLocation, keep: str) -> None:
    study = grid(keep=keep)
    train(tmp_path, study)
    assert len(left(tmp_path, study)) == 9


def test_weights_that_another_study_keeps_stay(tmp_path: FolderLocation) -> None:
    study, other = grid(), Builder("other", spec={"keep": "all"})
    kept = other.add("gce", GCE(name="gce", q=0.1), 0, varied={"q": 0.1})
    other.write(tmp_path)
    train(tmp_path, study)
    assert kept in weight_sizes(tmp_path)


def test_runs_without_weights_count_for_the_mean_alone(tmp_path: FolderLocation) -> None:
    study = Builder("mixed")
    for seed in range(9):
        study.add("cce", CCE(name="cce"), seed, status="diverged")
    assert train(tmp_path, study).problem == ""
    assert weight_sizes(tmp_path) == {}


def test_a_removal_that_fails_is_a_problem_and_no_error(
    tmp_path: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "weights")

    monkeypatch.setattr(FolderLocation, "unlink", refuse)
    assert train(tmp_path, grid()).problem.startswith("the weights of candidates may take more than 50 B")


def test_nothing_is_removed_once_another_process_runs_the_study(tmp_path: FolderLocation) -> None:
    def lost() -> None:
        raise InterruptedError

    study = grid()
    with pytest.raises(InterruptedError):
        train(tmp_path, study, still_owned=lost)
    assert len(left(tmp_path, study)) == 6
