"""Studies in a real Jupyter kernel."""

import os
import signal
import threading
import time

import nbformat
import pytest
from nbclient import NotebookClient

from analysis.results.study_state import read_progress
from factories import read_records
from study.ledger.claim import owner
from trainables.storage.location import location

pytestmark = pytest.mark.slow

DEFINE = """
from study import Study, check, run
data = {{"kind": "synthetic", "train_per_class": 12, "test_per_class": 3}}
arms = [{{"name": "gce", "loss": {{"name": "gce", "q": {{"values": [0.5, 0.7]}}}}}}]
training = {{"epochs": {epochs}, "batch_size": 16, "stop_after": 10_000}}
study = Study(name="tiny", dataset=data, arms=arms, seeds=1, training=training, storage="runs")
"""
RUN = "results = run(study)\nresults"
WAITING = "tiny: no run has started for "  # printed where a process of Ray takes long to start
AWAIT = "import asyncio\nawait asyncio.sleep(0)\nresults.runs.status.tolist()"
AGAIN = """
short = Study(name="short", dataset=data, arms=arms, seeds=1, training={"epochs": 1, "batch_size": 16}, storage="runs")
run(short)
"""


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A client that executes the cells of a notebook in a folder of its own."""
    for variable in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))

    def opened(*cells):
        content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        where = {"metadata": {"path": str(tmp_path)}}
        return NotebookClient(content, timeout=500, kernel_name="python3", allow_errors=True, resources=where)

    return opened


def texts(cell):
    """What each output of a cell shows, as plain text, without notices of a slow machine."""
    shown = (output["text"] if "text" in output else output["data"]["text/plain"] for output in cell.outputs)
    return [text for text in shown if not text.startswith(WAITING)]


def test_a_notebook_runs_a_study_and_shows_its_progress_in_one_output_and_its_result(notebook):
    client = notebook(DEFINE.format(epochs=2), "check(study)", RUN, AWAIT)
    client.execute()
    defined, checked, run, table = client.nb.cells
    assert defined.outputs == []
    assert "tiny: 2 runs named (1 seed), 0 recorded, 2 left" in checked.outputs[0]["data"]["text/html"]
    *before, progress, report, weights, result = texts(run)
    assert set(before) <= {""}  # what was shown while the frames were computed
    assert progress.startswith("tiny  ████████████████████  2/2 · ")
    assert "gce q=0.7, seed 0: complete, validation" in progress
    assert report.endswith("studies/tiny/report/report.html\n")
    assert weights.startswith("weights: 1 of 1 run of the choice")
    assert result == "<study tiny: 2 of 2 runs recorded>"
    assert run.outputs[-1]["data"]["text/html"].startswith("<h3>tiny</h3>")
    assert sum(map(len, texts(run))) < 1500
    assert texts(table) == ["['complete', 'complete']"]


def interrupt_when_training(client, storage):
    """Do what a notebook's button does, once both runs have a checkpoint."""
    limit = time.monotonic() + 400
    while sum(epoch > 1 for epoch, _ in read_progress(storage, "tiny").running.values()) < 2:
        if time.monotonic() > limit:
            return
        time.sleep(0.2)
    os.killpg(os.getpgid(client.km.provisioner.process.pid), signal.SIGINT)


def test_an_interrupt_of_the_kernel_ends_a_study_and_leaves_the_kernel_as_it_was(notebook, tmp_path):
    client = notebook(DEFINE.format(epochs=10_000), RUN, "print('alive')", AGAIN)
    storage = location(tmp_path / "runs")
    interrupting = threading.Thread(target=interrupt_when_training, args=(client, storage))
    interrupting.start()
    client.execute()
    interrupting.join()
    _, interrupted, alive, short = client.nb.cells
    error = interrupted.outputs[-1]
    printed = "".join(output["text"] for output in interrupted.outputs if output["output_type"] == "stream")
    assert (error["ename"], error["evalue"]) == ("Interrupted", "interrupted by SIGINT")
    assert len(error["traceback"]) < 8
    told = [line for line in printed.splitlines() if not line.startswith(WAITING)]
    assert told == ["tiny: nothing recorded is lost; continue with: run(study) in Python"]
    assert owner(storage, "tiny") is None
    assert len(list((tmp_path / "runs" / "checkpoints").glob("*.pt"))) == 2
    assert texts(alive) == ["alive\n"]
    assert texts(short)[-1] == "<study short: 2 of 2 runs recorded>"
    assert len(read_records(tmp_path / "runs")) == 2
