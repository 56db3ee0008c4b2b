"""A storage location that is lost while a study runs: the study ends in order, and nothing is written in its place."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from factories import GCE_STUDY
from small_studies import small_study

pytestmark = pytest.mark.slow


def lose(folder, lost):
    """Run a study whose storage location is moved once it trains; return its code, its errors, and how long it lasted.

    With ``replaced``, an empty folder takes its place.
    """
    storage, file = folder / "storage", small_study(folder, "moved", resources={"max_concurrent": 1})
    study = subprocess.Popen([GCE_STUDY, "run", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 300
        while not [*storage.glob("checkpoints/*.pt")]:
            assert study.poll() is None, study.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        storage.rename(folder / "elsewhere")
        if lost == "replaced":
            storage.mkdir()
        began = time.monotonic()
        _, errors = study.communicate(timeout=200)
        return study.returncode, errors, time.monotonic() - began
    finally:
        study.kill()


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The folder and the end of a study for each way to lose its storage location; both run at once."""
    folders = {lost: tmp_path_factory.mktemp(lost) for lost in ("moved", "replaced")}
    with ThreadPoolExecutor() as pool:
        yield {lost: (folder, pool.submit(lose, folder, lost)) for lost, folder in folders.items()}


@pytest.mark.parametrize("lost", ["moved", "replaced"])
def test_the_study_ends_within_seconds_with_one_line_and_writes_nothing_there(ended, lost):
    folder, ending = ended[lost]
    code, errors, seconds = ending.result()
    storage = folder / "storage"
    assert code == 1, errors
    (line,) = [line for line in errors.splitlines() if line.startswith("gce-study: ")]
    assert f"{storage}: the folder with which this process began was moved, deleted, replaced or unmounted" in line
    assert "Traceback" not in errors
    assert seconds < 60
    assert list(Path(storage).iterdir() if Path(storage).exists() else []) == []
