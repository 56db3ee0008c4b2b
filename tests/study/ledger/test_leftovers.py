"""What a storage location no longer needs is found and removed; what a study or a process needs is kept."""

import os
import time
from collections import Counter

import pytest

from pruning import NOBODYS, UNUSED, checkpoint, checkpoints, frames, prune, stores, study
from study.errors import OwnedError
from study.ledger.claim import claim, owner
from study.ledger.end_request import request_end, request_path
from study.ledger.leftovers import leftovers
from trainables.plans import plan_path
from trainables.storage import leases
from trainables.storage.locks import acquire


def test_checkpoints_of_recorded_and_of_abandoned_runs_are_leftovers(storage):
    recorded, open_ = study(storage, "rain")
    checkpoint(storage, NOBODYS)
    assert prune(storage) == {"checkpoints": 2}
    assert checkpoints(storage) == {open_}
    assert recorded != open_


def test_the_checkpoint_of_a_study_that_ended_at_its_budget_is_a_leftover(storage):
    study(storage, "rain", spec={"budget": {"max_runs": 1}})
    assert prune(storage) == {"checkpoints": 2}
    assert checkpoints(storage) == set()


def test_a_run_that_another_study_still_needs_is_kept(storage):
    ids = study(storage, "ended", spec={"budget": {"max_runs": 1}})
    study(storage, "open", recorded=0)
    prune(storage)
    assert checkpoints(storage) == set(ids[1:])


def test_a_run_that_a_process_owns_is_kept(storage):
    checkpoint(storage, NOBODYS)
    held = (storage / "running" / NOBODYS).acquire()
    assert prune(storage) == {"checkpoints": 0}
    assert checkpoints(storage) == {NOBODYS}
    held.release()
    assert prune(storage) == {"checkpoints": 1}
    assert checkpoints(storage) == set()


def test_a_study_that_a_process_runs_has_no_leftovers_but_recorded_runs(storage):
    recorded, open_ = study(storage, "rain", spec={"budget": {"max_runs": 1}})
    with claim(storage, "rain"):
        assert prune(storage) == {"checkpoints": 1}
    assert checkpoints(storage) == {open_}
    assert recorded not in checkpoints(storage)


def test_an_ended_study_cannot_be_run_while_its_leftovers_are_removed(storage, monkeypatch):
    monkeypatch.setattr(leases, "RENEW_S", 0.2)
    monkeypatch.setattr(leases, "LOOK_S", 0.1)
    study(storage, "rain", planned=1)
    with leftovers(storage, claim_studies=True), pytest.raises(OwnedError), claim(storage, "rain"):
        pass
    assert owner(storage, "rain") is None


def test_more_ended_studies_than_files_may_be_open_are_pruned_in_part(tmp_path, monkeypatch):
    for seed, name in enumerate(("one", "two")):
        study(tmp_path, name, seed=2 * seed, spec={"budget": {"max_runs": 1}})
    monkeypatch.setattr("study.ledger.leftovers.allow_open_files", lambda count: count - 1)
    assert prune(tmp_path) == {"checkpoints": 3}  # those of recorded runs, and the other one of the first study
    monkeypatch.undo()
    assert prune(tmp_path) == {"checkpoints": 1}


def test_finding_leftovers_writes_nothing(tmp_path):
    study(tmp_path, "rain")
    before = {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))}
    with leftovers(tmp_path, claim_studies=False) as there:
        assert [item.kind for item in there] == ["checkpoints"]
    assert {path: path.stat().st_mtime_ns for path in sorted(tmp_path.rglob("*"))} == before


@pytest.mark.parametrize("content", [b"{", b'{"schema_version": 99, "name": "other"}'])
def test_a_plan_that_cannot_be_read_keeps_what_its_study_may_need(tmp_path, content):
    recorded, open_ = study(tmp_path, "rain")
    checkpoint(tmp_path, NOBODYS)
    frames(tmp_path, UNUSED)
    plan_path(tmp_path, "other").write(content)
    with leftovers(tmp_path, claim_studies=True) as there:
        assert there.unreadable == ["other"]
    assert prune(tmp_path) == {"checkpoints": 1}
    assert checkpoints(tmp_path) == {open_, NOBODYS}
    assert recorded not in checkpoints(tmp_path)


def test_a_study_without_a_plan_that_a_process_has_just_started_keeps_what_it_may_need(tmp_path):
    checkpoint(tmp_path, NOBODYS)
    frames(tmp_path, UNUSED)
    with claim(tmp_path, "new"):
        with leftovers(tmp_path, claim_studies=True) as there:
            assert there.starting == ["new"]
        assert prune(tmp_path) == {}
    assert prune(tmp_path) == {"checkpoints": 1, "stores of frames or embeddings": 1}


def test_records_plans_reports_and_logs_are_kept(storage):
    study(storage, "rain")
    for kept in ("logs/a.log", "studies/rain/driver.log", "studies/rain/report/report.html"):
        place = storage
        for part in kept.split("/"):
            place /= part
        place.write(b"kept")
    names = {name for name in storage.tree() if not name.startswith(("checkpoints", "running"))}
    prune(storage)
    left = {name for name in storage.tree() if not name.startswith(("checkpoints", "running"))}
    assert {name for name in left if "owner.lock" not in name} == names


