"""Workers of a killed study, in a container whose first process does not reap the processes that end."""

import os
import shutil
import subprocess

import pytest
import random_kills

from small_studies import small_study
from watching import until

pytestmark = pytest.mark.slow


@pytest.fixture
def first():
    """The first process of a PID namespace, which only sleeps."""
    command = [shutil.which("unshare") or "unshare", "--fork", "--pid", "--mount-proc", "--", "true"]
    if os.getuid() or not shutil.which("nsenter") or subprocess.run(command, check=False).returncode:
        pytest.skip("needs root, unshare and nsenter, to make a PID namespace")
    with random_kills.namespace() as pid:
        yield pid


def test_idle_workers_of_a_killed_driver_end_though_their_raylet_stays_as_a_zombie(first, tmp_path):
    small_study(tmp_path, "killed")
    run = random_kills.Run(first, tmp_path)
    until(lambda: len([*tmp_path.glob("storage/checkpoints/*.pt")]) == 2, "two runs that train", seconds=300)
    assert any("RunTrainable" in command or "ray::" in command for command in random_kills.left_running(first))
    run.kill(stopped_s=6.0)  # meanwhile the workers finish their epoch and wait for the next one
    until(lambda: random_kills.left_running(first) == [], "the end of the workers")
