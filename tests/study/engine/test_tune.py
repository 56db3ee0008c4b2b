"""What the engine answers Tune, without a cluster: asking, waiting, busy runs, runs that kill their process."""

import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from factories import read_records, record, write_record
from study.cluster.ray_environment import prepare_environment
from study.engine.conductor import BUSY_S, Conductor
from study.errors import EngineError
from study.interrupts import Interrupted, interruptible
from study.methods.grid import Grid
from study.spec.keys import Resources
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan
from trainables.records import log_path
from trainables.runs.messages import RunTask, StepReport


@pytest.fixture
def engine(monkeypatch):
    """The engine, imported after its environment was set, as the command line does."""
    monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
    prepare_environment()
    import study.engine.tune  # noqa: PLC0415

    return study.engine.tune


@pytest.fixture
def plans():
    configuration = Configuration(loss=CCE(name="cce"))
    return [
        PlannedRun(arm="cce", varied={}, run=Run(configuration=configuration, seed=s, dataset="d")) for s in range(2)
    ]


@pytest.fixture
def asking(engine, plans, tmp_path):
    summary = DataSummary(name="d", kind="synthetic", fingerprint="d", classes=["a", "b"], clips={})
    plan = StudyPlan(name="s", description="", method="grid", spec={}, dataset=summary, runs=plans)
    return engine.MethodSearcher(Conductor(Grid(plans), tmp_path, plan, {"commit": "c"}), Resources())


def test_tunes_running_means_of_an_ended_run_are_dropped(engine, asking):
    from ray.tune.experiment import Trial  # noqa: PLC0415 -- after the environment was set

    trial = Trial("none", stub=True, storage=None)
    trial.update_last_result({"training_iteration": 1, "train_loss": 1.0, "done": True})
    assert trial.metric_analysis["train_loss"]["last"] == 1.0
    assert trial.metric_n_steps["train_loss"]
    engine.StartWatch(asking).on_trial_complete(trial)
    assert trial.metric_analysis == trial.metric_n_steps == {}


def test_a_signal_whose_exception_was_lost_ends_the_study_at_tunes_next_step(engine, asking, monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda about: lost.append(about.exc_type))
    watching = engine.StartWatch(asking)

    class Dropped:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # the handler raises here, where Python drops it

    def study():
        with interruptible():
            watching.on_step_begin(iteration=1, trials=[])
            Dropped()
            assert lost == [Interrupted]
            watching.on_step_begin(iteration=2, trials=[])

    with pytest.raises(Interrupted):
        study()
    assert lost == [Interrupted]


def suggested(asking, trial_id):
    return RunTask.model_validate(asking.suggest(trial_id)).run.run_id


def test_it_asks_for_each_run_waits_and_finishes(asking, plans, engine, tmp_path):
    assert [suggested(asking, t) for t in "ab"] == [p.run.run_id for p in plans]
    assert asking.suggest("c") is None
    for trial, plan in zip("ab", plans, strict=True):
        write_record(tmp_path, record(plan))
        asking.on_trial_complete(trial_id=trial, result={}, error=False)
    assert asking.suggest("c") == engine.MethodSearcher.FINISHED
    assert set(asking.conductor.state.recorded) == {p.run.run_id for p in plans}


def test_a_worker_keeps_the_weights_of_a_run_if_the_study_does(asking, plans):
    assert len(plans) == 2
    assert RunTask.model_validate(asking.suggest("a")).keep_weights
    asking.conductor.plan.spec["keep"] = "none"
    del asking.conductor.plan.settings
    assert not RunTask.model_validate(asking.suggest("b")).keep_weights


