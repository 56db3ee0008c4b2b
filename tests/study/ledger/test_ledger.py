"""The ledger: damaged records, one owner for a study, one study for a name."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import factories
from factories import point, write_record
from study.cli import main
from study.errors import OwnedError, SpecError, UnknownStudyError
from study.ledger.claim import claim, owner
from study.ledger.ledger import Ledger
from study.ledger.registry import find_plan, list_studies, register
from study.planning.runs import study_plan
from study.spec.study import StudySpec
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.plans import DataSummary, StudyPlan, plan_path, read_plan, study_folder
from trainables.records import Record, Status, is_recorded, record_path
from trainables.storage.documents import OtherVersionError, to_bytes

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time
from study.ledger.claim import claim
from trainables.storage.location import location
with claim(location(sys.argv[1]), "s"):
    print("held", flush=True)
    time.sleep(600)
"""


def record(seed: int, status: Status = "failed") -> Record:
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=seed, dataset="f")
    return factories.record(run, status, validation_accuracy=None)


def plan(fingerprint: str = "f", **changes: object) -> StudyPlan:
    arms = [{"name": "a", "loss": {"name": "gce", "q": 0.7}}, {"name": "b", "loss": {"name": "cce"}}]
    base = {"name": "s", "dataset": {"kind": "fsdnoisy18k", "root": "here"}, "arms": arms, "seeds": 2}
    summary = DataSummary(name="d", kind="fsdnoisy18k", fingerprint=fingerprint, classes=["a"], clips={})
    return study_plan(StudySpec.model_validate(base | changes), summary)


def test_open_returns_the_records_that_are_there(tmp_path: Path) -> None:
    write_record(tmp_path, record(0))
    ledger = Ledger(tmp_path)
    assert ledger.open([record(0).run_id, record(1).run_id]) == {record(0).run_id: record(0)}
    assert ledger.warnings == []


def test_an_empty_storage_location_has_no_records(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "not there").open([record(0).run_id]) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"run_id": 1}'])
def test_a_damaged_record_is_put_aside_and_kept(tmp_path: Path, content: bytes) -> None:
    write_record(tmp_path, record(1))
    path = record_path(tmp_path, record(0).run_id)
    for again in ("", ".2"):
        path.write_bytes(content)
        ledger = Ledger(tmp_path)
        assert ledger.open([record(0).run_id, record(1).run_id]).keys() == {record(1).run_id}
        assert not path.exists()
        aside = path.parent / "damaged" / f"{record(0).run_id}{again}.json"
        assert aside.read_bytes() == content
        (warning,) = ledger.warnings
        assert f"{path}: damaged record" in warning
        assert f"moved to {aside}; the run is trained again" in warning


def test_a_flipped_bit_in_a_number_is_noticed_and_the_record_put_aside(tmp_path: Path) -> None:
    write_record(tmp_path, record(0))
    path = record_path(tmp_path, record(0).run_id)
    path.write_bytes(path.read_bytes().replace(b'"wall_s": 1', b'"wall_s": 3'))
    ledger = Ledger(tmp_path)
    assert ledger.open([record(0).run_id]) == {}
    assert "damaged record (its checksum does not match its content); moved to" in ledger.warnings[0]


def newer(tmp_path: Path, seed: int) -> Path:
    """Write the record of a run as a newer version would, and return its path."""
    path = record_path(tmp_path, record(seed).run_id)
    content = record(seed).model_dump(mode="json") | {"schema_version": 2, "status": "promising"}
    path.write(json.dumps(content).encode())
    return path


def test_records_of_a_newer_version_are_all_named_and_stay_where_they_are(tmp_path: Path) -> None:
    write_record(tmp_path, record(2))
    paths = [newer(tmp_path, 0), newer(tmp_path, 1)]
    before = [path.read_bytes() for path in paths]
    ledger = Ledger(tmp_path)
    with pytest.raises(OtherVersionError) as error:
        ledger.open(record(seed).run_id for seed in range(3))
    assert [problem.partition(": ")[0] for problem in error.value.problems] == list(map(str, paths))
    assert all("install the newer version" in problem for problem in error.value.problems)
    assert [path.read_bytes() for path in paths] == before
    assert ledger.warnings == []


