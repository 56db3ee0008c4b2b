"""A study that trains on this machine is stopped, from another process, after the epochs in progress."""

import re
import subprocess
import time

import pytest

from factories import GCE_STUDY, read_records
from small_studies import small_study
from study.cli import main
from trainables.training.checkpoint import checkpoint_path, load_checkpoint

pytestmark = pytest.mark.slow


def test_stop_lets_the_runs_finish_their_epoch(tmp_path, capsys):
    storage = tmp_path / "storage"
    file = small_study(tmp_path, "small", resources={"max_concurrent": 2})
    with (tmp_path / "output").open("w") as output:
        command = [GCE_STUDY, "run", file]
        running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    while len(list((storage / "checkpoints").glob("*.pt"))) < 2:
        assert running.poll() is None, (tmp_path / "output").read_text()
        time.sleep(0.2)
    assert main(["stop", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "small: stopped; records and checkpoints are kept"
    assert running.wait(timeout=200) == 130
    assert re.search(r"^stopping: 2 runs finish their epoch first$", (tmp_path / "output").read_text(), re.MULTILINE)
    assert read_records(storage) == {}
    for path in (storage / "checkpoints").glob("*.pt"):
        checkpoint = load_checkpoint(checkpoint_path(storage, path.stem))
        assert checkpoint is not None
        assert 1 <= len(checkpoint.trained.curve) < 10_000
        assert (storage / "running" / path.stem).holder() is None
    assert main(["wait", str(file)]) == 1
    assert main(["logs", str(file)]) == 0
    log = capsys.readouterr().out
    assert "stop requested by process" in log
    assert log.endswith("ended: interrupted by SIGINT\n")
