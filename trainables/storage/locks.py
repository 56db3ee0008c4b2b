"""File locks by ``flock``: the system frees one when the process that holds it ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from trainables.storage.descriptors import open_file
from trainables.storage.documents import to_bytes
from trainables.storage.owners import MAX_BYTES, describe, read_owner, this_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}
ATTEMPTS, PAUSE_S = 3, 0.05  # ``holder`` holds a lock for a moment while it looks


def lock(file: BinaryIO, *, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open file until it is closed; return whether it is locked, which is certain with ``wait``."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def open_unchanged(path: Path) -> BinaryIO:
    """Open a file to read and write it, unbuffered; it is made if absent, and keeps its content."""
    return cast("BinaryIO", os.fdopen(open_file(path, os.O_RDWR | os.O_CREAT), "r+b", buffering=0))


@contextmanager
def exclusive(path: Path, busy: Callable[[], None] = lambda: None) -> Iterator[BinaryIO]:
    """Hold the lock of a file, which is created if absent; wait if another process holds it.

    Args:
        path: of the file, which stays behind: to remove it would let two processes lock two files.
        busy: called once if another process holds the lock; what it raises ends the waiting.

    Yields:
        The open file.

    """
    with open_unchanged(path) as file:
        if not lock(file, wait=False):
            busy()
            lock(file)
        yield file


def name_owner(file: BinaryIO) -> None:
    """Write into a locked file which process holds it; leave it empty on a full disk."""
    file.truncate(0)
    try:
        file.write(to_bytes(this_process()))
    except OSError as error:
        if error.errno not in FULL:
            raise
        file.truncate(0)  # the lock suffices, also to make room


class OwnedFile:
    """A lock file that this process owns, and that names it unless the disk is full."""

    lost = False  # as long as the process lives

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Write the owner into a locked file."""
        self._path, self._file = path, file
        name_owner(file)

    def release(self, *, remove: bool = False) -> None:
        """Free the lock; ``remove`` removes the file too."""
        if remove:  # while it is locked: a process that waits for the lock finds the run's record once it has it
            self._path.unlink(missing_ok=True)
        else:
            self._file.truncate(0)
        self._file.close()


def acquire(path: Path) -> OwnedFile | None:
    """Own a lock file; None if another process owns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(ATTEMPTS):
        file = open_unchanged(path)
        try:
            if lock(file, wait=False) and _is_at(path, file):
                return OwnedFile(path, file)
        except BaseException:
            file.close()
            raise
        file.close()
        time.sleep(PAUSE_S)
    return None


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Return whether a path still leads to an open file: its owner may have removed it before it was locked here."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def holder(path: Path) -> str | None:
    """Return a description of the process that owns a lock file; None without an owner."""
    try:
        with path.open("rb") as file:
            if lock(file, shared=True, wait=False):
                return None
            return describe(read_owner(file.read(MAX_BYTES), path))
    except FileNotFoundError:
        return None
