"""The weights that a complete run leaves: when, which, and what a crash or a full disk costs."""

from __future__ import annotations

import errno
import os

import pytest
import torch

from factories import outcome, read_records
from trainables.features.shared_data import StorageError
from trainables.networks.building import build
from trainables.outputs.weights import read_weights, weights_path
from trainables.records import log_path
from trainables.runs import execution as module
from trainables.runs.execution import RunExecution
from trainables.storage.folder_location import FolderLocation
from trainables.training.run_training import RunTraining

pytestmark = pytest.mark.usefixtures("one_thread")


def execute(run, loader, storage, *, keep=True):
    execution = RunExecution(run, loader, storage, {}, keep_weights=keep)
    try:
        record = None
        while record is None:
            _, record = execution.step()
    finally:
        execution.release()
    return record, execution


def test_a_network_with_the_kept_weights_predicts_what_the_record_states(loader, make_run, tmp_path):
    run = make_run(epochs=2)
    record, execution = execute(run, loader, tmp_path)
    kept, data = read_weights(tmp_path, run.run_id), execution.training.data
    network = build(run.configuration.network, data.patches.shape, data.classes, 7, torch.device("cpu"))
    kept.load_into(network)
    again = RunTraining(run, data, torch.device("cpu"))
    again.model = network
    assert again.evaluate().test == record.test
    assert torch.equal(kept.mean, data.patches.mean)
    assert torch.equal(kept.sd, data.patches.sd)


def test_weights_of_a_run_in_bfloat16_are_kept_in_single_precision(loader, make_run, tmp_path):
    run = make_run(epochs=1, precision="bf16")
    _, execution = execute(run, loader, tmp_path)
    kept = read_weights(tmp_path, run.run_id).model
    assert all(torch.equal(tensor, kept[name]) for name, tensor in execution.training.model.state_dict().items())
    assert {kept[name].dtype for name, _ in execution.training.model.named_parameters()} == {torch.float32}


def test_a_run_whose_weights_are_not_wanted_leaves_none(loader, make_run, tmp_path):
    execute(make_run(epochs=1), loader, tmp_path, keep=False)
    assert not (tmp_path / "weights").exists()


def test_a_run_that_fails_leaves_no_weights(loader, make_run, tmp_path):
    record, _ = execute(make_run(batch_size=4000), loader, tmp_path)
    assert record.status == "failed"
    assert not (tmp_path / "weights").exists()


def test_a_run_killed_between_weights_and_record_ends_with_the_same_weights(loader, make_run, tmp_path, monkeypatch):
    run = make_run(epochs=2)
    whole, _ = execute(run, loader, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(module, "add_record", interrupt)
        with pytest.raises(KeyboardInterrupt):
            execute(run, loader, tmp_path)
    assert weights_path(tmp_path, run.run_id).exists()
    assert read_records(tmp_path) == {}
    record, _ = execute(run, loader, tmp_path)
    assert outcome(record) == outcome(whole)
    kept, expected = (read_weights(storage, run.run_id).model for storage in (tmp_path, tmp_path / "whole"))
    assert all(torch.equal(tensor, kept[name]) for name, tensor in expected.items())


def test_a_full_disk_leaves_the_run_to_be_resumed(loader, make_run, tmp_path, monkeypatch):
    run = make_run(epochs=2)
    with monkeypatch.context() as patch:
        write = FolderLocation.write
        patch.setattr(FolderLocation, "write", lambda path, data: write_unless_weights(write, path, data))
        with pytest.raises(StorageError, match="No space left"):
            execute(run, loader, tmp_path)
    assert read_records(tmp_path) == {}
    record, _ = execute(run, loader, tmp_path)
    assert record.provenance.attempt_count == 2
    assert read_weights(tmp_path, run.run_id).model


def test_a_state_that_cannot_be_kept_is_stated_in_the_log_and_the_run_is_complete(
    loader, make_run, tmp_path, monkeypatch
):
    run = make_run(epochs=1)
    monkeypatch.setattr(torch.nn.Linear, "get_extra_state", lambda _: "text", raising=False)
    record, _ = execute(run, loader, tmp_path)
    assert record.status == "complete"
    assert not weights_path(tmp_path, run.run_id).exists()
    assert "its weights are not kept: the network's state_dict has" in log_path(tmp_path, run.run_id).read_text()


def interrupt(*_):
    raise KeyboardInterrupt


def write_unless_weights(write, path, data):
    if path.parent.name == "weights":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    write(path, data)
