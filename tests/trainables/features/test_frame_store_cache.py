"""Frame stores in an object store and their copies on a machine's disk; S3 is played by moto's server."""

import os
import shutil
import subprocess
import sys

import pytest

from trainables.features import frame_store_cache
from trainables.features.frame_store import FRAMES_FILE, MANIFEST_FILE
from trainables.features.frame_store_cache import fetch, shared_store
from trainables.storage.folder_location import FolderLocation

HOLD = """
import sys
from pathlib import Path
from trainables.storage.location import location
from trainables.features.frame_store_cache import fetch
print(fetch(location(sys.argv[1]), Path(sys.argv[2])).total, flush=True)
sys.stdin.read()
"""


FETCH = """
import sys
from pathlib import Path
from trainables.storage.location import location
from trainables.features.frame_store_cache import fetch
fetch(location(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def closed():
    """Forget what this process has open, as its end would."""
    yield
    while frame_store_cache._open:
        frame_store_cache._open.popitem()[1].close()


@pytest.fixture
def remote(bucket, store, tmp_path):
    """A store that was built on this machine and uploaded."""
    parent = tmp_path / "builder"
    place = bucket / "features" / store.folder.name
    shutil.copytree(store.folder, parent / store.folder.name)
    shared_store(place, parent, lambda: store)
    return place


def test_a_copy_is_the_store(remote, store, tmp_path):
    copy = fetch(remote, tmp_path / "cache")
    assert copy.folder == tmp_path / "cache" / store.folder.name
    assert (copy.frames() == store.frames()).all()
    assert copy.rows == store.rows


def test_a_copy_is_made_once(remote, tmp_path):
    first = fetch(remote, tmp_path / "cache")
    before = (first.folder / FRAMES_FILE).stat()
    again = fetch(remote, tmp_path / "cache")
    assert (again.folder / FRAMES_FILE).stat().st_ino == before.st_ino


def test_a_damaged_copy_is_fetched_again(remote, store, tmp_path):
    path = fetch(remote, tmp_path / "cache").folder / FRAMES_FILE
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert (fetch(remote, tmp_path / "cache").frames() == store.frames()).all()


def test_what_was_damaged_there_is_no_store_and_is_built_again(remote, store, tmp_path):
    (frames,) = remote.glob("*.f32")
    data = bytearray(frames.read_bytes())
    data[100] ^= 1
    frames.write(bytes(data))
    assert fetch(remote, tmp_path / "cache") is None
    assert not list((tmp_path / "cache").glob("*/*.f32"))
    assert shared_store(remote, tmp_path / "other", lambda: store) is store
    assert fetch(remote, tmp_path / "cache") is not None


def test_a_store_whose_upload_did_not_end_is_none(remote, tmp_path):
    (remote / MANIFEST_FILE).unlink()
    assert fetch(remote, tmp_path / "cache") is None


def old(parent, name, size, opened):
    """Leave a copy of an earlier study, opened at some time."""
    (parent / name).mkdir(parents=True)
    (parent / name / FRAMES_FILE).write_bytes(bytes(size))
    (parent / f"{name}.used").touch()
    os.utime(parent / f"{name}.used", (opened, opened))


def test_what_was_opened_longest_ago_makes_room(remote, store, tmp_path, monkeypatch):
    parent = tmp_path / "cache"
    size = (store.folder / FRAMES_FILE).stat().st_size
    old(parent, "long-ago", size, 1_000)
    old(parent, "ago", size, 2_000)
    monkeypatch.setenv(frame_store_cache.LIMIT, str(2.5 * size / 1e9))
    fetch(remote, parent)
    assert sorted(path.name for path in parent.iterdir() if path.is_dir()) == sorted(["ago", store.folder.name])


def test_what_is_being_copied_by_another_process_is_neither_counted_nor_removed(tmp_path, monkeypatch, caplog):
    old(tmp_path, "a", 1_000, 1_000)
    old(tmp_path, ".b.part", 9_000, 1_000)
    monkeypatch.setenv(frame_store_cache.LIMIT, "0.000005")
    frame_store_cache._make_room(tmp_path, 0)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == [".b.part", "a"]
    assert not caplog.text


def test_a_file_that_another_process_has_just_removed_counts_nothing(tmp_path, monkeypatch):
    old(tmp_path, "a", 1_000, 1_000)
    is_file = FolderLocation.is_file

    def then_gone(path):
        found = is_file(path)
        path.unlink()
        return found

    monkeypatch.setattr(FolderLocation, "is_file", then_gone)
    monkeypatch.setenv(frame_store_cache.LIMIT, "0.0000005")
    frame_store_cache._make_room(tmp_path, 0)
    assert (tmp_path / "a").is_dir()


def test_a_copy_that_a_process_has_open_stays_whatever_the_limit(remote, store, tmp_path, monkeypatch, caplog):
    parent = tmp_path / "cache"
    command = [sys.executable, "-c", HOLD, str(remote), str(parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == f"{store.total}\n"
        other = remote.parent / "another"
        for path in remote.glob("*"):
            (other / path.name).write(path.read_bytes())
        monkeypatch.setenv(frame_store_cache.LIMIT, "0.000001")
        assert fetch(other, parent) is not None
        assert (parent / store.folder.name / FRAMES_FILE).exists()
        assert "take more than GCE_STUDY_CACHE_GB" in caplog.text
        process.stdin.close()
        process.wait(timeout=120)
    frame_store_cache._make_room(parent, 0)
    assert sorted(path.name for path in parent.iterdir() if path.is_dir()) == ["another"]


def test_a_process_that_ends_closes_the_locks_of_its_copies(tmp_path):
    folders = [str(tmp_path / name) for name in ("remote", "copies")]
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", FETCH, *folders]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (tmp_path / "copies" / "remote.used").exists()
    assert ended.stderr == ""
