"""Runs in several attempts: resumed from a checkpoint, paused at a rung, cut, taken over by another process."""

import threading

import pytest
import torch

from factories import outcome, read_records
from runs_in_process import execute
from trainables.losses.catalogue import AdaptiveGCE
from trainables.records import Spent, log_path
from trainables.runs.execution import RunExecution
from trainables.runs.ownership import BusyError, owned, stopped
from trainables.storage import leases
from trainables.training.checkpoint import Checkpoint, checkpoint_path, load_checkpoint, save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_run_with_a_split_of_its_own_resumes_on_the_same_split(loader, make_run, tmp_path, monkeypatch):
    run = make_run(seed=3, split="per_seed", epochs=2)
    execute(run, loader, tmp_path, steps=1)
    monkeypatch.setattr(loader, "_cache", {})  # as in another process
    continued = execute(run, loader, tmp_path)
    assert outcome(continued) == outcome(execute(run, loader, tmp_path / "whole"))
    assert continued.provenance.attempt_count == 2
    fixed = execute(make_run(seed=3, epochs=2), loader, tmp_path)
    assert fixed.epochs[0].train_loss != continued.epochs[0].train_loss


def test_a_run_given_up_half_way_goes_on_from_its_checkpoint(loader, make_run, tmp_path):
    run = make_run(AdaptiveGCE(name="adaptive_gce"), epochs=3)
    execute(run, loader, tmp_path, steps=2)
    assert checkpoint_path(tmp_path, run.run_id).exists()
    continued = execute(run, loader, tmp_path)
    whole = execute(run, loader, tmp_path / "whole")
    assert outcome(continued) == outcome(whole)
    assert continued.provenance.attempt_count == 2
    assert whole.provenance.attempt_count == 1
    assert continued.cost.images == whole.cost.images
    log = log_path(tmp_path, run.run_id).read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in log[1::2]] == ["starts at epoch 1", "resumes at epoch 3"]
    assert log[4].endswith("complete after 3 epochs")


@pytest.mark.slow
def test_a_damaged_checkpoint_costs_epochs_and_changes_nothing(loader, make_run, tmp_path):
    run = make_run(epochs=3)
    execute(run, loader, tmp_path, steps=2)
    path = checkpoint_path(tmp_path, run.run_id)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # one bit, which torch itself would not notice
    path.write_bytes(data)
    assert outcome(execute(run, loader, tmp_path)) == outcome(execute(run, loader, tmp_path / "whole"))


def test_a_checkpoint_of_another_version_costs_epochs_and_fails_nothing(loader, make_run, tmp_path):
    run = make_run(epochs=2)
    foreign = Checkpoint.model_construct(
        training={"weights": torch.zeros(3)}, spent=Spent(wall_s=0.0, cpu_s=0.0), earlier=[]
    )
    save_checkpoint(checkpoint_path(tmp_path, run.run_id), foreign)
    record = execute(run, loader, tmp_path)
    assert record.status == "complete"
    assert outcome(record) == outcome(execute(run, loader, tmp_path / "whole"))
    assert "warning: " in (log := log_path(tmp_path, run.run_id).read_text())
    assert log.index("foreign checkpoint") < log.index("starts at epoch 1")


def test_earlier_attempts_keep_their_provenance(loader, make_run, tmp_path):
    run = make_run(epochs=3)
    execute(run, loader, tmp_path, steps=1)
    execute(run, loader, tmp_path, steps=1)
    record = execute(run, loader, tmp_path)
    *earlier, last = record.provenance.attempts
    assert [attempt.from_epoch for attempt in earlier] == [1, 2]
    assert {(attempt.device, attempt.threads) for attempt in (*earlier, last)} == {("cpu", 1)}
    assert all(attempt.wall_s > 0 for attempt in earlier)
    assert sum(attempt.wall_s for attempt in earlier) < record.cost.wall_s
    assert "wall_s" not in record.provenance.root


