"""Whole studies through the command line, on a real Ray cluster of this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainables.records import read_plan, read_records

GCE_STUDY = Path(sys.executable).parent / "gce-study"
STUDY = """
name: {name}
dataset: {{kind: synthetic, train_per_class: 12, test_per_class: 3}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: [100, 10000]}}}}}}
seeds: 2
training: {{epochs: {epochs}, batch_size: 16}}
resources: {{max_concurrent: 2}}
storage: {storage}
"""


def write_study(folder, name="small", epochs=3, storage="storage", text=STUDY):
    path = folder / f"{name}.yaml"
    path.write_text(text.format(name=name, epochs=epochs, storage=folder / storage))
    return path


def gce_study(*arguments, timeout=300):
    return subprocess.run(
        [GCE_STUDY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False
    )


def outcomes(storage):
    return {run_id: record.outcome() for run_id, record in read_records(storage).items()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study that was run to its end without interruption."""
    folder = tmp_path_factory.mktemp("finished")
    path = write_study(folder)
    done = gce_study("run", path)
    assert done.returncode == 0, done.stderr
    return folder, path, done


def test_every_run_is_recorded_as_complete(finished):
    folder, _, _ = finished
    records = read_records(folder / "storage")
    assert len(records) == 6
    assert {r.status for r in records.values()} == {"complete"}
    for record in records.values():
        assert len(record.epochs) == 3
        assert len(record.test.predictions) == 18
        assert record.cost.images == 3 * (record.cost.images // 3)
        assert record.cost.images_per_s > 0
        assert record.provenance["threads"] == 1
        assert record.provenance["device"] == "cpu"


def test_only_adaptive_runs_have_a_q(finished):
    folder, _, _ = finished
    for record in read_records(folder / "storage").values():
        adaptive = record.run.configuration.loss.name == "adaptive_gce"
        assert all((p.q_mean is not None) == adaptive for p in record.epochs)


def test_run_prints_the_verdict_and_the_reports_path(finished):
    folder, _, done = finished
    page = folder / "storage" / "studies" / "small" / "report" / "report.html"
    assert str(page) in done.stdout
    assert {p.name for p in page.parent.iterdir()} >= {"report.html", "report.md", "runs.csv", "summary.csv"}
    assert "validation" in done.stdout


def test_no_checkpoint_is_left(finished):
    folder, _, _ = finished
    assert list((folder / "storage" / "checkpoints").glob("*")) == []


def test_running_again_trains_nothing(finished):
    folder, path, _ = finished
    before = {p: p.stat().st_mtime_ns for p in (folder / "storage" / "records").iterdir()}
    again = gce_study("run", path)
    assert again.returncode == 0
    assert {p: p.stat().st_mtime_ns for p in (folder / "storage" / "records").iterdir()} == before


def test_check_counts_runs_named_recorded_and_left(finished):
    _, path, _ = finished
    checked = gce_study("check", path)
    assert checked.returncode == 0
    assert "6 runs named (2 seeds), 6 recorded, 0 left" in checked.stdout


def test_check_estimates_the_time_and_trains_nothing(tmp_path):
    path = write_study(tmp_path)
    checked = gce_study("check", path)
    assert "6 runs named (2 seeds), 0 recorded, 6 left" in checked.stdout
    assert "at most" in checked.stdout
    assert not (tmp_path / "storage" / "records").exists()


def test_status_and_list_say_where_a_study_stands(finished):
    folder, _, _ = finished
    status = gce_study("status", "small", "--storage", folder / "storage")
    assert "6 of 6 runs recorded; not running" in status.stdout
    listed = gce_study("list", "--storage", folder / "storage")
    assert "small" in listed.stdout
    assert "complete" in listed.stdout


def test_an_unknown_study_names_those_that_are_there(finished):
    folder, _, _ = finished
    for command in ("status", "report"):
        answer = gce_study(command, "smal", "--storage", folder / "storage")
        assert answer.returncode == 2
        assert answer.stderr == f"gce-study: {folder / 'storage'}: no study named 'smal'; there: small\n"


def test_the_same_name_with_a_different_file_is_refused_with_the_difference(finished):
    folder, path, _ = finished
    other = folder / "other.yaml"
    other.write_text(path.read_text().replace("seeds: 2", "seeds: 3"))
    answer = gce_study("run", other)
    assert answer.returncode == 2
    assert "seeds: 2 -> 3" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_second_study_takes_the_runs_that_the_first_recorded(finished):
    folder, path, _ = finished
    other = folder / "shared.yaml"
    other.write_text(path.read_text().replace("name: small", "name: shared").replace("seeds: 2", "seeds: [1]"))
    before = set((folder / "storage" / "records").iterdir())
    assert gce_study("run", other).returncode == 0
    assert set((folder / "storage" / "records").iterdir()) == before
    assert len(read_plan(folder / "storage", "shared").runs) == 3


def start_and_wait(path, storage, least, deadline=240):
    """Start a study; return its process once ``least`` runs are recorded and another has a checkpoint."""
    process = subprocess.Popen([GCE_STUDY, "run", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        records = list((storage / "records").glob("*.json"))
        if len(records) >= least and list((storage / "checkpoints").glob("*.pt")):
            return process
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.kill()
    pytest.fail("the study did not get that far")


def started_by(marker):
    """Processes whose environment carries a marker: what a study started, and what they started.

    Ray's two agents are left out: they need a minute to see that their node is gone, and touch nothing meanwhile.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:80])
            except OSError:
                continue
    return [command for command in found if command and "Agent" not in command]


def test_a_study_killed_in_the_middle_is_continued_to_the_same_records(finished, tmp_path, monkeypatch):
    """After kill -9 of the driver, nothing recorded is trained again and every outcome is bit-equal."""
    folder, _, _ = finished
    monkeypatch.setenv("STUDY_UNDER_TEST", marker := f"killed-{os.getpid()}")
    path, storage = write_study(tmp_path), tmp_path / "storage"
    process = start_and_wait(path, storage, least=2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    end = time.monotonic() + 60
    while started_by(marker) and time.monotonic() < end:
        time.sleep(0.1)
    assert started_by(marker) == [], "Ray outlived its killed driver"
    before = {p.name: p.stat().st_mtime_ns for p in (storage / "records").iterdir()}
    in_flight = {p.stem for p in (storage / "checkpoints").glob("*.pt")}
    assert 2 <= len(before) < 6

    again = gce_study("run", path)
    assert again.returncode == 0, again.stderr
    records = read_records(storage)
    assert {n: (storage / "records" / n).stat().st_mtime_ns for n in before} == before
    assert outcomes(storage) == outcomes(folder / "storage")
    assert all(records[run_id].provenance["attempts"] == 2 for run_id in in_flight - {Path(n).stem for n in before})


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_study_in_order_and_says_how_to_go_on(tmp_path, number, code):
    path, storage = write_study(tmp_path, epochs=50), tmp_path / "storage"
    process = start_and_wait(path, storage, least=0)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert f"continue with: gce-study run {path}" in errors
    assert "Traceback" not in errors


def test_a_second_run_of_the_same_study_is_refused_and_told_who_holds_it(tmp_path):
    path, storage = write_study(tmp_path, epochs=50), tmp_path / "storage"
    process = start_and_wait(path, storage, least=0)
    try:
        second = gce_study("run", path)
        status = gce_study("status", "small", "--storage", storage)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert second.returncode == 2
    assert f"study small is being run by process {process.pid} of " in second.stderr
    assert f"run by process {process.pid}" in status.stdout
    assert "running: " in status.stdout


def test_a_gpu_that_is_not_there_is_refused_in_words(tmp_path):
    path = write_study(tmp_path)
    path.write_text(path.read_text().replace("{max_concurrent: 2}", "{gpus_per_run: 100}"))
    answer = gce_study("run", path)
    assert answer.returncode == 1
    assert "resources.gpus_per_run: 100 asked for; this machine has 0 GPUs" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_schema_is_json():
    answer = gce_study("schema")
    assert json.loads(answer.stdout)["title"] == "StudySpec"


def test_a_bad_study_file_is_refused_with_file_line_and_key(tmp_path):
    path = write_study(tmp_path)
    path.write_text(path.read_text().replace("seeds: 2", "seeds: none\nsedes: 3"))
    answer = gce_study("run", path)
    assert answer.returncode == 2
    assert f"{path}:7: seeds" in answer.stderr
    assert f"{path}:8: sedes" in answer.stderr
    assert not (tmp_path / "storage").exists()
