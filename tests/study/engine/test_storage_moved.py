"""A storage location that is lost while a study runs: the study ends in order, and nothing is written in its place."""

import subprocess
import time
from pathlib import Path

import pytest

from factories import GCE_STUDY, small_study

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("lost", ["moved", "replaced"])
def test_the_study_ends_within_seconds_with_one_line_and_writes_nothing_there(tmp_path, lost):
    storage, file = tmp_path / "storage", small_study(tmp_path, "moved")
    study = subprocess.Popen([GCE_STUDY, "run", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not [*storage.glob("checkpoints/*.pt")]:
            assert study.poll() is None, study.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        storage.rename(tmp_path / "elsewhere")
        if lost == "replaced":
            storage.mkdir()
        began = time.monotonic()
        _, errors = study.communicate(timeout=90)
        seconds = time.monotonic() - began
    finally:
        study.kill()
    assert study.returncode == 1, errors
    (line,) = [line for line in errors.splitlines() if line.startswith("gce-study: ")]
    assert f"{storage}: the folder with which this process began was moved, deleted, replaced or unmounted" in line
    assert "Traceback" not in errors
    assert seconds < 60
    assert list(Path(storage).iterdir() if Path(storage).exists() else []) == []