def test_a_run_continued_on_another_kind_of_cpu_names_both_kinds(loader, make_run, tmp_path):
    run = make_run(epochs=2)
    for capability in ("AVX2", "AVX512"):
        execution = RunExecution(run, loader, tmp_path, {"device": "cpu", "cpu_capability": capability})
        _, record = execution.step()
        execution.release()
    assert record.provenance.cpu_capabilities == ("AVX2", "AVX512")


@pytest.mark.slow
def test_a_run_taken_up_at_a_rung_gives_that_epoch_again_before_it_trains(loader, make_run, tmp_path):
    run = make_run(epochs=4)
    execute(run, loader, tmp_path, steps=2)
    execution = RunExecution(run, loader, tmp_path, {}, rungs=[2, 3])
    points = [execution.step()[0] for _ in range(3)]
    assert [point.epoch for point in points] == [2, 3, 4]
    execution.release()
    whole = execute(run, loader, tmp_path / "whole")
    assert outcome(read_records(tmp_path)[run.run_id]) == outcome(whole)


def test_an_attempt_that_ended_at_a_rung_says_so(loader, make_run, tmp_path):
    run = make_run(epochs=3)
    for steps in (1, 2):  # taken up at the rung, its epoch comes again first
        execution = RunExecution(run, loader, tmp_path, {}, rungs=[1])
        for _ in range(steps):
            execution.step()
        execution.release()
    *earlier, _ = execute(run, loader, tmp_path).provenance.attempts
    assert [attempt.at_rung for attempt in earlier] == [True, False]


def test_a_run_taken_up_elsewhere_trains_at_once(loader, make_run, tmp_path):
    run = make_run(epochs=4)
    execute(run, loader, tmp_path, steps=2)
    execution = RunExecution(run, loader, tmp_path, {}, rungs=[1, 3])
    assert execution.step()[0].epoch == 3
    execution.release()


def test_a_paused_run_is_free_for_others_and_goes_on_as_the_same_attempt(loader, make_run, tmp_path):
    run = make_run(epochs=3)
    execution = RunExecution(run, loader, tmp_path, {}, rungs=[1, 2])
    for _ in range(2):
        execution.step()
        execution.release()
        with owned(tmp_path, run.run_id):
            pass
        execution.own()
    _, record = execution.step()
    assert record.provenance.attempt_count == 1


def test_a_run_that_is_cut_is_recorded_with_the_cost_of_its_checkpoint(loader, make_run, tmp_path):
    run = make_run(epochs=3)
    execution = RunExecution(run, loader, tmp_path, {"host": "h"}, rungs=[1])
    curve = [execution.step()[0]]
    execution.release()
    record = stopped(run, curve, load_checkpoint(checkpoint_path(tmp_path, run.run_id)), {"commit": "c"})
    assert (record.status, record.epochs, record.test) == ("stopped", curve, None)
    assert record.cost.images == execution.training.images
    assert record.provenance.root.items() >= {"commit": "c", "host": "h", "attempts": 1}.items()
    assert not {"from_epoch", "wall_s", "at_rung"} & record.provenance.root.keys()  # of an attempt among several


def test_in_an_object_store_a_run_that_another_process_took_over_is_left_to_it(loader, make_run, bucket, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_S", 0.2)
    run = make_run(epochs=3)
    execution = RunExecution(run, loader, bucket, {})
    execution.step()
    lost = threading.Event()
    monkeypatch.setattr(execution._held, "_on_loss", lost.set)
    (bucket / "running" / run.run_id / "000000002").write(b'{"pid": 1}')
    assert lost.wait(30)
    with pytest.raises(BusyError):
        execution.own()
    (bucket / "running" / run.run_id / "000000002").unlink()  # it has given the run up
    (bucket / "running" / run.run_id / "000000001").unlink()
    execution.own()
    assert execution.step()[0].epoch == 2, "it did not continue from the checkpoint"
    execution.release()
