"""Inside a storage location no link is followed, however it is reached, and nothing waits for a FIFO."""

from __future__ import annotations

import os
import pickle
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trainables.storage.descriptors import LINK, SPECIAL
from trainables.storage.files import write_atomically
from trainables.storage.folder_location import FolderLocation
from trainables.storage.rooted_path import UnsafePathError

if TYPE_CHECKING:
    from collections.abc import Callable


def moved_there(path: FolderLocation) -> None:
    source = path.parent.parent / "source"
    source.write(b"new")
    source.move_to(path)


READS: dict[str, Callable[[FolderLocation], object]] = {
    "read_bytes": lambda path: path.read_bytes(),
    "read_text": lambda path: path.read_text(),
    "open": lambda path: path.open("rb"),
    "download": lambda path: path.download(path.parent.parent / "copy"),
    "stamp": lambda path: path.stamp(),
    "exists": lambda path: path.exists(),
    "is_file": lambda path: path.is_file(),
    "is_dir": lambda path: path.is_dir(),
    "holder": lambda path: path.holder(),
}
WRITES: dict[str, Callable[[FolderLocation], object]] = {
    "append": lambda path: path.append(b"new"),
    "upload": lambda path: path.upload(Path(__file__)),
    "write_bytes": lambda path: path.write_bytes(b"new"),
    "acquire": lambda path: path.acquire(),
    "open": lambda path: path.open("r+b"),
}
IN_FOLDER: dict[str, Callable[[FolderLocation], object]] = {
    **{f"{name} a file": call for name, call in (READS | WRITES).items()},
    "write a file": lambda path: path.write(b"new"),
    "write_atomically a file": lambda path: write_atomically(path, b"new"),
    "unlink a file": lambda path: path.unlink(),
    "discard a file": lambda path: path.discard(),
    "move a file away": lambda path: path.move_to(path.parent.parent / "away"),
    "move a file there": moved_there,
    "make a folder": lambda path: (path / "below").mkdir(parents=True),
    "list the folder": lambda path: list(path.parent.iterdir()),
    "glob": lambda path: list(path.parent.glob("*")),
    "stamps": lambda path: path.parent.stamps(),
    "tree": lambda path: path.parent.tree(),
}


@pytest.fixture
def outside(tmp_path: FolderLocation) -> Path:
    """Return a file outside of the storage location."""
    file = Path(tmp_path, "outside", "file")
    file.parent.mkdir()
    file.write_bytes(b"old")
    return file


@pytest.fixture
def storage(tmp_path: FolderLocation) -> FolderLocation:
    root = FolderLocation(tmp_path / "storage")
    (root / "a" / "file").write(b"inside")
    return root


@pytest.mark.parametrize("call", (READS | WRITES).values(), ids=(READS | WRITES).keys())
def test_a_link_in_place_of_a_file_is_refused(
    call: Callable[[FolderLocation], object], storage: FolderLocation, outside: Path
) -> None:
    path = storage / "a" / "link"
    path.symlink_to(outside)
    with pytest.raises(UnsafePathError) as error:
        call(path)
    assert str(error.value) == f"{path}: {LINK}"
    assert outside.read_bytes() == b"old"


@pytest.mark.parametrize("call", IN_FOLDER.values(), ids=IN_FOLDER.keys())
@pytest.mark.parametrize("deeper", [False, True], ids=["last folder", "folder above it"])
def test_a_link_in_place_of_a_folder_is_refused(
    call: Callable[[FolderLocation], object], storage: FolderLocation, outside: Path, *, deeper: bool
) -> None:
    if deeper:
        (outside.parent / "b").mkdir()
        (outside.parent / "b" / "file").write_bytes(b"old")
    before = {path: path.read_bytes() for path in outside.parent.rglob("*") if path.is_file()}
    (storage / "link").symlink_to(outside.parent)
    with pytest.raises(UnsafePathError, match=f"link: {LINK}"):
        call(storage / "link" / "b" / "file" if deeper else storage / "link" / "file")
    assert {path: path.read_bytes() for path in outside.parent.rglob("*") if path.is_file()} == before


def test_a_link_to_a_file_of_the_location_itself_is_refused_too(storage: FolderLocation) -> None:
    (storage / "a" / "link").symlink_to("file")
    with pytest.raises(UnsafePathError):
        (storage / "a" / "link").read_bytes()


def test_a_link_that_leads_nowhere_is_a_link_and_not_absent(storage: FolderLocation) -> None:
    (storage / "a" / "link").symlink_to("nowhere")
    with pytest.raises(UnsafePathError):
        (storage / "a" / "link").read_bytes()


def test_writing_a_whole_file_replaces_a_link_and_leaves_its_target(storage: FolderLocation, outside: Path) -> None:
    path = storage / "a" / "link"
    path.symlink_to(outside)
    path.write(b"new")
    assert (path.read_bytes(), outside.read_bytes()) == (b"new", b"old")


