"""From a run to its record, without Ray: statuses, checkpoints, and storage that fails."""

import numpy as np
import pytest
import torch

from factories import outcome, read_records
from runs_in_process import execute
from trainables.features.shared_data import StorageError
from trainables.outputs.clips import outputs_path, read_outputs
from trainables.outputs.held_out import held_out_path, read_held_out
from trainables.provenance import code_digest
from trainables.records import add_record, log_path
from trainables.runs.execution import RunExecution, machine_facts
from trainables.runs.ownership import BusyError, stopped
from trainables.storage import leases
from trainables.storage.location import location
from trainables.training.checkpoint import checkpoint_path

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_run_ends_complete_with_curve_test_and_cost(loader, make_run, tmp_path):
    run = make_run(epochs=2)
    record = execute(run, loader, tmp_path)
    assert record.status == "complete"
    assert [p.epoch for p in record.epochs] == [1, 2]
    assert record.validation_accuracy == record.epochs[-1].validation_accuracy
    assert len(record.test.predictions) == 12
    assert record.verified_right.count("1") / len(record.verified_right) == pytest.approx(record.verified_accuracy)
    assert record.cost.wall_s > 0
    assert read_records(tmp_path) == {run.run_id: record}
    assert not checkpoint_path(tmp_path, run.run_id).exists()


