"""Weights that no study keeps, and outputs of runs that were never recorded, are leftovers; nothing else of them is."""

import os
import time

import pytest

from factories import Builder
from pruning import NOBODYS, prune
from trainables.losses.catalogue import CCE, GCE
from trainables.outputs.clips import outputs_path
from trainables.outputs.held_out import held_out_path
from trainables.outputs.weights import weight_sizes, weights_path
from trainables.plans import plan_path


def study(storage, name="rain", *, recorded=2, keep="best"):
    """Write a study of two arms, the second of which is better, with weights and outputs of its runs."""
    builder = Builder(name, spec={"keep": keep})
    losses = (CCE(name="cce"), GCE(name="gce", q=0.7))
    ids = [
        builder.add(loss.name, loss, 0, validation=0.5 + i / 10, status="complete" if i < recorded else None)
        for i, loss in enumerate(losses)
    ]
    builder.write(storage)
    for run_id in (*ids, NOBODYS):
        weights_path(storage, run_id).write(b"weights")
        outputs_path(storage, run_id).write(b"outputs")
    return ids


def outputs(storage):
    return {name.partition(".")[0] for name in (storage / "outputs").stamps()}


@pytest.mark.parametrize("claims", [True, False])
def test_weights_that_are_not_of_an_ended_studys_choice_are_leftovers(storage, claims):
    _, choice = study(storage)
    assert prune(storage, claim_studies=claims)["weights"] == 2
    assert weight_sizes(storage).keys() == {choice}


def test_weights_of_a_study_that_has_not_ended_are_kept(storage):
    ids = study(storage, recorded=1)
    assert prune(storage)["weights"] == 1
    assert weight_sizes(storage).keys() == set(ids)


def test_weights_that_another_study_keeps_are_kept(storage):
    study(storage, "rain")
    ids = study(storage, "wind", keep="all")
    prune(storage)
    assert weight_sizes(storage).keys() == set(ids)


def test_outputs_of_recorded_runs_and_of_those_still_to_be_trained_are_kept(storage):
    ids = study(storage, recorded=1)
    assert prune(storage)["outputs without a record"] == 1
    assert outputs(storage) == set(ids)


def test_both_files_of_a_run_that_keeps_what_it_predicts_for_held_out_clips_are_leftovers(storage):
    ids = study(storage)
    for run_id in (*ids, NOBODYS):
        held_out_path(storage, run_id).write(b"outputs")
    assert prune(storage)["outputs without a record"] == 2
    assert outputs(storage) == set(ids)
    assert len((storage / "outputs").stamps()) == 4


def test_outputs_of_recorded_runs_that_no_study_names_are_kept(storage):
    ids = study(storage)
    plan_path(storage, "rain").unlink()
    prune(storage)
    assert outputs(storage) == set(ids)


def test_if_a_plan_cannot_be_read_all_weights_are_kept(storage):
    study(storage)
    plan_path(storage, "unread").write(b"torn")
    assert prune(storage)["weights"] == 0


def test_of_one_study_only_its_own_weights_are_leftovers(storage):
    _, choice = study(storage)
    assert prune(storage, "rain")["weights"] == 1
    assert weight_sizes(storage).keys() == {choice, NOBODYS}


def test_weights_with_a_name_that_the_program_does_not_use_are_kept(storage):
    study(storage)
    mine = [storage / "weights" / "mine.safetensors", storage / "weights" / f"{NOBODYS}.onnx"]
    for path in mine:
        path.write(b"mine")
    prune(storage)
    assert all(path.exists() for path in mine)


def test_half_written_weights_are_removed_after_a_day(tmp_path):
    study(tmp_path)
    half = tmp_path / "weights" / f".{NOBODYS}.safetensors.01234567"
    half.write_bytes(b"half")
    os.utime(half, (time.time() - 90_000,) * 2)
    assert prune(tmp_path)["files of killed processes"] == 1
    assert not half.exists()
