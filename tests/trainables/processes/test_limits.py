import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from trainables.processes import limits
from trainables.processes.limits import how_ended, oom_kills, usable_cpus

HIERARCHIES = {
    1: "30 23 0:28 {root} {mount} rw - cgroup cgroup rw,cpu,cpuacct\n",
    2: "30 23 0:28 {root} {mount} rw - cgroup2 none rw\n",
}
LINES = {1: "4:cpu,cpuacct:{path}\n3:cpuset:/other\n", 2: "0::{path}\n"}


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine of 64 CPUs without limits."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    monkeypatch.delenv("SLURM_CPUS_ON_NODE", raising=False)


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """A function that puts this process into a cgroup of a made-up tree, and returns the cgroup's folder."""
    tree, process = Path(str(tmp_path)) / "cg roup", Path(str(tmp_path)) / "process"
    process.mkdir()
    monkeypatch.setattr(limits, "PROCESS", process)

    def put(path, version=2, root="/", below=None):
        mount = str(tree).replace(" ", r"\040")
        (process / "mountinfo").write_text(HIERARCHIES[version].format(root=root, mount=mount))
        (process / "cgroup").write_text(LINES[version].format(path=path))
        folder = tree / (path if below is None else below).lstrip("/")
        folder.mkdir(parents=True)
        return folder

    return put


def test_without_a_limit_all_cpus_are_usable(cgroup):
    (cgroup("/a") / "cpu.max").write_text("max 100000\n")
    assert usable_cpus() == 64


@pytest.mark.parametrize(("quota", "cpus"), [(800_000, 8), (250_000, 2), (50_000, 1)])
def test_the_quota_of_the_cgroup_is_rounded_down_to_whole_cpus_but_at_least_one(cgroup, quota, cpus):
    (cgroup("/a/b") / "cpu.max").write_text(f"{quota} 100000\n")
    assert usable_cpus() == cpus


def test_the_quota_of_a_cgroup_above_counts(cgroup):
    folder = cgroup("/a/b/c")
    (folder / "cpu.max").write_text("800000 100000\n")
    (folder.parent.parent / "cpu.max").write_text("300000 100000\n")
    assert usable_cpus() == 3


@pytest.mark.parametrize(
    "line", ["31 23 0:29 / /data rw -  fuse  rw", "32 23 0:30 / /a\x0cb\u2028c rw - tmpfs none rw", "33 23 0:31 / / rw"]
)
def test_a_mount_of_another_kind_is_passed_over_whatever_its_line_holds(cgroup, tmp_path, line):
    (cgroup("/a") / "cpu.max").write_text("300000 100000\n")
    mounts = Path(str(tmp_path)) / "process" / "mountinfo"
    mounts.write_text(line + "\n31 23 0:29 / /b rw - tmpfs  rw\n" + mounts.read_text())
    assert usable_cpus() == 3


def test_a_quota_without_a_period_is_no_limit(cgroup):
    (cgroup("/a") / "cpu.max").write_text("300000 0\n")
    assert usable_cpus() == 64


@pytest.mark.parametrize("path", ["/", "/../outside"])
def test_the_quota_of_a_container_is_at_the_root_of_its_tree(cgroup, path):
    (cgroup(path, below="") / "cpu.max").write_text("300000 100000\n")
    assert usable_cpus() == 3


def test_the_quota_of_version_1_counts(cgroup):
    folder = cgroup("/a", version=1)
    (folder / "cpu.cfs_quota_us").write_text("500000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus() == 5


def test_a_quota_of_minus_1_is_no_limit(cgroup):
    folder = cgroup("/a", version=1)
    (folder / "cpu.cfs_quota_us").write_text("-1\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus() == 64


def test_a_container_of_which_the_path_of_the_host_is_known_has_its_quota(cgroup):
    folder = cgroup("/docker/1234/work", version=1, root="/docker/1234", below="work")
    (folder.parent / "cpu.cfs_quota_us").write_text("200000\n")
    (folder.parent / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus() == 2


def test_the_number_that_slurm_has_allocated_counts(cgroup, monkeypatch):
    cgroup("/a")
    monkeypatch.setenv("SLURM_CPUS_ON_NODE", "6")
    assert usable_cpus() == 6


def test_a_system_without_cgroups_has_the_cpus_of_the_affinity_mask(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "PROCESS", Path(str(tmp_path)))
    assert usable_cpus() == 64


PRINT = "from trainables.processes.limits import usable_cpus; print(usable_cpus())"


@pytest.mark.parametrize(("hard", "count"), [(300, 300), (250, 250)])
def test_as_many_files_may_be_open_as_the_system_permits(hard, count):
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, {hard}))\n"
        "from trainables.processes.limits import allow_open_files\n"
        "print(allow_open_files(100), allow_open_files(300), resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == f"100 {count} ({count}, {hard})\n"


def test_taskset_decides_on_the_cpus():
    done = subprocess.run(
        ["/usr/bin/env", "taskset", "-c", "0", sys.executable, "-c", PRINT], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"


@pytest.fixture
def real_cgroup():
    """A function that makes a real cgroup with limits; skip the test where that is not allowed."""
    made = []

    def make(controller, limits):
        name = f"gce-study-test-{os.getpid()}"
        for parent in (Path("/sys/fs/cgroup") / controller, Path("/sys/fs/cgroup")):  # of version 1, of version 2
            with suppress(OSError):
                (parent / name).mkdir()
                made.append(parent / name)
            files = [file for file in limits if (parent / name / file).exists()]
            with suppress(OSError):
                for file in files:
                    (parent / name / file).write_text(limits[file])
                if files:
                    return parent / name
        pytest.skip("this user may not limit cgroups here")

    yield make
    for folder in made:
        folder.rmdir()


def inside(cgroup, code):
    """Run Python code in a cgroup and return what it prints."""
    command = 'echo $$ > "$1"/cgroup.procs && exec "$2" -c "$3"'
    arguments = ["bash", "-c", command, "-", cgroup, sys.executable, code]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=100, check=True).stdout


def test_a_real_quota_decides_on_the_cpus(real_cgroup):
    cgroup = real_cgroup("cpu", {"cpu.max": "100000 100000", "cpu.cfs_quota_us": "100000"})
    assert inside(cgroup, PRINT) == "1\n"


MEMORY = "100000000"
EXHAUST = """
import subprocess, sys
from trainables.processes.limits import how_ended, oom_kills
before = oom_kills()
child = subprocess.run([sys.executable, "-c", "x = bytearray(600_000_000); print(len(x))"], stdout=subprocess.DEVNULL)
print(how_ended(child.returncode, before))
"""


def test_a_process_that_a_real_system_killed_for_memory_is_reported_as_such(real_cgroup):
    cgroup = real_cgroup("memory", {"memory.max": MEMORY, "memory.swap.max": "0", "memory.limit_in_bytes": MEMORY})
    assert inside(cgroup, EXHAUST) == "was killed by the system because memory ran out\n"


@pytest.mark.parametrize(
    ("exit_code", "text"),
    [
        (1, "ended with exit code 1"),
        (-11, "was killed by SIGSEGV"),
        (-9, "was killed by SIGKILL"),
        (-40, "was killed by signal 40"),
    ],
)
def test_how_a_process_ended_is_stated_and_not_guessed(exit_code, text):
    assert how_ended(exit_code, oom_kills()) == text
