"""What a storage location no longer needs is found and removed; what a study or a process needs is kept."""

import os
import time
from collections import Counter

import pytest

from factories import Builder
from plugin_files import FOCAL, plugin_sources
from study.errors import OwnedError
from study.ledger.claim import claim, owner
from study.ledger.end_request import request_end, request_path
from study.ledger.leftovers import leftovers
from trainables.config import PluginCode
from trainables.feature_settings import FEATURES, Features
from trainables.losses.catalogue import CCE
from trainables.losses.registry import loss_class
from trainables.plans import EmbeddingSummary, plan_path, write_plan
from trainables.plugins.loading import load, use
from trainables.plugins.sources import keep_sources
from trainables.published import PublishedDataSet, PublishedEmbeddings, embeddings_path, published_path
from trainables.storage import leases
from trainables.storage.documents import to_bytes
from trainables.storage.locks import acquire

NOBODYS = "0" * 20  # a run that no study names
FINGERPRINT = "0123456789abcdef0123"  # of the data of every study of ``Builder``
USED, UNUSED = "a" * 20, "b" * 20  # frame stores


@pytest.fixture(params=["folder", pytest.param("object store", marks=pytest.mark.slow)])
def storage(request, tmp_path):
    return tmp_path / "there" if request.param == "folder" else request.getfixturevalue("bucket")


def study(storage, name, *, recorded=1, planned=2, seed=0, **settings):
    """Write a study, of whose runs some are recorded, and a checkpoint of each run; return the runs' ids."""
    builder = Builder(name, **settings)
    ids = [
        builder.add("cce", CCE(name="cce"), seed + i, status="complete" if i < recorded else None)
        for i in range(planned)
    ]
    builder.write(storage)
    for run_id in ids:
        checkpoint(storage, run_id)
    return ids


def checkpoint(storage, run_id):
    (storage / "checkpoints" / f"{run_id}.pt").write(b"weights")
    return run_id


def checkpoints(storage):
    return {name.removesuffix(".pt") for name in (storage / "checkpoints").stamps()}


def prune(storage, only=None, *, claim_studies=True):
    """Remove all leftovers; return their numbers by kind."""
    removed = Counter()
    with leftovers(storage, only, claim_studies=claim_studies) as there:
        for item in list(there):
            removed[item.kind] += item.remove()
    return removed


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


def frames(storage, name=UNUSED, fingerprint=None, features=FEATURES):
    """Write a frame store and, if a fingerprint is given, the data set that names it."""
    (storage / "features" / name / "store.json").write(b"{}")
    if fingerprint:
        published_path(storage, fingerprint, features).write(to_bytes(PublishedDataSet(frames=name, manifest={})))


def stores(storage):
    return {path.name for path in (storage / "features").glob("*")}


def test_a_frame_store_is_kept_while_a_study_of_its_data_has_not_ended(storage):
    frames(storage, USED, FINGERPRINT)
    frames(storage, UNUSED)
    study(storage, "rain")
    assert prune(storage)["stores of frames or embeddings"] == 1
    assert stores(storage) == {USED}


def test_studies_of_different_features_on_one_data_set_need_their_own_frames_and_published_data(storage):
    frames(storage, USED, FINGERPRINT, Features(mels=40))
    frames(storage, UNUSED, FINGERPRINT)
    study(storage, "rain", features=Features(mels=40))
    assert prune(storage) == {"checkpoints": 1, "stores of frames or embeddings": 1, "data sets that no study names": 1}
    assert stores(storage) == {USED}
    assert list((storage / "datasets").glob("*")) == [published_path(storage, FINGERPRINT, Features(mels=40))]


def test_a_frame_store_of_ended_studies_is_a_leftover_and_their_labels_are_not(storage):
    frames(storage, USED, FINGERPRINT)
    study(storage, "rain", planned=1)
    assert prune(storage) == {"checkpoints": 1, "stores of frames or embeddings": 1}
    assert stores(storage) == set()
    assert (storage / "datasets" / f"{FINGERPRINT}.json").exists()