def test_a_run_that_was_lost_meanwhile_is_recorded_by_its_new_owner(loader, make_run, bucket, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_S", 0.05)
    run = make_run(epochs=1)
    execution = RunExecution(run, loader, bucket, {})
    (bucket / "running" / run.run_id / "000000002").write(b"{}")
    execution._held._thread.join(30)
    with pytest.raises(BusyError):
        execution.step()
    assert read_records(bucket) == {}
    assert (bucket / "running" / run.run_id / "000000002").exists()


def test_in_an_object_store_the_first_record_of_a_run_stays(loader, make_run, bucket):
    run = make_run(epochs=1)
    execution = RunExecution(run, loader, bucket, {})
    first = stopped(run, [], None, {})
    assert add_record(bucket, first)
    with pytest.raises(BusyError):
        execution.step()
    assert read_records(bucket) == {run.run_id: first}
    assert not (bucket / "running" / run.run_id).exists()


def test_a_run_that_diverges_is_recorded_with_its_epoch(loader, make_run, tmp_path):
    run = make_run(epochs=3)
    execution = RunExecution(run, loader, tmp_path, {})
    execution.step()
    with torch.no_grad():
        execution.training.model.output[1].bias[0] = float("inf")
    _, record = execution.step()
    execution.release()
    assert record.status == "diverged"
    assert record.error == "the loss was not finite in epoch 2"
    assert len(record.epochs) == 1
    assert record.test is None


def test_a_run_with_an_error_is_recorded_as_failed_with_its_last_line(loader, make_run, tmp_path):
    record = execute(make_run(batch_size=4000), loader, tmp_path)
    assert record.status == "failed"
    assert record.error.startswith("ValueError: training.batch_size is 4000")
    assert record.epochs == []
    log = log_path(tmp_path, record.run_id).read_text()
    assert "Traceback (most recent call last):" in log
    assert ", in __init__\n" in log
    assert log.index(record.error) < log.index(f"failed after 0 epochs: {record.error}")


@pytest.mark.parametrize(
    "case",
    [("x" * 1_000_000, f"ValueError: {'x' * 1988} [...]"), ("a\udcff\x1b[31m", r"ValueError: a\udcff\u001b[31m")],
    ids=["long", "control characters"],
)
def test_the_reason_of_a_failed_run_is_short_and_plain(case, loader, make_run, tmp_path, monkeypatch):
    text, expected = case

    def fail(_):
        raise ValueError(text)

    monkeypatch.setattr("trainables.training.run_training.RunTraining.train_epoch", fail)
    record = execute(make_run(), loader, tmp_path)
    assert record.error == expected
    assert read_records(tmp_path) == {record.run_id: record}


def test_storage_that_cannot_be_written_is_no_fault_of_the_run(loader, make_run, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    run = make_run(epochs=2)
    execution = RunExecution(run, loader, tmp_path, {})
    monkeypatch.setattr("trainables.storage.files.os.fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        execution.step()
    execution.release()
    assert read_records(tmp_path) == {}
    monkeypatch.undo()
    assert outcome(execute(run, loader, tmp_path)) == outcome(execute(run, loader, tmp_path / "whole"))


def test_a_run_has_one_owner_at_a_time(loader, make_run, tmp_path):
    run = make_run()
    first = RunExecution(run, loader, tmp_path, {})
    with pytest.raises(BusyError):
        RunExecution(run, loader, tmp_path, {})
    first.release()
    assert execute(run, loader, tmp_path).status == "complete"
    assert list((tmp_path / "running").iterdir()) == []


def test_memory_that_gives_out_is_no_fault_of_the_run(loader, make_run, tmp_path, monkeypatch):
    run = make_run(epochs=3)
    execution = RunExecution(run, loader, tmp_path, {})
    execution.step()

    def give_out():
        raise torch.OutOfMemoryError

    monkeypatch.setattr(execution.training, "train_epoch", give_out)
    with pytest.raises(torch.OutOfMemoryError):
        execution.step()
    execution.release()
    assert read_records(tmp_path) == {}
    assert execute(run, loader, tmp_path).provenance.attempt_count == 2


def test_a_signal_that_ends_the_process_is_no_fault_of_the_run(loader, make_run, tmp_path, monkeypatch):
    run = make_run(epochs=3)
    execution = RunExecution(run, loader, tmp_path, {})
    execution.step()

    def handle_signal():
        raise SystemExit(1)

    monkeypatch.setattr(execution.training, "train_epoch", handle_signal)
    with pytest.raises(SystemExit):
        execution.step()
    execution.release()
    assert read_records(tmp_path) == {}
    assert execute(run, loader, tmp_path).provenance.attempt_count == 2


def test_what_a_record_states_of_its_process_includes_the_digest_of_the_code():
    assert machine_facts(torch.device("cpu"))["code_digest"] == code_digest()


def test_what_a_record_states_of_its_process_includes_the_capability_of_the_cpu():
    assert machine_facts(torch.device("cpu"))["cpu_capability"] == torch.backends.cpu.get_cpu_capability()


def test_a_complete_run_leaves_outputs_of_its_clips(loader, make_run, tmp_path):
    record = execute(make_run(epochs=1), loader, tmp_path)
    outputs = read_outputs(location(tmp_path), record.run_id)
    assert outputs.margins.shape == (48,)
    assert outputs.probabilities.argmax(axis=1).tolist() == record.test.predictions


def test_seeds_that_hold_out_all_clips_in_turn_leave_the_probabilities_of_each(loader, make_run, tmp_path):
    there, classes = location(tmp_path), len(loader.manifest.classes)
    probabilities = np.full((48, classes), np.nan)
    for seed in range(3):
        record = execute(make_run(epochs=1, seed=seed, split="in_turn", validation=1 / 3), loader, tmp_path)
        held_out, outputs = read_held_out(there, record.run_id), read_outputs(there, record.run_id)
        assert (outputs.epochs[held_out.clips] == 0).all()
        assert held_out.probabilities.argmax(axis=1).tolist() == outputs.suggested[held_out.clips].tolist()
        labels = np.array([loader.class_index[clip.label] for clip in loader.manifest.of("train")])
        right = held_out.probabilities.argmax(axis=1) == labels[held_out.clips]
        assert right.mean() == pytest.approx(record.validation_clip_accuracy)
        assert np.isnan(probabilities[held_out.clips]).all()
        probabilities[held_out.clips] = held_out.probabilities
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-2)


def test_a_run_with_another_split_leaves_no_probabilities_of_held_out_clips(loader, make_run, tmp_path):
    record = execute(make_run(epochs=1), loader, tmp_path)
    assert not held_out_path(location(tmp_path), record.run_id).exists()


def test_a_run_that_ended_otherwise_leaves_none(loader, make_run, tmp_path):
    record = execute(make_run(batch_size=4000), loader, tmp_path)
    assert record.status == "failed"
    assert not outputs_path(location(tmp_path), record.run_id).exists()


def test_a_run_that_ends_between_outputs_and_record_ends_as_an_uninterrupted_one(
    loader, make_run, tmp_path, monkeypatch
):
    def killed(*_):
        raise KeyboardInterrupt

    run, there, whole = make_run(epochs=1), location(tmp_path), location(tmp_path / "whole")
    execution = RunExecution(run, loader, there, {})
    monkeypatch.setattr("trainables.runs.execution.add_record", killed)
    with pytest.raises(KeyboardInterrupt):
        execution.step()
    execution.release()
    monkeypatch.undo()
    assert outputs_path(there, run.run_id).exists()
    assert read_records(there) == {}
    outputs_path(there, run.run_id).write(b"of another training")
    assert outcome(execute(run, loader, there)) == outcome(execute(run, loader, whole))
    assert outputs_path(there, run.run_id).read_bytes() == outputs_path(whole, run.run_id).read_bytes()
