"""A process ends when the one that it depends on has ended, even if that one stays as a zombie."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from trainables.processes.watchdog import began

DEPENDS = """
import os, subprocess, sys, time
from trainables.processes import watchdog
if sys.argv[1:] == ["parent"]:
    watchdog.name_driver()
    os.environ["RAY_RAYLET_PID"] = str(os.getpid())
    subprocess.Popen([sys.executable, __file__, {how!r}, str(os.getpid())], start_new_session=True)
    time.sleep(300)
how, parent = sys.argv[1:]
if how == "parent only":
    watchdog.end_with_parent(int(parent))
elif how == "driver only":
    del os.environ["RAY_RAYLET_PID"]
    watchdog.end_with_raylet()
else:
    watchdog.end_with_raylet()
print(os.getpid(), flush=True)
time.sleep(300)
"""


@pytest.fixture(params=["parent only", "driver only", "raylet"])
def pair(request, tmp_path):
    """A process that started another one, which depends on it, and the pid of the other."""
    script = tmp_path / "depends.py"
    script.write_text(DEPENDS.format(how=request.param))
    with subprocess.Popen([sys.executable, script, "parent"], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        yield parent, child
        parent.kill()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def ends(pid, within_s):
    deadline = time.monotonic() + within_s
    while began(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not began(pid)


def test_it_ends_with_a_killed_parent_that_is_not_reaped(pair):
    parent, child = pair
    parent.kill()
    assert ends(child, 60)
    assert Path(f"/proc/{parent.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    os.kill(parent.pid, 0)  # which a process that asks takes for a sign of life


def test_it_lives_on_while_its_parent_is_only_stopped(pair):
    parent, child = pair
    parent.send_signal(signal.SIGSTOP)
    assert not ends(child, 1.5)


def test_a_parent_that_ended_before_the_watchdog_began_ends_it_at_once():
    code = "import time; from trainables.processes import watchdog; watchdog.end_with_parent(4194303); time.sleep(600)"
    assert subprocess.run([sys.executable, "-c", code], timeout=200, check=False).returncode == 1


def test_a_process_that_has_another_ones_pid_is_not_taken_for_it():
    module = "trainables.processes.watchdog"
    code = f"import os, time; from {module} import end_with; end_with({{os.getppid(): '1'}}); time.sleep(600)"
    assert subprocess.run([sys.executable, "-c", code], timeout=200, check=False).returncode == 1
