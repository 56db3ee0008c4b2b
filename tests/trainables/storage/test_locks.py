"""One owner at a time, in a folder and in an object store; S3 is played by moto's server."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from study.cluster.ray_environment import prepare_environment
from study.errors import OwnedError
from study.interrupts import interruptible
from study.ledger import claim as claiming
from study.ledger.claim import claim
from trainables.storage import leases, locks, object_store

HOLD = """
import sys, time
from trainables.storage.location import location
held = (location(sys.argv[1]) / "owner").acquire()
print("held" if held else "refused", flush=True)
time.sleep(600 if held else 0)
"""


@pytest.fixture(params=["folder", pytest.param("object store", marks=pytest.mark.slow)])
def path(request, tmp_path):
    """Return what is owned, in a folder and in an object store."""
    storage = tmp_path if request.param == "folder" else request.getfixturevalue("bucket")
    return storage / "owner"


@pytest.fixture
def brief(monkeypatch):
    """Leases last seconds; the store's clock counts whole ones."""
    monkeypatch.setattr(leases, "RENEW_S", 0.3)
    monkeypatch.setattr(leases, "LEASE_S", 4.0)
    monkeypatch.setattr(leases, "WATCH_S", 3.0)
    monkeypatch.setattr(leases, "LOOK_S", 0.1)
    monkeypatch.setitem(object_store.MAX_PAUSE_S, "unreachable", 0.5)  # an owner tries again well before it is given up
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background process ignores it
    yield
    signal.signal(signal.SIGINT, before)


