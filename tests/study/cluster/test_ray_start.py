"""Ray that does not start: it is tried again, a failed try leaves nothing, and the last failure is one line."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from study.cluster.ray_environment import prepare_environment
from study.errors import RayFailedError
from study.interrupts import Interrupted


@pytest.fixture
def starting(monkeypatch):
    """The module, imported once its environment is set, with pauses of no length."""
    monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
    prepare_environment()
    import study.cluster.ray_start  # noqa: PLC0415 -- ray, after its environment

    monkeypatch.setattr(study.cluster.ray_start.time, "sleep", lambda _: None)
    return study.cluster.ray_start


def failing(starting, monkeypatch, *errors):
    """Make ``ray.init`` raise these errors, and then return; return the list of its calls."""
    left, calls = list(errors), []

    def init(**arguments):
        calls.append(arguments)
        if left:
            raise left.pop(0)
        return "context"

    monkeypatch.setattr(starting.ray, "init", init)
    return calls


TIMED_OUT = Exception("The current node timed out during startup. This could happen\nbecause the raylet failed.")


def test_ray_that_starts_at_the_third_try_is_used_and_each_failure_is_printed(starting, monkeypatch, capsys):
    calls = failing(starting, monkeypatch, TIMED_OUT, ValueError("no"))
    cleaned = []
    assert starting.start_ray("Ray did not start", clean=lambda: cleaned.append(1), address="local") == "context"
    assert [call["address"] for call in calls] == ["local"] * 3
    assert cleaned == [1, 1]
    assert capsys.readouterr().err == (
        "Ray did not start: The current node timed out during startup. This could happen; trying again in 5 s\n"
        "Ray did not start: no; trying again in 20 s\n"
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TIMED_OUT, "The current node timed out during startup. This could happen"),
        (ConnectionError("refused"), "refused"),
        (OSError(98, "Address already in use"), "[Errno 98] Address already in use"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_after_the_third_failure_any_error_of_ray_is_one_line(starting, monkeypatch, error, reason):
    failing(starting, monkeypatch, error, error, error)
    with pytest.raises(RayFailedError) as raised:
        starting.start_ray("Ray did not start")
    assert str(raised.value) == f"Ray did not start in 3 tries: {reason}"


def test_ctrl_c_while_ray_starts_is_not_tried_again(starting, monkeypatch):
    calls = failing(starting, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        starting.start_ray("Ray did not start")
    assert len(calls) == 1


def test_sigterm_while_ray_starts_is_an_interruption_and_not_a_silent_exit(starting, monkeypatch):
    calls = failing(starting, monkeypatch, SystemExit(15))  # as Ray's handler raises it
    with pytest.raises(Interrupted, match="interrupted by SIGTERM") as raised:
        starting.start_ray("Ray did not start")
    assert raised.value.exit_code == 143
    assert len(calls) == 1


def test_only_processes_of_the_clusters_folder_and_their_descendants_are_killed(starting, tmp_path):
    server = subprocess.Popen(["/bin/sh", "-c", f"sleep 300 & echo $!; wait; : {tmp_path}"], stdout=subprocess.PIPE)
    other = subprocess.Popen(["/bin/sleep", "300"])
    child = int(server.stdout.readline())
    starting.kill(starting.ray_processes(tmp_path))
    assert server.wait(timeout=60) == -9
    deadline = time.monotonic() + 60
    while starting._command_line(child) and time.monotonic() < deadline:
        threading.Event().wait(0.01)  # time.sleep returns at once here
    assert starting._command_line(child) == b""
    assert other.poll() is None
    other.kill()
    other.wait()
    server.stdout.close()


BROKEN = """
import os
from study.cluster.ray_environment import prepare_environment
prepare_environment()
import study.cluster.ray_start as starting
from study.cluster.local import own_cluster
from ray._private import node
starting.PAUSES_S = (0.0, 0.0)
node.Node.start_ray_processes = lambda self: 1 / 0  # after the control process has started
try:
    with own_cluster():
        pass
except Exception as error:
    print(type(error).__name__, error, flush=True)
    for entry in os.listdir("/proc"):
        try:
            line = open(f"/proc/{entry}/cmdline").read()
            parent = open(f"/proc/{entry}/stat").read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(os.getpid()) and "gcs_server" in line:
            print("left running:", line)
"""


@pytest.mark.slow
def test_a_cluster_that_fails_halfway_leaves_no_process_and_its_message_names_rays_logs():
    answer = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, timeout=300, check=True)
    (line,) = answer.stdout.splitlines()
    start = "RayFailedError Ray did not start on this machine in 3 tries: division by zero; Ray's logs: "
    assert line.startswith(start)
    logs = Path(line.removeprefix(start))
    assert any(logs.glob("gcs_server*"))
    subprocess.run(["/bin/rm", "-r", logs.parent.parent], check=True)