def test_a_link_is_no_file_of_a_tree(storage: FolderLocation, outside: Path) -> None:
    (storage / "a" / "link").symlink_to(outside)
    (storage / "b").symlink_to(outside.parent)
    assert list(storage.tree()) == ["a/file"]
    assert (storage / "absent").tree() == (storage / "a" / "file").tree() == {}


def test_removing_a_link_leaves_its_target(storage: FolderLocation, outside: Path) -> None:
    (storage / "a" / "link").symlink_to(outside)
    (storage / "a" / "link").unlink()
    assert outside.read_bytes() == b"old"
    assert [path.name for path in (storage / "a").iterdir()] == ["file"]


def test_a_study_folder_or_plan_that_is_a_link_is_listed_and_refused(storage: FolderLocation, outside: Path) -> None:
    (outside.parent / "plan.json").write_bytes(b"{}")
    (storage / "studies" / "real" / "plan.json").write(b"{}")
    (storage / "studies" / "link").symlink_to(outside.parent)
    (storage / "studies" / "plan-is-link").mkdir()
    (storage / "studies" / "plan-is-link" / "plan.json").symlink_to(outside.parent / "plan.json")
    (storage / "studies" / "empty").mkdir()
    linked, linked_plan, real = sorted((storage / "studies").glob("*/plan.json"))
    assert real.read_bytes() == b"{}"
    for path in (linked, linked_plan):
        with pytest.raises(UnsafePathError):
            path.read_bytes()


@pytest.mark.parametrize("absolute", [False, True])
def test_the_root_itself_may_be_a_link(
    tmp_path: FolderLocation, storage: FolderLocation, monkeypatch: pytest.MonkeyPatch, *, absolute: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("root").symlink_to(storage)
    root = FolderLocation(tmp_path / "root") if absolute else FolderLocation("root")
    (root / "b" / "file").write(b"new")
    assert (root / "a" / "file").read_bytes() == b"inside"
    assert (root.absolute() / "b" / "file").read_bytes() == b"new"
    assert sorted(root.tree()) == ["a/file", "b/file"]


def test_a_folder_above_the_root_may_be_a_link(tmp_path: FolderLocation, storage: FolderLocation) -> None:
    Path(tmp_path, "above").symlink_to(tmp_path)
    assert (FolderLocation(Path(tmp_path, "above", storage.name)) / "a" / "file").read_bytes() == b"inside"


def test_copies_and_other_processes_refuse_links_too(storage: FolderLocation, outside: Path) -> None:
    (storage / "a" / "link").symlink_to(outside)
    path = storage / "a" / "link"
    for same in (pickle.loads(pickle.dumps(path)), path.absolute(), path.parent / "link", path.with_name("link")):  # noqa: S301 -- our own
        assert same == path
        with pytest.raises(UnsafePathError):
            same.read_bytes()


def test_no_name_leads_out_of_the_location(storage: FolderLocation, outside: Path) -> None:
    with pytest.raises(UnsafePathError, match="outside of its storage location"):
        (storage / ".." / "outside" / "file").read_bytes()
    with pytest.raises(UnsafePathError, match="outside of its storage location"):
        storage / "datasets" / str(outside)
    assert outside.exists()


def special(kind: str, path: Path) -> None:
    """Make what is neither a file nor a folder."""
    if kind == "FIFO":
        os.mkfifo(path)
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))


@pytest.mark.parametrize("kind", ["FIFO", "socket"])
@pytest.mark.parametrize("name", ["read_bytes", "download", "holder", "append", "upload", "acquire", "write_bytes"])
def test_what_is_no_file_is_refused_at_once(
    kind: str, name: str, tmp_path: FolderLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (root := FolderLocation("s")).mkdir()
    special(kind, Path("s/x"))
    caught: list[BaseException] = []

    def attempt() -> None:
        try:
            (READS | WRITES)[name](root / "x")
        except OSError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert [str(error) for error in caught] == [f"s/x: {SPECIAL}"]


def test_a_link_that_appears_between_two_looks_is_refused(storage: FolderLocation, outside: Path) -> None:
    stop = threading.Event()
    folder = Path(storage, "a")

    def swap() -> None:
        while not stop.is_set():
            folder.rename(folder.with_name("b"))
            folder.symlink_to(outside.parent)
            folder.unlink()
            folder.with_name("b").rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    read = set()
    for _ in range(3000):
        try:
            read.add((storage / "a" / "file").read_bytes())
        except OSError:
            read.add(b"refused")
    stop.set()
    thread.join()
    assert read <= {b"inside", b"refused"}


def test_an_error_names_the_whole_path(storage: FolderLocation) -> None:
    path = storage / "a" / "absent"
    for call in (path.read_bytes, path.stamp, path.unlink, lambda: path.move_to(storage / "b")):
        with pytest.raises(FileNotFoundError, match=str(path)):
            call()


def test_a_rename_is_written_to_the_disk(storage: FolderLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    )
    (storage / "a" / "file").write(b"new")
    assert [Path(name).name.rpartition(".")[0] or Path(name).name for name in synced] == [".file", "a"]
    assert synced[1] == str(Path(storage, "a").resolve())