def start(path):
    command = [sys.executable, "-c", HOLD, str(path.parent)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def silent(path, term="000000001"):
    """Leave the lease of an owner on another machine that says nothing any more."""
    about = {"pid": 1, "user": "u", "host": "elsewhere", "started": "2026", "here": {"boot": "another"}, "token": "t"}
    (path / term).write(json.dumps(about).encode())


def test_a_lock_can_be_owned_on_a_full_disk(tmp_path, monkeypatch):
    class Full(io.FileIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "lock").touch()
    monkeypatch.setattr(locks, "open_unchanged", lambda path: Full(path, "r+"))
    held = locks.acquire(tmp_path / "lock")
    assert held is not None
    assert locks.holder(tmp_path / "lock") == "another process"
    assert locks.acquire(tmp_path / "lock") is None
    held.release()
    assert locks.holder(tmp_path / "lock") is None


def test_a_second_is_refused_until_the_first_releases(path):
    first = path.acquire()
    assert path.acquire() is None
    assert str(path.holder()).startswith(f"process {os.getpid()} of ")
    first.release()
    assert path.holder() is None
    second = path.acquire()
    assert second is not None
    second.release(remove=True)


@pytest.mark.slow
def test_of_many_that_race_one_owns(path):
    for number in range(10):
        won, gate = [], threading.Barrier(4)

        def race(one=path.parent / f"run-{number}", won=won, gate=gate):
            gate.wait()
            if held := one.acquire():
                won.append(held)

        threads = [threading.Thread(target=race) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        won[0].release()


def test_of_processes_that_race_one_owns_and_once_it_is_killed_it_is_free_at_once(path):
    running = [start(path) for _ in range(3)]
    said = {process: process.stdout.readline() for process in running}
    assert sorted(said.values()) == ["held\n", "refused\n", "refused\n"]
    owner = next(process for process, text in said.items() if text == "held\n")
    assert str(path.holder()).startswith(f"process {owner.pid} of ")
    owner.send_signal(signal.SIGKILL)
    for process in running:
        process.communicate(timeout=60)
    held = path.acquire()
    assert held is not None
    held.release()


def test_nothing_is_left_of_what_nobody_will_own_again(path):
    path.acquire().release(remove=True)
    assert not path.exists()
    path.acquire().release()
    assert path.exists()
    path.discard()
    assert not path.exists()


@pytest.mark.usefixtures("brief")
def test_a_lease_that_nobody_renews_is_taken_over_when_it_lapses_and_not_before(bucket, monkeypatch):
    path = bucket / "owner"
    silent(path)
    with monkeypatch.context() as patch:
        patch.setattr(leases, "LEASE_S", 600.0)
        assert path.acquire() is None
    began = time.monotonic()
    held = path.acquire(wait=True)
    assert held is not None
    assert 2.0 <= time.monotonic() - began < 60
    assert [name for name in path.stamps() if name.isdigit()] == ["000000002"]
    held.release()


@pytest.mark.usefixtures("brief")
def test_who_waits_is_refused_once_the_lease_is_renewed(bucket):
    first = (bucket / "owner").acquire()
    assert (bucket / "owner").acquire(wait=True) is None
    first.release()


@pytest.mark.usefixtures("brief")
def test_an_owner_that_was_taken_over_is_told_and_leaves_the_other_alone(bucket):
    path, told = bucket / "owner", threading.Event()
    first = path.acquire(on_loss=told.set)
    silent(path, "000000002")
    assert told.wait(120)
    assert first.lost
    before = (path / "000000002").stamp()
    first.release()
    assert (path / "000000002").stamp() == before
    assert str(path.holder()) == "process 1 of u on elsewhere since 2026"


@pytest.mark.usefixtures("brief")
def test_a_study_that_another_process_took_over_ends_and_says_who(bucket):
    def run():
        with claim(bucket, "s"):
            silent(bucket / "studies" / "s" / "owner.lock", "000000002")
            threading.Event().wait(120)

    with pytest.raises(OwnedError, match="study s is being run by process 1 of u on elsewhere"):
        run()


@pytest.mark.usefixtures("brief")
def test_a_study_that_was_lost_ends_at_once_although_epochs_are_under_way(bucket, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    prepare_environment()
    from study.engine.graceful_stop import FinishingEpochs  # noqa: PLC0415 -- imports ray, which reads the environment

    def run():
        with interruptible(), claim(bucket, "s"), FinishingEpochs() as finishing:
            finishing.on_trial_start(SimpleNamespace(trial_id="a"))
            silent(bucket / "studies" / "s" / "owner.lock", "000000002")
            threading.Event().wait(120)

    with pytest.raises(OwnedError, match="study s is being run by process 1 of u on elsewhere"):
        run()


@pytest.mark.usefixtures("brief")
def test_who_has_lost_a_study_is_told_before_it_writes(bucket, monkeypatch):
    monkeypatch.setattr(claiming, "_interrupt", (told := threading.Event()).set)

    def run():
        with claim(bucket, "s") as still_owned:
            still_owned()
            silent(bucket / "studies" / "s" / "owner.lock", "000000002")
            assert told.wait(120)
            with pytest.raises(OwnedError, match="study s is being run by process 1 of u"):
                still_owned()
            raise ValueError  # as what Tune makes of it

    with pytest.raises(OwnedError, match="study s is being run by process 1 of u"):
        run()


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("broken", ["_written", "_terms"])
def test_a_renewal_that_goes_wrong_is_not_the_last(broken, bucket, monkeypatch, caplog):
    path, told, tried, well = bucket / "owner", threading.Event(), threading.Event(), getattr(leases, broken)

    def once(what):
        if tried.is_set():
            return well(what)
        tried.set()
        if broken == "_terms":
            return []
        raise ValueError(broken)

    first = path.acquire(on_loss=told.set)
    monkeypatch.setattr(leases, broken, once)
    assert tried.wait(120)
    assert not first.lost
    silent(path, "000000002")
    assert told.wait(120)
    first.release()
    assert ("the lease could not be renewed" in caplog.text) == (broken == "_written")


@pytest.mark.usefixtures("brief")
def test_an_outage_longer_than_the_lease_takes_nothing_from_an_owner_alone(bucket, front, monkeypatch):
    monkeypatch.setattr(leases, "WATCH_S", 60.0)  # so long may a busy machine take to renew it
    held = (bucket / "owner").acquire()
    front.set("closed")
    lapsed = threading.Event()
    threading.Timer(5.0, lapsed.set).start()
    assert lapsed.wait(120)
    front.set("open")
    assert (bucket / "owner").acquire(wait=True) is None
    assert not held.lost
    held.release()


def test_who_looks_for_the_owner_writes_nothing(bucket):
    held = (bucket / "owner").acquire()
    before = (bucket / "owner").stamps()
    assert (bucket / "owner").holder() is not None
    assert (bucket / "owner").stamps() == before
    held.release()
