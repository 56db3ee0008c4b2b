"""The trainable that Tune steps, without a cluster: rungs, runs that others own, runs that others recorded."""

import os
import warnings
from os import environ

import pytest
import torch

from factories import read_records, write_record
from trainables.records import log_path, owner_path
from trainables.runs.execution import RunExecution
from trainables.runs.messages import RunTask, StepReport
from trainables.runs.ownership import owned
from trainables.storage import object_store
from trainables.storage.location import location

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def trainable(loader, make_run, tmp_path, monkeypatch):
    """A trainable that was given a run of three epochs with a rung after the first."""
    from study.cluster.ray_environment import prepare_environment  # noqa: PLC0415

    monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
    prepare_environment()
    from trainables import trainable as module  # noqa: PLC0415

    monkeypatch.setattr(module, "loader", lambda *_: loader)
    made = object.__new__(module.RunTrainable)
    run = make_run(epochs=3)
    made.the_config = RunTask(run=run, storage=str(tmp_path), threads=1, gpus=0, facts={}, rungs=[1]).model_dump(
        mode="json"
    )
    made.setup(made.the_config)
    made.the_run = run
    return made


def step(trainable):
    result = trainable.step()
    report = StepReport.from_result(result)
    assert result["done"] == report.done
    return report


def test_each_step_is_an_epoch_and_the_last_one_says_done(trainable, tmp_path):
    reports = [step(trainable) for _ in range(3)]
    assert [(r.epoch.epoch, r.done) for r in reports] == [(1, False), (2, False), (3, True)]
    assert all(r.images_per_s > 0 for r in reports)
    record = read_records(tmp_path)[trainable.the_run.run_id]
    assert (record.status, record.provenance.attempt_count) == ("complete", 1)


def test_a_run_has_single_precision_whatever_a_plugin_did_before(trainable):
    torch.set_default_dtype(torch.float64)
    try:
        trainable.step()
        assert torch.get_default_dtype() == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)
        trainable.cleanup()


def test_what_a_store_refuses_a_worker_is_told_to_the_driver(bucket, front, trainable, monkeypatch):
    monkeypatch.setattr(os, "environ", environ)  # where the store is found
    monkeypatch.setattr(object_store, "OUTAGE_S", 0.5)
    monkeypatch.setattr(object_store, "HASTY_S", 0.1)  # the run's log
    trainable.setup(trainable.the_config | {"storage": str(bucket)})
    (bucket / "a").write(b"1")
    front.denied = "PUT"
    front.set("open")
    report = step(trainable)
    assert report.done
    assert f"{bucket}/running/{trainable.the_run.run_id}/" in report.storage_error
    assert "access is refused (Access Denied" in report.storage_error


def test_a_run_whose_checkpoint_cannot_be_written_is_free(trainable, tmp_path):
    (tmp_path / "checkpoints").write_text("in the way of the folder")
    assert "checkpoints" in step(trainable).storage_error
    assert owner_path(location(str(tmp_path)), trainable.the_run.run_id).holder() is None


def test_a_run_that_goes_on_from_a_checkpoint_tells_what_came_before(trainable):
    trainable.step()
    trainable.step()
    trainable.setup(trainable.the_config)  # frees the run and takes it again, as another process would
    report = step(trainable)
    assert report.epoch.epoch == 3
    assert [point.epoch for point in report.earlier] == [1, 2]


def test_a_process_that_is_given_up_leaves_the_whole_traceback_in_the_log(trainable, tmp_path, monkeypatch):
    trainable.step()

    def give_out():
        msg = "GPU 0 is full"
        raise torch.OutOfMemoryError(msg)

    monkeypatch.setattr(trainable.execution.training, "train_epoch", give_out)
    with pytest.raises(torch.OutOfMemoryError):
        trainable.step()
    trainable.cleanup()
    log = log_path(tmp_path, trainable.the_run.run_id).read_text()
    assert "its process ends; another one will resume the run:\nTraceback (most recent call last):\n" in log
    assert ", in give_out\n" in log
    assert log.endswith("OutOfMemoryError: GPU 0 is full\n")


def test_warnings_of_a_worker_are_in_the_log(trainable, tmp_path, monkeypatch):
    trainable.step()
    train = trainable.execution.training.train_epoch

    def warn():
        warnings.warn("slow convolution", UserWarning, stacklevel=1)
        return train()

    monkeypatch.setattr(trainable.execution.training, "train_epoch", warn)
    trainable.step()
    trainable.step()
    log = log_path(tmp_path, trainable.the_run.run_id).read_text()
    assert log.count("UserWarning: slow convolution") == 1


def test_after_a_rung_the_run_is_free_until_the_next_step(trainable, tmp_path):
    trainable.step()
    with owned(tmp_path, trainable.the_run.run_id):
        assert step(trainable) == StepReport(done=True, busy=True)
    trainable.cleanup()


def test_a_run_that_was_recorded_at_a_rung_is_not_trained_further(trainable, loader, tmp_path):
    trainable.step()
    other = RunExecution(trainable.the_run, loader, tmp_path / "other", {"device": str(torch.device("cpu"))})
    while (record := other.step()[1]) is None:
        pass
    write_record(tmp_path, record)
    assert step(trainable) == StepReport(done=True)
    assert read_records(tmp_path) == {trainable.the_run.run_id: record}
    assert list((tmp_path / "running").iterdir()) == []
