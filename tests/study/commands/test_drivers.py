"""logs, stop, cancel, wait and resume of a study that is reached through its storage location."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from factories import Builder
from study.cli import main
from study.commands import drivers, jobs, printed_run
from study.commands.overview import on_cluster
from study.engine.driver_log import driver_log_path
from study.engine.session import Start
from study.ledger import end_request
from study.ledger.claim import claim, owner
from study.ledger.end_request import request_path
from study.planning.runs import study_plan
from study.spec.reading import read_spec
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, write_plan
from trainables.records import log_path
from trainables.storage.location import location
from watching import until

DRIVER = """
import sys, time
from study.engine.driver_log import logged
from study.engine.end_watch import EndWatch
from study.interrupts import Interrupted, interruptible
from study.ledger import end_request
from study.ledger.claim import claim
from trainables.storage.location import location
end_request.LOOK_S = 0.05
storage = location(sys.argv[1])
with interruptible(), claim(storage, "rain"), logged(storage, "rain", "run"):
    with EndWatch(storage, "rain"):
        print("runs", flush=True)
        time.sleep(600)
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(end_request, "LOOK_S", 0.05)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The study ``rain`` in the folder ``results`` of the current folder: one run is recorded, one is not."""
    monkeypatch.chdir(tmp_path)
    builder = Builder("rain")
    builder.add("cce", CCE(name="cce"), 0)
    builder.add("cce", CCE(name="cce"), 1, status=None)
    builder.write(tmp_path / "results")
    return builder


@contextmanager
def driver(folder):
    """Run a process that drives the study and heeds requests; yield it."""
    command = [sys.executable, "-c", DRIVER, str(folder / "results")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout.readline() == "runs\n"
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("command", "ended", "number"), [("stop", "stopped", signal.SIGINT), ("cancel", "cancelled", signal.SIGTERM)]
)
@pytest.mark.slow
def test_a_study_that_runs_is_ended_through_its_storage_location(tmp_path, command, ended, number, capsys):
    with driver(tmp_path) as process:
        assert main([command, "rain"]) == 0
        process.wait(timeout=60)
    assert owner(tmp_path / "results", "rain") is None
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"rain: asked process {process.pid} of ")
    assert last == f"rain: {ended}; records and checkpoints are kept"
    log = driver_log_path(tmp_path / "results", "rain").read_text()
    assert f"rain: {command} requested by process {os.getpid()} of " in log
    assert log.endswith(f"ended: interrupted by {number.name}\n")
    assert not request_path(tmp_path / "results", "rain").exists()


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("command", ["stop", "cancel"])
def test_a_study_that_does_not_run_cannot_be_ended(command, capsys):
    assert main([command, "rain"]) == 2
    assert capsys.readouterr().err == (
        "gce-study: results: no process runs study rain; --storage names another place, --cluster or --address a "
        "cluster\n"
    )


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("command", ["logs", "stop", "cancel", "wait", "resume"])
def test_an_unknown_study_is_refused_with_what_may_be_meant(command, capsys, monkeypatch):
    monkeypatch.setattr(jobs, "listens", lambda _: False)
    assert main([command, "rian"]) == 2
    assert capsys.readouterr().err == (
        "gce-study: results: no study named 'rian' (did you mean rain?); its studies: rain; --storage names another "
        "place, --cluster or --address a cluster\n"
    )


@pytest.mark.usefixtures("study")
def test_a_driver_that_does_not_answer_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(drivers, "HEARD_S", 0.3)
    with driver(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        assert main(["stop", "rain"]) == 1
        assert f"rain: process {process.pid} of " in (error := capsys.readouterr().err)
        assert "has not answered for 0.3 s; it may be suspended" in error
        assert not request_path(tmp_path / "results", "rain").exists()
        process.send_signal(signal.SIGCONT)
        time.sleep(0.3)
        assert process.poll() is None


@pytest.mark.usefixtures("study")
def test_a_study_whose_plan_is_not_written_yet_can_be_ended(tmp_path, capsys):
    (tmp_path / "results" / "studies" / "rain" / "plan.json").unlink()
    with driver(tmp_path):
        assert main(["cancel", "rain"]) == 0
    assert capsys.readouterr().out.endswith("rain: cancelled; records and checkpoints are kept\n")


@pytest.mark.usefixtures("study")
def test_logs_prints_the_log_of_the_study(tmp_path, capsys):
    driver_log_path(tmp_path / "results", "rain").write(b"one\ntwo\x1b[31m\n")
    assert main(["logs", "rain"]) == 0
    assert capsys.readouterr().out == "one\ntwo\\u001b[31m\n"


@pytest.mark.usefixtures("study")
def test_logs_prints_the_log_of_a_study_that_failed_before_it_had_a_plan(tmp_path, capsys):
    driver_log_path(tmp_path / "results", "new").write(b"ended: the disk is full\n")
    assert main(["logs", "new"]) == 0
    assert capsys.readouterr().out == "ended: the disk is full\n"
    assert main(["wait", "new"]) == 2
    assert "no study named 'new'" in capsys.readouterr().err


@pytest.mark.usefixtures("study")
def test_a_study_without_a_log_is_named(capsys):
    assert main(["logs", "rain"]) == 2
    assert "driver.log: there is no log yet; the study's next start begins one" in capsys.readouterr().err


def test_logs_prints_the_log_of_a_run_by_the_start_of_its_id(study, tmp_path, capsys):
    run_id = study.planned[0].run.run_id
    log_path(tmp_path / "results", run_id).write(b"starts at epoch 1\n")
    assert main(["logs", "rain", "--run", run_id[:8]]) == 0
    assert capsys.readouterr().out == "starts at epoch 1\n"


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(("start", "expected"), [("", "2 runs whose id"), ("zz", "no run whose id")])
def test_a_run_that_is_not_one_of_the_study_is_refused(start, expected, capsys):
    assert main(["logs", "rain", "--run", start]) == 2
    assert f"rain: {expected} starts with '{start}'" in capsys.readouterr().err


@pytest.mark.usefixtures("study")
def test_logs_follows_until_the_driver_ends(tmp_path, capsys):
    path = driver_log_path(tmp_path / "results", "rain")
    path.write(b"one\n")

    def drive():
        with claim(tmp_path / "results", "rain"):
            claimed.set()
            until(lambda: sys.stdout.getvalue() == "one\n", "the first line")
            path.append(b"two\n")
            until(lambda: sys.stdout.getvalue() == "one\ntwo\n", "the second line")
            path.write(b"two\nthree\n")  # the older half was dropped
            until(lambda: sys.stdout.getvalue() == "one\ntwo\nthree\n", "the third line")

    claimed = threading.Event()
    thread = threading.Thread(target=drive)
    thread.start()
    claimed.wait()
    assert main(["logs", "rain", "--follow"]) == 0
    thread.join()
    assert capsys.readouterr().out == "one\ntwo\nthree\n"


@pytest.mark.usefixtures("study")
def test_wait_returns_1_for_a_study_that_ended_before_it_was_complete(tmp_path, capsys):
    with driver(tmp_path) as process:
        assert main(["wait", "rain", "--timeout", "0.1"]) == 124
        process.send_signal(signal.SIGINT)
        assert main(["wait", "rain"]) == 1
    assert capsys.readouterr().out == "rain: running\nrain: not complete, and no process runs it\n"


@pytest.mark.parametrize("seconds", ["nan", "-1", "inf", "soon"])
def test_a_timeout_that_is_no_time_is_refused(seconds, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["wait", "rain", f"--timeout={seconds}"])
    assert ended.value.code == 2
    assert f"argument --timeout: '{seconds}' is not allowed; allowed: seconds from 0 on" in capsys.readouterr().err


def test_wait_returns_0_for_a_complete_study(study, tmp_path, capsys):
    study.planned.pop()
    study.write(tmp_path / "results")
    assert main(["wait", "rain"]) == 0
    assert capsys.readouterr().out == "rain: complete\n"


@pytest.mark.usefixtures("study")
def test_a_study_that_runs_is_not_resumed(tmp_path, capsys):
    with driver(tmp_path) as process:
        assert main(["resume", "rain"]) == 2
    assert f"gce-study: study rain is being run by process {process.pid} of " in capsys.readouterr().err


@pytest.mark.parametrize("by", ["its name", "its file"])
def test_a_study_is_resumed_with_what_its_first_start_left_out(tmp_path, monkeypatch, capsys, by):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "rain.yaml"
    file.write_text(
        "name: rain\ndataset: {kind: synthetic}\narms: [{name: cce, loss: {name: cce}}]\nseeds: 1\nstorage: far\n"
    )
    spec = read_spec(file)
    data = DataSummary(name="d", kind="k", fingerprint="f", classes=["a"], clips={}, skipped=[("a.wav", "silent")])
    write_plan(location("far"), study_plan(spec, data))
    started = []
    monkeypatch.setattr(printed_run, "run_and_print", lambda *given: started.append(given) or 0)
    arguments = ["rain", "--storage", "far"] if by == "its name" else ["rain.yaml"]
    assert main(["resume", *arguments]) == 0
    ((resumed, start),) = started
    assert resumed.model_copy(update={"storage": spec.storage}) == spec
    assert (tmp_path / "far").samefile(resumed.storage)
    assert start == Start(f"gce-study resume {' '.join(arguments)}", skip_bad_clips=1, retry_failed=False)
    assert ("read from its plan" in capsys.readouterr().err) == (by == "its name")


@pytest.mark.usefixtures("study")
def test_a_study_of_the_storage_location_is_preferred_to_a_cluster(monkeypatch, capsys):
    monkeypatch.setattr(jobs, "listens", lambda _: True)
    assert main(["wait", "rain"]) == 1
    assert "not complete" in capsys.readouterr().out


@pytest.mark.usefixtures("study")
def test_status_names_who_runs_a_study_without_a_plan(tmp_path, capsys):
    (tmp_path / "results" / "studies" / "rain" / "plan.json").unlink()
    with driver(tmp_path) as process:
        assert main(["status", "rain"]) == 0
    assert capsys.readouterr().out.startswith(f"rain: run by process {process.pid} of ")


@pytest.mark.usefixtures("study")
def test_status_too_looks_for_a_study_on_the_cluster_of_the_usual_address(monkeypatch):
    monkeypatch.setattr(jobs, "listens", lambda _: True)
    monkeypatch.setattr(on_cluster, "status", lambda _, name: {"elsewhere": 7}[name])
    assert main(["status", "elsewhere"]) == 7


@pytest.mark.usefixtures("study")
def test_a_study_that_is_not_there_is_looked_for_on_the_cluster_of_the_usual_address(monkeypatch):
    monkeypatch.setattr(jobs, "listens", lambda _: True)
    monkeypatch.setitem(drivers.HANDLERS, "wait", (drivers.wait, lambda _, name: {"elsewhere": 7}[name]))
    assert main(["wait", "elsewhere"]) == 7


def test_the_log_of_a_run_is_refused_for_a_study_on_a_cluster(capsys):
    assert main(["logs", "rain", "--run", "0", "--address", "http://127.0.0.1:1"]) == 2
    assert "--run: not for a study on a cluster" in capsys.readouterr().err
