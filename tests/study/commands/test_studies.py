"""What ``status`` states of a study: also the runs that gave no result, and what runs wait for."""

import errno
import re
from pathlib import Path

import pytest

from analysis.results.study_state import progress_path
from factories import Builder
from study.cli import main
from study.engine.display.progress import Progress
from study.engine.state import StudyState
from study.ledger.claim import claim
from trainables.losses.catalogue import CCE
from trainables.outputs.weights import weights_path
from trainables.storage import descriptors, folder_location
from trainables.storage.location import location


@pytest.fixture
def study():
    """A study with a complete, a failed and a diverged run, and one that waits."""
    study = Builder(name="mixed")
    for seed, status in enumerate(("complete", "failed", "diverged", None)):
        study.add("cce", CCE(name="cce"), seed, status=status, error="no memory" if status == "failed" else None)
    return study


@pytest.fixture
def storage(study, tmp_path):
    """The storage location of that study, with the progress file of the process that ran it."""
    study.write(tmp_path)
    storage = location(str(tmp_path))
    plan = study.plan()
    state = StudyState(plan.name, plan.runs)
    for record in study.records.values():
        state.record(record, known=True)
    state.hold(plan.runs[-1].run.run_id, "process 12 of bob on host since 10:00")
    with Progress(state, storage):
        pass
    return storage


def status(capsys, storage):
    capsys.readouterr()
    assert main(["status", "mixed", "--storage", str(storage)]) == 0
    return capsys.readouterr().out


def test_runs_that_failed_or_diverged_are_counted(storage, capsys):
    assert "mixed: 3 of 4 runs recorded, 1 failed, 1 diverged; not running\n" in status(capsys, storage)


def test_the_counts_are_those_of_the_records_whatever_the_last_process_saw(storage, study, capsys):
    (storage / "records" / f"{next(iter(study.records))}.json").unlink()
    assert "mixed: 2 of 4 runs recorded, 1 failed, 1 diverged; not running\n" in status(capsys, storage)


def test_what_runs_wait_for_is_named_while_the_study_runs(storage, capsys):
    waits = "1 run waits for process 12 of bob on host since 10:00"
    assert waits not in status(capsys, storage)
    with claim(storage, "mixed"):
        assert f"{waits}\nETA unknown, as of " in status(capsys, storage)


def test_where_the_weights_of_its_runs_are_is_stated(storage, study, capsys):
    assert "weights" not in status(capsys, storage)
    for run_id in [*list(study.records)[:2], "0" * 20]:
        weights_path(storage, run_id).write(b"weights")
    assert f"weights of 2 runs: 14 B in {storage}/weights\n" in status(capsys, storage)


def test_the_report_states_them_beside_its_path_which_stays_alone_on_the_standard_output(storage, study, capsys):
    weights_path(storage, next(iter(study.records))).write(b"weights")
    assert main(["report", "mixed", "--storage", str(storage), "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{storage}/studies/mixed/report\n"
    assert printed.err == f"weights of 1 run: 7 B in {storage}/weights\n"


def test_a_study_without_a_progress_file_has_its_status_too(storage, capsys):
    progress_path(storage, "mixed").unlink()
    assert "mixed: 3 of 4 runs recorded, 1 failed, 1 diverged; not running\n" in status(capsys, storage)


@pytest.mark.slow
def test_large_counts_are_written_alike(tmp_path, capsys):
    builder = Builder("many")
    for seed in range(1001):
        builder.add("cce", CCE(name="cce"), seed, status="failed")
    storage = location(tmp_path)
    builder.write(storage)
    assert main(["status", "many", "--storage", str(storage)]) == 0
    assert "\nmany: 1,001 of 1,001 runs recorded, 1,001 failed; not running\n" in capsys.readouterr().out
    assert main(["best", "many", "--storage", str(storage)]) == 1
    assert "No run of the 1,001 is complete (1,001 failed)" in capsys.readouterr().err


@pytest.fixture
def hidden(storage, monkeypatch):
    """A study whose folder this process may not read."""
    (storage / "studies" / "hidden").mkdir()
    real = descriptors.open_folder

    def refuse(root, names, *, make):
        if "hidden" in names:
            raise PermissionError(errno.EACCES, "Permission denied", str(Path(root, *names)))
        return real(root, names, make=make)

    monkeypatch.setattr(descriptors, "open_folder", refuse)
    monkeypatch.setattr(folder_location, "open_folder", refuse, raising=False)


@pytest.mark.usefixtures("hidden")
def test_a_study_whose_folder_cannot_be_read_is_named_and_hides_no_other(storage, capsys, caplog):
    assert main(["list", "--storage", str(storage)]) == 0
    assert re.search(r"Permission denied: '.*/studies/hidden'; left out", caplog.text)
    assert "\nmixed " in capsys.readouterr().out


@pytest.mark.usefixtures("hidden")
def test_a_study_whose_folder_cannot_be_read_keeps_what_it_may_need(storage, capsys):
    checkpoint = storage / "checkpoints" / f"{'0' * 20}.pt"
    checkpoint.write(b"weights")
    assert main(["prune", "--storage", str(storage), "--dry-run"]) == 0
    assert "because the plan of hidden cannot be read" in capsys.readouterr().out
    assert checkpoint.exists()
