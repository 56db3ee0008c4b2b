"""Nothing is imported from the folder in which a command is started, by any process."""

import os
import subprocess
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile

from factories import GCE_STUDY, read_records
from trainables.provenance import code_digest
from trainables.storage.location import location

pytestmark = pytest.mark.slow

MODULES = (
    *("json", "numpy", "pandas", "pydantic", "ray", "scipy", "signal", "socket", "soundfile", "torch", "torchaudio"),
    *("multiprocessing", "sitecustomize", "usercustomize", "random", "typing_extensions", "dash", "flask"),
)
PACKAGES = ("analysis", "study", "trainables")
# Leaves a trace before it raises, in case the error is caught.
HOSTILE = """
with open({trace!r}, "a") as file:
    file.write(__name__ + " imported by " + " ".join(__import__("sys").argv) + "\\n")
raise RuntimeError("imported from the working folder")
"""
STUDY = """
name: small
dataset: {{kind: folder, root: {folder}/sounds}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
seeds: 1
training: {{epochs: 1, batch_size: 4}}
resources: {{max_concurrent: 1}}
storage: {folder}/storage
"""


def write_study(folder, rate=44_100):
    random = np.random.default_rng(0)
    for label in ("rain", "wind"):
        (folder / "sounds" / label).mkdir(parents=True)
        for i in range(8):
            soundfile.write(folder / "sounds" / label / f"{i}.wav", random.uniform(-0.5, 0.5, rate), rate)
    (folder / "small.yaml").write_text(STUDY.format(folder=folder))


def fill(folder):
    """Write a study, its sounds, and Python files with the names of modules that commands and processes import."""
    text = HOSTILE.format(trace=str(folder / "trace"))
    for name in MODULES:
        (folder / f"{name}.py").write_text(text)
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(text)
    write_study(folder)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = Path(str(tmp_path_factory.mktemp("hostile")))
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"GCE_STUDY_CACHE": str(tmp_path_factory.mktemp("cache"))}


def imported(folder):
    trace = folder / "trace"
    return trace.read_text() if trace.exists() else ""


# In this order: a run's records are what a report is of.
@pytest.mark.parametrize(
    "arguments",
    [
        "check small.yaml",
        "run small.yaml",
        "status small --storage storage",
        "report small --storage storage",
        "data describe sounds",
    ],
)
def test_a_command_and_its_processes_import_nothing_from_the_working_folder(hostile, environment, arguments):
    command = [GCE_STUDY, *arguments.split()]
    done = subprocess.run(
        command, cwd=hostile, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert imported(hostile) == ""
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_installed_code_has_trained_and_the_record_states_it(hostile, environment):
    subprocess.run(
        [GCE_STUDY, "run", "small.yaml"], cwd=hostile, env=environment, capture_output=True, timeout=240, check=True
    )
    (record,) = read_records(location(str(hostile / "storage"))).values()
    assert (record.status, record.provenance.code_digests) == ("complete", (code_digest(),))


def test_the_dashboard_imports_nothing_from_the_working_folder(hostile, environment):
    command = [GCE_STUDY, "dashboard", "--storage", "storage", "--port", "0"]
    with subprocess.Popen(command, cwd=hostile, env=environment, stdout=subprocess.PIPE, text=True) as dashboard:
        try:
            address = dashboard.stdout.readline().split()[-1]
            with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 -- loopback
                status = answer.status
        finally:
            dashboard.terminate()
    assert imported(hostile) == ""
    assert status == 200


def test_a_library_that_frames_need_and_that_cannot_be_imported_is_one_line(environment, tmp_path):
    folder = Path(str(tmp_path))
    write_study(folder, rate=48_000)  # so that torchaudio is needed
    (folder / "broken").mkdir()
    (folder / "broken" / "torchaudio.py").write_text("raise ImportError('libtorch is missing')")
    broken = environment | {"PYTHONPATH": str(folder / "broken")}
    done = subprocess.run(
        [GCE_STUDY, "run", folder / "small.yaml"], env=broken, capture_output=True, text=True, timeout=240, check=False
    )
    assert "a process that computes frames cannot import what it needs: libtorch is missing" in done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


@pytest.mark.clusters
def test_a_job_on_a_cluster_imports_nothing_from_its_home(start_head):
    head = start_head()
    fill(head.folder)  # the home of the driver, and the folder of the client
    submitted = head.study("submit", "small.yaml")
    ended = head.study("wait", "small")
    assert imported(head.folder) == ""
    assert (submitted.returncode, ended.returncode) == (0, 0), head.study("logs", "small").stdout
