"""A study that trains on this machine is stopped, from another process, after the epochs in progress, and resumed."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factories import read_records
from study.cli import main
from trainables.records import log_path
from trainables.training.checkpoint import checkpoint_path, load_checkpoint

pytestmark = pytest.mark.slow

GCE_STUDY = Path(sys.executable).parent / "gce-study"
STUDY = """
name: small
dataset: {{kind: synthetic, train_per_class: 12, test_per_class: 3}}
arms: [{{name: cce, loss: {{name: cce}}}}]
seeds: 2
training: {{epochs: 15, batch_size: 16}}
resources: {{max_concurrent: 2}}
storage: {storage}
"""


def test_stop_lets_the_runs_finish_their_epoch_and_resume_continues_them(tmp_path, capsys):
    storage = tmp_path / "storage"
    file = tmp_path / "small.yaml"
    file.write_text(STUDY.format(storage=storage))
    with (tmp_path / "output").open("w") as output:
        command = [GCE_STUDY, "run", file]
        running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    while len(list((storage / "checkpoints").glob("*.pt"))) < 2:
        assert running.poll() is None, (tmp_path / "output").read_text()
        time.sleep(0.2)
    assert main(["stop", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "small: stopped; records and checkpoints are kept"
    assert running.wait(timeout=30) == 130
    assert re.search(r"^stopping: 2 runs finish their epoch first$", (tmp_path / "output").read_text(), re.MULTILINE)
    assert read_records(storage) == {}
    epochs = {}
    for path in (storage / "checkpoints").glob("*.pt"):
        checkpoint = load_checkpoint(checkpoint_path(storage, path.stem))
        assert checkpoint is not None
        epochs[path.stem] = len(checkpoint.trained.curve)

    again = [GCE_STUDY, "resume", "small", "--storage", storage]
    resumed = subprocess.run(again, capture_output=True, text=True, timeout=200, check=False)
    assert resumed.returncode == 0, resumed.stderr
    assert {record.status for record in read_records(storage).values()} == {"complete"}
    for run_id, epoch in epochs.items():
        log = log_path(storage, run_id).read_text()
        assert re.findall(r"(?:starts|resumes) at epoch (\d+)", log) == ["1", str(epoch + 1)]
    assert main(["wait", str(file)]) == 0
    assert main(["logs", str(file)]) == 0
    log = capsys.readouterr().out
    assert "stop requested by process" in log
    assert log.count("cce, seed ") >= 2