def test_frame_stores_are_kept_if_nobody_knows_which_one_a_study_needs(storage):
    frames(storage, UNUSED)
    study(storage, "rain")
    prune(storage)
    assert stores(storage) == {UNUSED}


def test_a_frame_store_that_a_process_builds_is_kept(tmp_path):
    frames(tmp_path, UNUSED)
    held = acquire(tmp_path / "features" / UNUSED / "lock")
    assert prune(tmp_path) == {"stores of frames or embeddings": 0}
    held.release()
    assert prune(tmp_path) == {"stores of frames or embeddings": 1}
    assert stores(tmp_path) == set()


def test_a_published_data_set_that_no_study_names_is_a_leftover(storage):
    (storage / "datasets" / f"{NOBODYS}.json").write(b"{}")
    (storage / "datasets" / f"{FINGERPRINT}.json").write(b'{"frames": "store"}')
    study(storage, "rain", planned=1, recorded=0)
    assert prune(storage) == {"data sets that no study names": 1}
    assert {path.stem for path in (storage / "datasets").glob("*")} == {FINGERPRINT}


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


def with_plugin(storage, *, planned):
    """Write a study with a plugin, one of whose runs is recorded, and the code of it and of an earlier state."""
    used, earlier = plugin_sources(FOCAL), plugin_sources(FOCAL, "# earlier")
    use([load(used)])
    builder = Builder("open", spec={"plugins": ["/there/my_losses.py"]})
    for seed in range(planned):
        builder.add("mine", loss_class("mine.focal")(name="mine.focal"), seed, status=None if seed else "complete")
    use([])
    builder.planned = [
        p.model_copy(update={"run": p.run.model_copy(update={"code": code(used)})}) for p in builder.planned
    ]
    records = [
        r.model_copy(update={"run": p.run, "run_id": p.run.run_id})
        for p, r in zip(builder.planned, builder.records.values(), strict=False)
    ]
    builder.records = {r.run_id: r for r in records}
    builder.write(storage)
    for sources in (used, earlier):
        keep_sources(storage, sources)
    return used.sha256, earlier.sha256


def code(sources):
    return (PluginCode(name="mine.focal", sha256=sources.sha256),)


def plugins(storage):
    return {name.removesuffix(".json") for name in (storage / "plugins").stamps()}


def test_code_of_plugins_that_no_plan_names_is_a_leftover(storage):
    used, _ = with_plugin(storage, planned=1)
    (storage / "plugins" / "notes.json").write(b"{}")
    assert prune(storage) == {"plugins that no study uses": 1}
    assert plugins(storage) == {used, "notes"}


def test_code_of_plugins_is_kept_while_a_study_with_plugins_has_not_ended(storage):
    both = with_plugin(storage, planned=2)
    prune(storage)
    assert plugins(storage) == set(both)


def test_a_study_on_embeddings_needs_their_store_and_no_frames(storage):
    frames(storage, UNUSED, FINGERPRINT)
    (storage / "features" / USED / "store.json").write(b"{}")
    timing = {"hop_s": 0.5, "window_s": 1.0, "model": "m"}
    published = PublishedEmbeddings(frames=USED, manifest={}, **timing)
    embeddings_path(storage, FINGERPRINT, USED).write(to_bytes(published))
    builder = Builder("rain")
    builder.add("cce", CCE(name="cce"), 0, status=None)
    plan = builder.plan()
    summary = EmbeddingSummary(digest=USED, dims=2, windows=3, **timing)
    data = plan.dataset.model_copy(update={"embeddings": summary, "frames": False})
    write_plan(storage, plan.model_copy(update={"dataset": data}))
    assert prune(storage) == {"stores of frames or embeddings": 1, "data sets that no study names": 1}
    assert stores(storage) == {USED}
    assert list((storage / "datasets").glob("*")) == [embeddings_path(storage, FINGERPRINT, USED)]
