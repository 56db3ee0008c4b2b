"""Processes of runs that cannot start: the study ends all the same, with the reason."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from small_studies import small_study

pytestmark = pytest.mark.slow

# Python runs this at the start of every process; it breaks the workers of Ray alone.
BROKEN = """
import os, sys
if any(word.endswith("default_worker.py") for word in sys.orig_argv):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "torch":
                if os.environ["FAULT"] == "import":
                    raise ImportError("libfoo.so.1: cannot open shared object file")
                os.kill(os.getpid(), 11)
    if os.environ["FAULT"] == "start":
        os.write(2, b"SystemExit: a library is broken\\n")  # at once: processes that start together share the file
        os._exit(1)
    sys.meta_path.insert(0, Broken())
"""
RUN = """
import sys, study.cli
from study.cluster.ray_environment import prepare_environment
prepare_environment()
import study.engine.trials.standstill, study.engine.trials.searcher
study.engine.trials.searcher.LOST_PROCESSES = 1
standstill = study.engine.trials.standstill
standstill.SILENT_S, standstill.REPEAT_S, standstill.GIVE_UP_S = 5, 5, int(sys.argv[2])
sys.exit(study.cli.main(["run", sys.argv[1]]))
"""


def run(folder, fault):
    """Run a study whose workers have a fault; return its process, which has ended."""
    (folder / "sitecustomize.py").write_text(BROKEN)
    file = small_study(folder, "lost", training={"epochs": 1, "batch_size": 8})
    return subprocess.run(
        [sys.executable, "-c", RUN, file, "30" if fault == "start" else "200"],
        env=os.environ | {"PYTHONPATH": str(folder), "FAULT": fault},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """For each fault the folder of a study and a future of its process; two studies run at once, since they wait."""
    folders = {fault: tmp_path_factory.mktemp(fault) for fault in ("start", "import", "crash")}
    with ThreadPoolExecutor(2) as pool:
        yield {fault: (folder, pool.submit(run, folder, fault)) for fault, folder in folders.items()}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("import", "ImportError: libfoo.so.1: cannot open shared object file"),
        ("crash", "it ended without a Python error; its last line: Fatal Python error: Segmentation fault"),
    ],
)
def test_runs_whose_processes_die_before_their_first_step_fail_with_the_reason_and_the_study_ends(ended, fault, reason):
    folder, ending = ended[fault]
    study = ending.result()
    assert study.returncode == 1, study.stderr
    failed = f"failed: its process died 2 times without an epoch in between; the last time: {reason}"
    for seed in range(2):
        (line,) = [line for line in study.stderr.splitlines() if line.startswith(f"lost: cce, seed {seed}: failed")]
        assert failed in line
        assert f"log: {folder / 'storage' / 'logs'}" in line
    assert "Traceback" not in study.stderr
    assert not any("Trial" in line or "raylet" in line for line in study.stdout.splitlines())


def test_if_ray_cannot_start_a_process_at_all_the_study_states_it_and_ends(ended):
    study = ended["start"][1].result()
    assert study.returncode == 1
    stuck = "waiting for Ray to start a process; the last line of one that ended: SystemExit: a library is broken"
    # How soon a process has ended, and how late a line is, depends on the machine.
    waited = [int(seconds) for seconds in re.findall(rf"lost: no run has started for (\d+) s: {stuck}", study.stderr)]
    assert waited
    assert waited[0] in range(5, 30)
    (last,) = [line for line in study.stderr.splitlines() if line.startswith("gce-study: ")]
    assert int(re.match(r"gce-study: no run has started for (\d+) s: ", last)[1]) >= 30
    assert f"{stuck}; Ray's logs: " in last
    assert "continue with: gce-study run" in study.stderr
    logs = Path(last.partition("Ray's logs: ")[2])
    assert any(logs.glob("raylet*"))
    shutil.rmtree(logs.parent.parent)