def test_a_run_that_another_study_trains_is_asked_for_again_later(asking, plans, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("study.engine.conductor.time.monotonic", lambda: now[0])
    first = suggested(asking, "a")
    asking.on_trial_complete(trial_id="a", result=StepReport(done=True, busy=True).to_result())
    assert suggested(asking, "b") == plans[1].run.run_id
    assert asking.suggest("c") is None
    now[0] = BUSY_S
    assert suggested(asking, "c") == first


def test_a_run_that_keeps_killing_its_process_is_recorded_as_failed_and_the_others_go_on(asking, plans, tmp_path):
    run_id = suggested(asking, "a")
    for _ in range(10):
        asking.on_death(plans[0].run, "torch.OutOfMemoryError: out of memory")
    assert read_records(tmp_path) == {}
    asking.on_death(plans[0].run, "torch.OutOfMemoryError: out of memory")
    record = read_records(tmp_path)[run_id]
    assert record.status == "failed"
    assert record.error == (
        "its process died 11 times without an epoch in between; the last time: torch.OutOfMemoryError: out of memory"
    )
    log = log_path(tmp_path, run_id).read_text()
    assert log.count("its process was lost: torch.OutOfMemoryError: out of memory") == 11
    assert log.endswith(f"failed: {record.error}\n")
    asking.on_trial_complete(trial_id="a", result={"done": True})
    assert asking.conductor.state.recorded.keys() == {run_id}
    assert suggested(asking, "b") == plans[1].run.run_id


def lose(asking, run, times=11):
    for _ in range(times):
        asking.on_death(run, "ImportError: libfoo.so.1")


def test_if_no_process_can_begin_a_run_the_study_ends_after_three_failures_and_leaves_the_other_runs(
    asking, plans, engine
):
    runs = [plans[0].run.model_copy(update={"seed": seed}) for seed in range(3)]
    for run in runs[:2]:
        lose(asking, run)
    assert asking.hopeless == ""
    lose(asking, runs[2])
    assert asking.hopeless == (
        "no process could begin a run, and 3 runs failed: ImportError: libfoo.so.1; the other runs are left as they "
        "are; once the cause is fixed, run with --retry-failed"
    )
    with interruptible(), pytest.raises(EngineError, match="no process could begin a run"):
        engine.StartWatch(asking).on_step_begin(iteration=1, trials=[])


def test_once_a_process_has_begun_a_run_failed_ones_do_not_end_the_study(asking, plans):
    asking.suggest("a")
    asking.on_report("a", StepReport(done=False))
    for seed in range(5):
        lose(asking, plans[0].run.model_copy(update={"seed": seed}))
    assert asking.hopeless == ""


def test_a_run_whose_process_was_lost_does_not_count_as_running_until_another_one_has_started(asking, plans):
    run_id, state = suggested(asking, "a"), asking.conductor.state
    state.start(run_id)
    asking.on_death(plans[0].run, "ray.exceptions.ActorDiedError: killed")
    assert state.in_flight == {}
    state.start(run_id)
    assert state.in_flight.keys() == {run_id}


def test_an_epoch_between_two_deaths_starts_the_count_again(asking, plans, tmp_path):
    asking.suggest("a")
    for _ in range(30):
        asking.on_death(plans[0].run, "ray.exceptions.ActorDiedError: killed")
        assert asking.on_report("a", StepReport(done=False))
    assert read_records(tmp_path) == {}


def test_a_process_lost_with_its_node_is_no_fault_of_the_run(asking, plans, engine, tmp_path):
    from ray.core.generated.common_pb2 import ActorDiedErrorContext  # noqa: PLC0415 -- ray, after its environment
    from ray.exceptions import ActorDiedError, ActorUnavailableError  # noqa: PLC0415

    def died(reason):
        return ActorDiedError(ActorDiedErrorContext(actor_id=b"a" * 16, error_message=reason))

    asking.suggest("a")
    file = tmp_path / "error.txt"
    with_it = died(
        "The actor died because its node has died. Node Id: 12ab\n"
        "\tthe actor's node was terminated unexpectedly: health check failed due to missing too many heartbeats"
    )
    unknown = ActorUnavailableError("The actor is temporarily unavailable: RpcError: Socket closed", b"a" * 16)
    alone = died("The actor died unexpectedly: Worker exit type: SYSTEM_ERROR\n\tkilled by SIGKILL")
    scheduler, counted = engine.MethodScheduler(asking, SimpleNamespace(requested=False)), []
    for number, error in enumerate((with_it, alone, with_it, unknown, alone, unknown), 1):
        with file.open("a") as failures:  # as Tune does
            failures.write(f"Failure # {number} (occurred at 2026-01-01_00-00-00)\n{error}\n")
        scheduler.on_trial_error(None, SimpleNamespace(trial_id="a", error_file=file, num_failures=number))
        counted.append(asking.deaths[plans[0].run.run_id])
    assert counted == [0, 1, 1, 1, 2, 2]
    log = log_path(tmp_path, plans[0].run.run_id).read_text()
    assert log.count("its process was lost: killed by SIGKILL\n") == 2
    assert log.count("its process was lost: the actor's node was terminated unexpectedly: health check failed") == 2


def test_a_process_that_dies_after_its_record_was_written_changes_nothing(asking, plans, tmp_path):
    asking.suggest("a")
    write_record(tmp_path, record(plans[0]))
    asking.on_trial_complete(trial_id="a", error=True)
    assert read_records(tmp_path)[plans[0].run.run_id].status == "complete"


def test_storage_that_fails_ends_the_asking(asking, engine):
    asking.suggest("a")
    failed = StepReport(done=True, storage_error="[Errno 28] No space left on device")
    asking.on_trial_complete(trial_id="a", result=failed.to_result())
    assert asking.suggest("b") == engine.MethodSearcher.FINISHED
    assert asking.faults == ["the storage location cannot be used: [Errno 28] No space left on device"]


def test_a_record_that_cannot_be_read_is_put_aside_and_its_run_asked_for_again(asking, plans, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("study.engine.conductor.time.monotonic", lambda: now[0])
    run_id = suggested(asking, "a")
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / f"{run_id}.json").write_text("{")
    asking.on_trial_complete(trial_id="a", result={})
    assert (tmp_path / "records" / "damaged" / f"{run_id}.json").exists()
    now[0] = 100.0
    assert suggested(asking, "b") == run_id
    assert suggested(asking, "c") == plans[1].run.run_id


CLUSTER = """
from study.cluster.ray_environment import prepare_environment
prepare_environment()
import ray
from study.engine.tune import dashboard_of
context = ray.init(address="local", include_dashboard=True, log_to_driver=False, _node_ip_address="127.0.0.1")
print(dashboard_of(context))
ray.shutdown()
"""


@pytest.mark.slow
def test_a_cluster_with_a_dashboard_says_where():
    answer = subprocess.run([sys.executable, "-c", CLUSTER], capture_output=True, text=True, timeout=120, check=True)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", answer.stdout.splitlines()[-1])


def test_the_environment_keeps_ray_on_loopback_with_a_token_of_its_own(monkeypatch):
    tokens = set()
    for _ in range(2):
        environment = {}
        monkeypatch.setattr("study.cluster.ray_environment.os.environ", environment)
        prepare_environment()
        tokens.add(environment["RAY_AUTH_TOKEN"])
        assert environment["RAY_AUTH_MODE"] == "token"
        assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    assert len(tokens) == 2
