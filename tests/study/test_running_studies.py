"""Studies while they run, as the machine and other commands see them; and how they end."""

import os
import subprocess
from types import SimpleNamespace

import pytest

from factories import GCE_STUDY, read_records
from small_studies import STUDY, gce_study, start_and_wait, write_study
from watching import LOOPBACK, listening, started_by

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """A study with a dashboard that is observed from outside while it trains, then ended by SIGTERM."""
    folder = tmp_path_factory.mktemp("observed")
    long = STUDY.replace("epochs: {epochs}", "epochs: {epochs}, stop_after: {epochs}")
    path, storage = write_study(folder, epochs=10_000, text=long), folder / "storage"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDY_UNDER_TEST", marker := f"observed-{os.getpid()}")
        process = start_and_wait(path, storage, "--dashboard", "--port", "0")
    try:
        addresses = listening(started_by(marker))
        second = gce_study("run", path)
        status = gce_study("status", "small", "--storage", storage)
    finally:
        process.terminate()
        printed, errors = process.communicate(timeout=200)
        left = [command for command in started_by(marker).values() if "dashboard.served" in command]
    ending = {"process": process, "printed": printed, "errors": errors, "left": left}
    return SimpleNamespace(path=path, addresses=addresses, second=second, status=status, **ending)


def test_nothing_listens_beyond_loopback(observed):
    assert len(observed.addresses) > 3
    assert set(observed.addresses) <= LOOPBACK


def test_a_second_run_is_refused_and_told_who_holds_the_study(observed):
    assert observed.second.returncode == 2
    assert f"study small is being run by process {observed.process.pid} of " in observed.second.stderr
    assert f"run by process {observed.process.pid}" in observed.status.stdout
    assert "running: " in observed.status.stdout


def test_sigterm_ends_the_study_and_its_dashboard_in_order_and_says_how_to_go_on(observed):
    assert observed.process.returncode == 143
    assert observed.errors.count(f"continue with: gce-study run {observed.path}") == 1
    assert "Traceback" not in observed.errors
    assert "dashboard: http://127.0.0.1:" in observed.printed
    assert observed.left == []


def test_two_studies_that_share_runs_train_each_once_and_both_end(tmp_path):
    one = write_study(tmp_path, name="one", epochs=6)
    two = write_study(tmp_path, name="two", epochs=6)
    gce_study("check", one)  # makes the sounds
    processes = [
        subprocess.Popen([GCE_STUDY, "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for path in (one, two)
    ]
    ends = [process.communicate(timeout=280) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    records = read_records(tmp_path / "storage")
    assert len(records) == 6
    assert {r.provenance.attempt_count for r in records.values()} == {1}
    assert list((tmp_path / "storage" / "running").iterdir()) == []
    for name in ("one", "two"):
        assert "6 of 6 runs recorded" in gce_study("status", name, "--storage", tmp_path / "storage").stdout
