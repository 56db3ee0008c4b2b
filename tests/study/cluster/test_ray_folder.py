"""The folder of a study's own cluster: where it is made, how short it is, what is left of it, and who may remove it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from study.cluster.ray_folder import parent_folder, ray_folder, ray_folders, remove_ray_folder, socket_bytes
from study.errors import EngineError, RayFailedError

TMP = Path("/tmp")  # noqa: S108 -- where the folders are if TMPDIR is long
KILLED = """
import os, signal
from study.cluster.ray_folder import ray_folder
with ray_folder() as folder:
    print(folder.path, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def parent(monkeypatch):
    """A short folder for temporary files: pytest's own are long."""
    with tempfile.TemporaryDirectory(prefix="t-", dir=TMP) as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.delenv("RAY_TMPDIR", raising=False)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)


def listed(parent):
    return [folder for folder in ray_folders() if folder.path.parent == parent]


def test_the_longest_socket_that_ray_makes_is_as_long_as_computed(parent):
    session = f"session_2026-11-28_11-02-51_719456_{os.getpid()}"  # as Ray names them
    with ray_folder() as folder:
        assert len(bytes(folder.path / session / "sockets" / "plasma_store")) == socket_bytes(parent)


def test_the_folder_is_readable_for_its_user_only_and_names_the_driver(parent):
    with ray_folder() as folder:
        assert folder.path.parent == parent
        assert folder.path.stat().st_mode & 0o777 == 0o700
        assert f"-{os.getpid()}-" in folder.path.name


def test_a_long_tmpdir_is_passed_over_for_a_short_folder(parent, monkeypatch):
    long = parent / ("d" * 100)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    assert parent_folder() == TMP


def test_a_tmpdir_that_does_not_exist_is_passed_over(parent, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(parent / "absent"))
    assert parent_folder() == TMP


def test_without_any_short_folder_one_line_names_the_bytes_and_the_remedy(parent, monkeypatch):
    long = parent / ("d" * 100)
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(EngineError) as raised:
        parent_folder()
    assert str(raised.value) == (
        f"{long} is too long for Ray's sockets ({socket_bytes(long)} of 107 bytes), or cannot be written to; "
        "set TMPDIR to a shorter folder"
    )


def test_the_folder_is_removed_at_the_end_and_after_an_error_of_the_study(parent):
    with ray_folder():
        pass
    with pytest.raises(EngineError), ray_folder():
        raise EngineError
    assert list(parent.iterdir()) == []


def test_the_folder_stays_if_ray_failed(parent):
    with pytest.raises(RayFailedError), ray_folder() as folder:
        raise RayFailedError
    assert [left.path for left in listed(parent)] == [folder.path]
    assert listed(parent)[0].owner is None


def test_a_folder_in_use_names_its_driver_and_is_not_removed(parent):
    with ray_folder() as folder:
        (listing,) = listed(parent)
        assert listing.owner.startswith(f"process {os.getpid()} of ")
        assert not remove_ray_folder(listing)
        assert folder.path.is_dir()


def test_the_folder_of_a_killed_driver_has_no_owner_and_is_removed(parent):
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=60, check=False)
    (left,) = listed(parent)
    assert killed.stdout.strip() == str(left.path)
    assert left.owner is None
    assert remove_ray_folder(left)
    assert not left.path.exists()


def test_a_folder_that_its_process_has_not_locked_yet_is_in_use(parent):
    (parent / "gce-ray-1-abcdefgh").mkdir()
    assert [folder.owner for folder in listed(parent)] == ["a process that has just begun"]


def test_neither_links_nor_other_names_are_listed(parent):
    (parent / "elsewhere").mkdir()
    (parent / "gce-ray-1-abcdefgh").symlink_to(parent / "elsewhere")
    (parent / "gce-ray-mine").mkdir()
    assert listed(parent) == []