def test_a_lock_that_no_process_holds_is_a_leftover_and_one_of_an_open_study_is_not(storage):
    (run_id,) = study(storage, "rain", planned=1, recorded=0)
    for name in (NOBODYS, run_id):
        (storage / "running" / name).acquire().release()
    assert prune(storage) == {"locks of runs": 1}
    assert {path.name for path in (storage / "running").glob("*")} == {run_id}


def test_a_request_to_a_process_that_ended_is_a_leftover(storage):
    study(storage, "rain", planned=1, recorded=0)
    request_end(storage, "rain", "stop", "process 1")
    with claim(storage, "rain"):
        assert prune(storage) == {}
    assert prune(storage) == {"requests to stop": 1}
    assert not request_path(storage, "rain").exists()


def test_files_of_killed_writes_are_leftovers_after_a_day(tmp_path):
    study(tmp_path, "rain", planned=1, recorded=0)
    old, new = (tmp_path / "studies" / "rain" / f".plan.json.0123456{i}" for i in (7, 8))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    assert prune(tmp_path) == {"files of killed processes": 1}
    assert not old.exists()
    assert new.exists()


def test_records_that_were_put_aside_are_of_a_kind_of_their_own(tmp_path):
    (tmp_path / "records" / "damaged" / "a.json").write(b"{")
    assert prune(tmp_path) == {"records put aside": 1}


def test_what_a_link_leads_to_is_kept(tmp_path):
    outside = tmp_path / "outside"
    (outside / "file").write(b"kept")
    storage = tmp_path / "storage"
    (storage / "features").mkdir(parents=True)
    (storage / "features" / "linked").symlink_to(outside)
    (storage / "synthetic").symlink_to(outside)
    prune(storage)
    assert (outside / "file").read_bytes() == b"kept"


def test_only_what_belongs_to_one_study_is_found(tmp_path):
    one, other = study(tmp_path, "one", planned=1), study(tmp_path, "other", planned=1, seed=5)
    checkpoint(tmp_path, NOBODYS)
    assert prune(tmp_path, "one") == {"checkpoints": 1}
    assert checkpoints(tmp_path) == {*other, NOBODYS}
    assert one[0] not in checkpoints(tmp_path)


def test_a_lock_that_was_removed_while_a_process_waited_for_it_is_made_again(tmp_path):
    held = acquire(tmp_path / "lock")
    held.release(remove=True)
    again = acquire(tmp_path / "lock")
    assert (tmp_path / "lock").exists()
    assert acquire(tmp_path / "lock") is None
    again.release()


def test_a_run_whose_record_is_damaged_keeps_its_checkpoint(tmp_path):
    (run_id,) = study(tmp_path, "rain", planned=1, recorded=0)
    (tmp_path / "records" / f"{run_id}.json").write(b"{")
    prune(tmp_path)
    assert checkpoints(tmp_path) == {run_id}


def test_files_with_names_that_the_program_does_not_use_are_kept(storage):
    study(storage, "rain", planned=1)
    names = [
        "checkpoints/best.pt",
        "running/shoes",
        "features/mine/a.npy",
        "datasets/mine.json",
        "synthetic/mine/a.wav",
    ]
    for name in names:
        place = storage
        for part in name.split("/"):
            place /= part
        place.write(b"mine")
    prune(storage)
    assert set(names) <= set(storage.tree())


def test_a_temporary_name_outside_of_the_programs_folders_is_kept(tmp_path):
    study(tmp_path, "rain", planned=1)
    mine = tmp_path / "mine" / ".cache.01234567"
    mine.write(b"mine")
    os.utime(mine, (1e9, 1e9))
    prune(tmp_path)
    assert mine.exists()


def test_what_a_study_that_was_started_meanwhile_may_need_is_kept(storage):
    recorded, *_ = study(storage, "rain", spec={"budget": {"max_runs": 1}})
    checkpoint(storage, NOBODYS)
    frames(storage)
    (storage / "datasets" / f"{NOBODYS}.json").write(b"{}")
    (storage / "synthetic" / UNUSED / "a.wav").write(b"sound")
    with leftovers(storage, claim_studies=True) as there:
        items = list(there)
        with claim(storage, "new"):
            removed = Counter(item.kind for item in items if item.remove())
    assert len(items) == 6
    assert removed == {"checkpoints": 1}  # of the recorded run
    assert recorded not in checkpoints(storage)
    assert stores(storage) == {UNUSED}


def test_a_study_that_has_just_been_started_is_known_to_a_machine_whose_clock_is_ahead(bucket, monkeypatch):
    checkpoint(bucket, NOBODYS)
    real = time.time
    with claim(bucket, "new"), monkeypatch.context() as patch:
        patch.setattr(leases.time, "time", lambda: real() + 600)
        assert prune(bucket) == {}
    assert checkpoints(bucket) == {NOBODYS}


def test_a_study_whose_lock_cannot_be_read_may_run(tmp_path):
    checkpoint(tmp_path, NOBODYS)
    (tmp_path / "studies" / "new" / "owner.lock").mkdir(parents=True)
    assert prune(tmp_path) == {}
    assert checkpoints(tmp_path) == {NOBODYS}


def test_what_is_in_use_is_known_without_removing(tmp_path):
    checkpoint(tmp_path, NOBODYS)
    held = acquire(tmp_path / "running" / NOBODYS)
    with leftovers(tmp_path, claim_studies=False) as there:
        (item,) = there
    assert item.in_use()
    held.release()
    assert not item.in_use()
