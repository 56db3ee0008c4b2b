"""Scripts that run studies, as a user would write them: without a guard, beside files of any name."""

import subprocess
import sys

import pytest

from analysis.results.study_state import read_progress
from factories import GCE_STUDY, read_records
from plugin_files import FOCAL, write_plugin
from trainables.storage.location import location
from watching import until

pytestmark = pytest.mark.slow

HEAD = """
from study import Study, run

def tiny(name, epochs=2, **keys):
    arms = [{"name": "cce", "loss": {"name": "cce"}}]
    given = {"arms": arms, "seeds": 1} | keys
    data = {"kind": "synthetic", "train_per_class": 12, "test_per_class": 3}
    training = {"epochs": epochs, "batch_size": 16, "stop_after": 10_000}
    return Study(name=name, dataset=data, training=training, storage="runs", resources={"max_concurrent": 1}, **given)
"""
TWO_STUDIES = """
import os
before = dict(os.environ)
first = run(tiny("first"))
second = run(tiny("second", seeds=2))
print(first.best().configuration, second.runs.status.tolist())
assert dict(os.environ) == before

import ray
ray.init(num_cpus=1, include_dashboard=False)
print(ray.get(ray.remote(lambda: "ray still works").remote()))
"""
IN_A_THREAD = """
import threading, time
ended = []

def work():
    try:
        run(tiny("long", epochs=10_000))
    except KeyboardInterrupt as interrupt:
        ended.append(str(interrupt))

thread = threading.Thread(target=work)
thread.start()
print("started", flush=True)
thread.join()
print(ended)
"""
A_LOSS = """
import my_losses
focal = my_losses.Focal(name="mine.focal", gamma=1.0)
results = run(tiny("focal", arms=[{"name": "focal", "loss": focal}]))
print(results.runs.status.tolist(), results.best().loss)
"""
TYPED = """
from study import SpecError, Study, check, run
from trainables.losses.catalogue import GCE

data = {"kind": "synthetic"}
first = Study(name="a", dataset=data, arms=[{"name": "cce", "loss": {"name": "cce"}}], seeds=2)
arms = [{"name": "gce", "loss": {"name": "gce", "q": {"values": [0.5, 0.7]}}}]
second = Study(name="b", dataset=data, arms=arms, seeds=[1, 2], training={"epochs": 3}, controls=["fixed_q"])
third = Study(name="c", dataset=data, arms=[{"name": "gce", "loss": GCE(name="gce", q=0.7)}], seeds=2)
seconds: float | None = check(first).seconds
accuracies: list[float] = run(second, retry_failed=True).runs.test_accuracy.tolist()
problems: list[str] = SpecError([]).problems
"""


def start(folder, text):
    (folder / "script.py").write_text(HEAD + text)
    command = [sys.executable, "script.py"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    output, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors
    return output, errors


@pytest.fixture(scope="module", autouse=True)
def checking(tmp_path_factory):
    """Return a process that checks the types of a script, which takes long: it works beside the other tests."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "user.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", folder / "cache", "user.py"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_script_runs_studies_one_after_the_other_and_ray_for_itself_afterwards(tmp_path):
    output, errors = end(start(tmp_path, TWO_STUDIES))
    printed = output.splitlines()
    assert "cce ['complete', 'complete']" in printed
    assert printed[-1] == "ray still works"
    assert "first: cce, seed 0: complete, validation" in errors
    assert len(read_records(tmp_path / "runs")) == 2  # both studies have the run of seed 0


def test_a_study_in_a_thread_ends_when_the_command_asks_for_it(tmp_path):
    process = start(tmp_path, IN_A_THREAD)
    assert process.stdout.readline() == "started\n"
    until(lambda: read_progress(location(tmp_path / "runs"), "long").running, "the first run", seconds=200)
    command = [GCE_STUDY, "cancel", "long", "--storage", tmp_path / "runs"]
    cancelled = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert cancelled.stdout.endswith("long: cancelled; records and checkpoints are kept\n")
    output, errors = end(process)
    assert output == "['interrupted by SIGTERM']\n"
    assert "long: nothing recorded is lost; continue with: run(study)" in errors


def test_a_loss_of_an_imported_file_is_trained(tmp_path):
    # A process that trains does not import what lies beside the script.
    elsewhere = f"import sys\n        assert {str(tmp_path)!r} not in sys.path\n\n        def focal("
    write_plugin(tmp_path / "my_losses.py", FOCAL.replace("def focal(", elsewhere))
    output, _ = end(start(tmp_path, A_LOSS))
    assert output.splitlines()[-1] == "['complete'] {'name': 'mine.focal', 'gamma': 1.0}"


def test_a_strict_type_checker_accepts_the_examples(checking):
    printed, _ = checking.communicate(timeout=300)
    assert (printed, checking.returncode) == ("Success: no issues found in 1 source file\n", 0)
