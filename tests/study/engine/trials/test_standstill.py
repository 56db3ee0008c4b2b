"""While no run can start, a study states what it waits for, and ends if it waits in vain."""

from types import SimpleNamespace

import pytest

from study.cluster.ray_environment import prepare_environment
from study.errors import RayFailedError
from study.spec.keys import Resources


@pytest.fixture
def standing(monkeypatch):
    """The module, with a clock that the test moves and a cluster of one machine with 4 CPUs."""
    monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
    prepare_environment()
    import study.engine.trials.standstill as module  # noqa: PLC0415 -- ray, after its environment

    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module.ray, "nodes", lambda: [{"Alive": True, "Resources": {"CPU": 4.0}}])
    monkeypatch.setattr(module.ray, "available_resources", lambda: {"CPU": 1.0})
    return SimpleNamespace(module=module, now=now)


def trials(*statuses):
    return [SimpleNamespace(status=status) for status in statuses]


def lines(standing, capsys, seconds, *, watching, statuses=("PENDING",)):
    """What is printed while Tune's loop turns once a second."""
    for _ in range(seconds):
        standing.now[0] += 1
        watching.on_step_begin(trials=trials(*statuses), iteration=1)
    return capsys.readouterr().err.splitlines()


def test_a_machine_that_no_cluster_has_is_named_after_half_a_minute_and_then_every_minute(standing, capsys):
    watching = standing.module.Standstill("s", Resources(cpus_per_run=8), None)
    printed = lines(standing, capsys, 100, watching=watching)
    text = "waiting for a machine with 8 CPUs; no machine of this cluster has that (1 machine now)"
    assert printed == [f"s: no run has started for {s} s: {text}" for s in (30, 90)]


def test_gpus_that_no_machine_has_are_named(standing):
    reason = standing.module.Standstill("s", Resources(gpus_per_run=0.5), None).reason()
    assert reason.startswith("waiting for a machine with 1 CPU and 0.5 GPUs; no machine ")


def test_a_busy_cluster_is_named_with_what_is_free(standing):
    reason = standing.module.Standstill("s", Resources(cpus_per_run=2), None).reason()
    assert reason == (
        "waiting for 2 CPUs on one machine and a process there; free on all machines together: 1 CPU, 0 GPUs"
    )


@pytest.mark.parametrize("statuses", [("RUNNING", "PENDING"), ("TERMINATED",), ()])
def test_nothing_is_printed_while_a_run_trains_or_nothing_is_asked_for(standing, capsys, statuses):
    watching = standing.module.Standstill("s", Resources(), None)
    assert lines(standing, capsys, 100, watching=watching, statuses=statuses) == []


def test_a_process_that_started_or_died_begins_the_wait_again(standing, capsys):
    watching = standing.module.Standstill("s", Resources(), None)
    for event in ("on_trial_start", "on_trial_recover"):
        assert lines(standing, capsys, 29, watching=watching) == []
        getattr(watching, event)(iteration=1, trials=[], trial=None)
    assert lines(standing, capsys, 29, watching=watching) == []


def test_if_no_process_starts_on_this_machine_the_study_ends_with_what_the_last_one_printed(standing, capsys, tmp_path):
    (tmp_path / "raylet.err").write_text("Traceback\nSystemExit: a broken library\n")
    watching = standing.module.Standstill("s", Resources(), tmp_path)
    with pytest.raises(RayFailedError) as raised:
        lines(standing, capsys, 601, watching=watching)
    assert str(raised.value) == (
        "no run has started for 600 s: waiting for Ray to start a process; the last line of one that ended: "
        "SystemExit: a broken library"
    )
