"""Frame stores in an object store, and the copies of them that each machine keeps on its own disk.

A store is built once, on the machine that drives the first study of its data, and uploaded: the frames first, under a
name that follows from the store's manifest, then the manifest. So the frames that a manifest names are complete, and
two uploads at the same time do not mix. Every machine copies the store once to ``CACHE/features``, compares the
checksums, and maps the copy; each process compares them again when it opens it, and fetches a damaged copy again.

The copies together stay below ``GCE_STUDY_CACHE_GB`` (default 50): the one opened longest ago is removed first, but
never one that a process has open, as a file lock next to it shows.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
from typing import TYPE_CHECKING

from trainables.config import digest
from trainables.features.frame_store import FLOAT, FRAMES_FILE, MANIFEST_FILE, FrameStore, StoreManifest, open_store
from trainables.storage.documents import DamagedError, parse
from trainables.storage.locks import exclusive, lock, open_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from trainables.storage.types import Location

logger = logging.getLogger(__name__)

LIMIT, DEFAULT_LIMIT = "GCE_STUDY_CACHE_GB", 50.0
_open: dict[Path, BinaryIO] = {}  # copies that this process uses -> their lock files, locked until it ends


def shared_store(remote: Location, parent: Path, build: Callable[[], FrameStore]) -> FrameStore:
    """Return this machine's copy of a store; build and upload it if the storage location has none.

    Args:
        remote: the store's place in the storage location.
        parent: the folder of this machine's copies.
        build: builds the store in ``parent`` under the same name, or repairs it. Also called for a store with clips
            that could not be used, because a disk may have been at fault.

    Raises:
        OSError: the storage location or this machine's disk cannot be used.

    """
    store = fetch(remote, parent) if (remote / MANIFEST_FILE).exists() else None
    if store is not None and not store.bad:
        return store
    _use(parent / remote.name)
    store = build()
    manifest = (store.folder / MANIFEST_FILE).read_bytes()
    _frames(remote, manifest).upload(store.folder / FRAMES_FILE)
    (remote / MANIFEST_FILE).write(manifest)
    _make_room(parent, 0)
    return store


def fetch(remote: Location, parent: Path) -> FrameStore | None:
    """Open this machine's copy of a store; copy it first if it is absent or damaged.

    Returns:
        The store, after comparing its checksums; None if the original is absent or damaged itself.

    Raises:
        OSError: the storage location or this machine's disk cannot be used.

    """
    folder = parent / remote.name
    _use(folder)
    store = open_store(folder, verify=True)
    if store is None:
        with exclusive(folder.with_name(f"{folder.name}.copying")):
            store = open_store(folder, verify=True)  # another process may have just copied it
            if store is None and _copy(remote, folder):
                store = open_store(folder)
    return store


def _copy(remote: Location, folder: Path) -> bool:
    """Copy a store to this machine; return whether the copy is whole."""
    try:
        manifest = (remote / MANIFEST_FILE).read_bytes()
        content = parse(manifest, StoreManifest, remote / MANIFEST_FILE)
    except (FileNotFoundError, DamagedError):
        return False
    size = content.total * content.mels * FLOAT
    _make_room(folder.parent, size)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        _frames(remote, manifest).download(part / FRAMES_FILE)
        (part / MANIFEST_FILE).write_bytes(manifest)
        if open_store(part, verify=True) is None:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except FileNotFoundError:
        return False
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return True


def _frames(remote: Location, manifest: bytes) -> Location:
    return remote / f"{digest(json.loads(manifest))}.f32"


def copies(parent: Path) -> list[Path]:
    """Return this machine's copies of stores, the one opened longest ago first."""
    if not parent.is_dir():
        return []
    # A name that starts with a dot is a copy in progress.
    folders = (path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(folders, key=last_opened)


def last_opened(copy: Path) -> float:
    """Return when a copy was last opened, in seconds since 1970."""
    lock_file = copy.with_name(f"{copy.name}.used")
    return (lock_file if lock_file.exists() else copy).stat().st_mtime


def is_copy(folder: Path) -> bool:
    """Return whether a store was copied, or built to be uploaded, and not built in its storage location."""
    return folder.with_name(f"{folder.name}.used").exists()


def is_open(copy: Path) -> bool:
    """Return whether a process has a copy open."""
    with open_unchanged(_lock_file(copy)) as file:
        return not lock(file, wait=False)


def remove_copy(copy: Path) -> bool:
    """Remove a copy; return False, and change nothing, if a process has it open."""
    with open_unchanged(_lock_file(copy)) as file:
        if not lock(file, wait=False):
            return False
        shutil.rmtree(copy, ignore_errors=True)
        return True


def _make_room(parent: Path, needed: int) -> None:
    """Remove copies that no process has open, the one opened longest ago first, until ``needed`` bytes fit."""
    limit = float(os.environ.get(LIMIT) or DEFAULT_LIMIT) * 1e9
    sizes = {copy: sum(map(_size, copy.rglob("*"))) for copy in copies(parent)}
    for copy in list(sizes):
        if sum(sizes.values()) + needed <= limit:
            return
        if remove_copy(copy):
            del sizes[copy]
    if sum(sizes.values()) + needed > limit:
        logger.warning("%s: the frame stores in use take more than %s=%g allows", parent, LIMIT, limit / 1e9)


def _size(path: Path) -> int:
    """Return a file's size in bytes; 0 for a folder, and for a file that another process has just removed."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


def _lock_file(folder: Path) -> Path:
    """Return the file next to a copy: its lock shows that the copy is in use, its time when it was last opened."""
    path = folder.with_name(f"{folder.name}.used")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch()
    return path


def _use(folder: Path) -> None:
    """Keep a copy from being removed until this process ends."""
    path = _lock_file(folder)
    if folder not in _open:
        file = _open[folder] = open_unchanged(path)
        lock(file, shared=True)
        atexit.register(file.close)
    os.utime(path)