def test_a_run_with_a_record_of_a_newer_version_is_not_trained(tmp_path: Path) -> None:
    newer(tmp_path, 0)
    assert is_recorded(tmp_path, record(0).run_id)


def test_a_plan_of_a_newer_version_is_named_and_never_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    register(tmp_path, plan(name="t"))
    path = plan_path(tmp_path, "s")
    path.write(json.dumps(plan().model_dump(mode="json") | {"schema_version": 2}).encode())
    before = path.read_bytes()
    with pytest.raises(OtherVersionError, match=r"plan\.json: written by a newer version"):
        register(tmp_path, plan())
    assert path.read_bytes() == before
    assert [p.name for p in list_studies(tmp_path)] == ["t"]
    assert f"{path}: written by a newer version" in caplog.text
    assert main(["status", "s", "--storage", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"gce-study: {path}: written by a newer version of gce-study (schema 2;")


@pytest.mark.parametrize("name", ["t", "../t", "", "x" * 1000])
def test_a_plan_that_names_another_study_than_its_folder_is_damaged(tmp_path: Path, name: str) -> None:
    plan_path(tmp_path, "s").write(to_bytes(plan().model_copy(update={"name": name})))
    with pytest.raises(UnknownStudyError, match=r"plan\.json: damaged: it is the plan of a study named "):
        find_plan(tmp_path, "s")


@pytest.mark.parametrize("name", ["", "..", "../s", "a/b", "A", "a\n"])
def test_no_file_is_opened_for_a_name_that_no_study_can_have(tmp_path: Path, name: str) -> None:
    register(tmp_path / "studies", plan())
    with pytest.raises(UnknownStudyError, match="no study named"):
        find_plan(tmp_path / "studies" / "studies", name)


def test_another_runs_record_is_put_aside(tmp_path: Path) -> None:
    write_record(tmp_path, record(0))
    record_path(tmp_path, record(0).run_id).rename(record_path(tmp_path, record(1).run_id))
    ledger = Ledger(tmp_path)
    assert ledger.open([record(1).run_id]) == {}
    assert f"it is the record of run '{record(0).run_id}'" in ledger.warnings[0]


def test_a_second_claim_is_refused_and_says_who_holds_it(tmp_path: Path) -> None:
    with claim(tmp_path, "s"), pytest.raises(OwnedError) as error, claim(tmp_path, "s"):
        pass
    assert f"study s is being run by process {os.getpid()} of " in str(error.value)
    assert f" on {socket.gethostname()} since 20" in str(error.value)


def test_studies_are_owned_one_by_one_and_freed_at_the_end(tmp_path: Path) -> None:
    with claim(tmp_path, "s"), claim(tmp_path, "t"):
        assert owner(tmp_path, "s") is not None
        assert owner(tmp_path, "t") is not None
    assert owner(tmp_path, "s") is None
    with claim(tmp_path, "s"):
        assert owner(tmp_path, "t") is None


@pytest.mark.parametrize("name", ["", "..", "../s", "a/b", "A", "a\n"])
def test_only_a_study_can_be_claimed(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not allowed"), claim(tmp_path, name):
        pass


def test_a_killed_owner_frees_the_study(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OwnedError, match=f"process {holder.pid} of "), claim(tmp_path, "s"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=60)
    with claim(tmp_path, "s"):
        pass


def test_an_owner_that_has_not_signed_yet_is_refused_too(tmp_path: Path) -> None:
    with claim(tmp_path, "s"):
        (study_folder(tmp_path, "s") / "owner.lock").write_bytes(b"")
        with pytest.raises(OwnedError, match="by another process"), claim(tmp_path, "s"):
            pass


def test_the_same_study_registers_again(tmp_path: Path) -> None:
    register(tmp_path, plan())
    register(tmp_path, plan(seeds=[0, 1]))
    assert list_studies(tmp_path) == [plan(seeds=[0, 1])]


def test_what_changes_no_result_replaces_the_plan(tmp_path: Path) -> None:
    register(tmp_path, plan())
    new = plan(
        description="why",
        resources={"max_concurrent": 3},
        storage="elsewhere",
        dataset={"kind": "fsdnoisy18k", "root": "there"},
    )
    register(tmp_path, new)
    assert read_plan(tmp_path, "s") == new


def test_a_changed_study_is_refused_with_every_difference(tmp_path: Path) -> None:
    register(tmp_path, plan())
    arms = [{"name": "a", "loss": {"name": "gce", "q": {"values": [0.5, 0.7]}}}, {"name": "c", "loss": {"name": "mae"}}]
    with pytest.raises(SpecError) as error:
        register(tmp_path, plan("g", seeds=20, arms=arms, training={"epochs": 3}))
    assert error.value.problems == [
        "study s is registered here and differs:",
        "arms.a.loss.q: 0.7 -> {values: [0.5, 0.7]}",
        "arms.b: {loss: {name: 'cce'}, subset: 'all'} -> absent",
        "arms.c: absent -> {loss: {name: 'mae'}, subset: 'all'}",
        "seeds: 2 -> 20",
        "training.epochs: 160 -> 3",
        "data set fingerprint: f -> g",
        "give the study another name: runs already recorded are shared, not trained again",
    ]
    assert read_plan(tmp_path, "s") == plan()


def test_a_damaged_plan_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    register(tmp_path, plan())
    register(tmp_path, plan(name="t"))
    path = study_folder(tmp_path, "s") / "plan.json"
    path.write_bytes(b"{")
    with pytest.raises(SpecError, match=r"plan\.json: damaged"):
        register(tmp_path, plan())
    assert [p.name for p in list_studies(tmp_path)] == ["t"]
    assert f"{path}: damaged" in caplog.text


def test_no_studies_is_an_empty_list(tmp_path: Path) -> None:
    assert list_studies(tmp_path / "not there") == []


def test_looking_for_the_owner_is_no_claim(tmp_path: Path) -> None:
    assert owner(tmp_path, "s") is None
    with claim(tmp_path, "s"):
        assert str(owner(tmp_path, "s")).startswith(f"process {os.getpid()} of ")
    assert owner(tmp_path, "s") is None
    with claim(tmp_path, "s"):
        pass


def test_failed_records_are_put_aside_to_be_trained_again(tmp_path: Path) -> None:
    failed, complete = record(1), record(2, "complete")
    write_record(tmp_path, failed)
    write_record(tmp_path, complete)
    ledger = Ledger(tmp_path)
    left = ledger.retry(ledger.open([failed.run_id, complete.run_id]))
    assert set(left) == {complete.run_id}
    assert (tmp_path / "records" / "failed" / f"{failed.run_id}.json").exists()
    assert ledger.recorded([failed.run_id, complete.run_id]) == {complete.run_id}


def test_records_of_an_earlier_version_lack_macro_f1_and_no_accuracy(tmp_path: Path) -> None:
    earlier = factories.record(record(1).run, epochs=[point(1)])
    newer = factories.record(record(2).run, epochs=[point(1, validation_macro_f1=0.5)])
    write_record(tmp_path, earlier)
    write_record(tmp_path, newer)
    run_ids = [earlier.run_id, newer.run_id]
    assert Ledger(tmp_path).lacking(run_ids, "validation_macro_f1") == {earlier.run_id}
    assert Ledger(tmp_path).lacking(run_ids, "validation") == set()


def test_what_killed_processes_left_is_removed_but_nothing_young(tmp_path: Path) -> None:
    recorded = record(0)
    write_record(tmp_path, recorded)
    running = tmp_path / "running"
    running.mkdir()
    (running / recorded.run_id).touch()
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    old, young = checkpoints / ".x.pt.abc", checkpoints / ".y.pt.abc"
    for path in (old, young, checkpoints / f"{recorded.run_id}.pt", checkpoints / "other.pt"):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    ledger = Ledger(tmp_path)
    ledger.sweep()
    ledger.open([recorded.run_id])
    assert {p.name for p in checkpoints.iterdir()} == {young.name, "other.pt"}
    assert list(running.iterdir()) == []
