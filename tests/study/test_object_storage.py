"""Studies kept in an object store, through the command line: killed, with the store away, and looked at.

S3 is played by moto's server, behind a proxy that can break it. ``GCE_STUDY_OUTAGES=5,20,120`` adds a study for each
outage of so many seconds; the moments follow from the numbers.
"""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest
import torch

import faulty_driver
from analysis.dashboard.studies import Studies
from analysis.results.study_results import read_or_explain
from factories import outcomes, read_records
from study import cli
from study.ledger.claim import owner
from study.planning.frames import store_data
from study.spec.reading import read_spec
from trainables.feature_settings import FEATURES
from trainables.records import recorded
from trainables.training.run_data import open_run_data

pytestmark = pytest.mark.slow

OUTAGES = [float(text) for text in os.environ.get("GCE_STUDY_OUTAGES", "").split(",") if text]
STUDY = """
name: away
dataset: {{kind: synthetic, train_per_class: 6, test_per_class: 2}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
  - {{name: adaptive, loss: {{name: adaptive_gce, temperature: 1000}}}}
seeds: 2
training: {{epochs: 2, batch_size: 8}}
resources: {{max_concurrent: 2}}
storage: {storage}
"""
RUNS = 4


def start(folder, storage, *fault):
    path = folder / "study.yaml"
    path.write_text(STUDY.format(storage=storage))
    return faulty_driver.start(path, *fault)


def finish(process):
    out, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors
    return out, errors


def trained(storage):
    return (storage / "checkpoints").stamps() | (storage / "records").stamps()


def until_training(process, storage, before=None):
    """Wait for the first checkpoint or record of a sitting."""
    while trained(storage) == (before or {}):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.1)  # each look takes the store's server some time, which runs in this process


def break_down(front, seconds):
    """Take the store away, and let it be busy for a second when it is back."""
    front.set("closed")
    time.sleep(seconds)
    front.set("busy")
    time.sleep(1)
    front.set("open")


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A future of the outcomes of the same study in a folder."""
    folder = tmp_path_factory.mktemp("local")

    def run():
        finish(start(folder, folder / "storage"))
        return outcomes(folder / "storage")

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)


@pytest.fixture(scope="module")
def killed(front, make_bucket, local, tmp_path_factory):  # noqa: ARG001 -- ``local`` runs meanwhile
    """A study that was killed once and continued through an outage: where it lies, and what the second sitting said."""
    storage = make_bucket("killed")
    folder = tmp_path_factory.mktemp("killed")
    process = start(folder, storage, "kill", 0, 0)
    process.communicate(timeout=400)
    assert process.returncode == -signal.SIGKILL
    assert len(recorded(storage)) < RUNS
    before = trained(storage)
    again = start(folder, storage)
    until_training(again, storage, before)
    break_down(front, 5)
    return storage, *finish(again)


def test_a_study_that_was_killed_goes_on_through_an_outage_to_the_records_of_one_in_a_folder(killed, local):
    storage, _, errors = killed
    assert outcomes(storage) == local.result()
    assert "Traceback" not in errors
    assert len(local.result()) == RUNS
    assert list((storage / "checkpoints").glob("*")) == []
    assert list((storage / "running").glob("*")) == []
    assert owner(storage, "away") is None


def test_what_a_study_found_is_seen_where_it_lies(killed, capsys):
    storage, out, _ = killed
    assert f"report: {storage}/studies/away/report/report.html" in out
    files = {"report.html", "report.md", "runs.csv", "summary.csv", "columns.md"}
    assert {path.name for path in (storage / "studies" / "away" / "report").glob("*")} == files
    assert cli.main(["status", "away", "--storage", str(storage)]) == 0
    assert "away: 4 of 4 runs recorded; not running" in capsys.readouterr().out
    assert cli.main(["list", "--storage", str(storage)]) == 0
    assert "complete" in capsys.readouterr().out
    assert cli.main(["report", "away", "--storage", str(storage), "--format", "json"]) == 0
    assert (storage / "studies" / "away" / "report" / "report.json").exists()
    assert cli.main(["status", "b", "--storage", str(storage)]) == 2
    assert f"{storage}: no study named 'b'; its studies: away" in capsys.readouterr().err


def test_the_dashboard_shows_it_and_reads_no_record_twice(killed, monkeypatch):
    read = Mock(side_effect=read_or_explain)
    monkeypatch.setattr("analysis.dashboard.reading.records.read_or_explain", read)
    studies = Studies(killed[0], owner)
    (line,) = studies.summaries()
    assert (line.name, line.state, line.planned, line.recorded) == ("away", "complete", 4, 4)
    assert len(studies.snapshot("away").results.records) == 4
    assert read.call_count == 4
    record = killed[0] / "records" / f"{min(recorded(killed[0]))}.json"
    record.write(record.read_bytes() + b" ")
    time_out = time.monotonic() + 60
    while read.call_count < 5 and time.monotonic() < time_out:  # a view is kept for a while
        studies.snapshot("away")
    assert read.call_count == 5


def test_another_machine_copies_the_frames_and_computes_none(killed, tmp_path, monkeypatch):
    monkeypatch.setenv("GCE_STUDY_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.format(storage=killed[0]))
    before = {path: path.stamp() for path in (killed[0] / "features").glob("*/*")}
    assert sorted(path.name.rpartition(".")[2] for path in before) == ["f32", "json"]
    computed = []
    manifest, _ = store_data(read_spec(path), progress=lambda *counts: computed.append(counts))
    assert computed == []
    assert {path: path.stamp() for path in (killed[0] / "features").glob("*/*")} == before
    (frames,) = (tmp_path / "cache" / "features").glob("*/frames.f32")
    assert frames.stat().st_size == sum(size for _, size, _ in before.values()) - next(
        stamp[1] for path, stamp in before.items() if path.name == "store.json"
    )
    loader = open_run_data(killed[0], manifest.fingerprint, FEATURES, None, torch.device("cpu"))
    assert loader.store.folder == frames.parent


@pytest.mark.parametrize("seconds", OUTAGES)
def test_an_outage_while_a_study_runs_loses_nothing(seconds, front, make_bucket, local, tmp_path):
    storage = make_bucket(f"outage-{seconds:g}")
    process = start(tmp_path, storage)
    until_training(process, storage)
    time.sleep(random.Random(seconds).random())  # noqa: S311 -- no secret
    break_down(front, seconds)
    _, errors = finish(process)
    assert outcomes(storage) == local.result()
    assert "Traceback" not in errors
    assert [r.provenance.attempt_count for r in read_records(storage).values()] == [1] * 4, "a run began again"
