"""A folder and an object store behind one interface: what both do, and where they differ on purpose."""

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trainables.storage import locks
from trainables.storage.folder_location import FolderLocation
from trainables.storage.location import location

HOLD = """
import sys
from pathlib import Path
from trainables.storage.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["folder", pytest.param("object store", marks=pytest.mark.slow)])
def storage(request, tmp_path):
    return tmp_path / "there" if request.param == "folder" else request.getfixturevalue("bucket")


def test_a_file_goes_there_and_comes_back(storage, tmp_path):
    (tmp_path / "source").write_bytes(b"frames")
    (storage / "other").write(b"")
    (storage / "a").upload(tmp_path / "source")
    (storage / "a").download(tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"frames"


def test_a_tree_holds_every_file_below_by_its_relative_path(storage):
    for name in ("a", "b/c", "b/d/e"):
        (storage / name).write(name.encode())
    assert storage.tree() == {name: (storage / name).stamp() for name in ("a", "b/c", "b/d/e")}


def test_what_is_appended_follows_what_was_there(storage):
    (storage / "logs" / "a").append(b"one\n")
    (storage / "logs" / "a").append(b"two\n")
    assert (storage / "logs" / "a").read_bytes() == b"one\ntwo\n"


def test_of_a_file_beyond_its_limit_the_older_half_goes_up_to_a_whole_line(storage):
    for number in range(11):
        (storage / "a").append(b"%04d\n" % number, 50)
    kept = b"".join(b"%04d\n" % number for number in range(7, 11))
    assert (storage / "a").read_bytes() == b"[what was older is gone]\n" + kept


def test_results_of_a_map_come_in_the_order_of_the_items(storage):
    names = [str(number) for number in range(40)]
    for name in names:
        (storage / name).write(name.encode())
    assert list(storage.map(lambda name: (storage / name).read_bytes().decode(), names)) == names


def test_a_lock_lets_its_owner_replace_a_record_and_a_lease_does_not(storage):
    assert (storage / "a").write_as_owner(b"damaged")
    replaced = (storage / "a").write_as_owner(b"whole")
    assert replaced == (storage.local_path is not None)
    assert (storage / "a").read_bytes() == (b"whole" if replaced else b"damaged")


def test_what_is_made_from_a_folder_is_a_location_too(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    found = location(str(tmp_path))
    for path in (found / "a", (found / "a").parent, found.absolute(), (found / "a").with_name("c"), *found.glob("*")):
        assert type(path) is FolderLocation
    assert type(pickle.loads(pickle.dumps(found))) is FolderLocation  # noqa: S301 -- our own
    assert found == Path(tmp_path)
    assert location(found) == found


def test_only_a_folder_has_a_local_path(tmp_path, bucket):
    assert tmp_path.local_path == tmp_path.scratch == tmp_path
    assert bucket.local_path is None
    assert bucket.scratch == Path(os.environ["GCE_STUDY_CACHE"])


def test_a_file_has_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        (tmp_path / "a").write(b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_beside_it(tmp_path, monkeypatch):
    (tmp_path / "a").write(b"old")

    def full(_):
        raise OSError

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):  # noqa: PT011 -- it has no text
        (tmp_path / "a").write(b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_lock_that_another_process_holds_is_waited_for_until_that_is_killed(tmp_path):
    holding = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holding:
        assert holding.stdout.readline() == "locked\n"
        busy = threading.Event()

        def refuse():
            raise BlockingIOError

        with pytest.raises(BlockingIOError), locks.exclusive(tmp_path / "lock", busy=refuse):
            pass
        threading.Thread(target=lambda: busy.wait(30) and holding.kill()).start()
        with locks.exclusive(tmp_path / "lock", busy=busy.set):
            assert busy.is_set()


def test_an_exclusive_lock_leaves_the_content_of_its_file(tmp_path):
    (tmp_path / "a").write(b"1")
    with locks.exclusive(tmp_path / "a") as file:
        assert file.read() == b"1"
    assert (tmp_path / "a").read_bytes() == b"1"
