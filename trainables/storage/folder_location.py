"""A storage location in a folder: a path, with the methods of ``types.Location``."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import PosixPath
from typing import TYPE_CHECKING, Self, TypeVar

from trainables.storage import locks
from trainables.storage.files import shortened, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from trainables.storage.types import Held, Stamp

T = TypeVar("T")
R = TypeVar("R")


class FolderLocation(PosixPath):
    """A folder, or a file or folder below it. For methods without a docstring see ``types.Location``."""

    @property
    def local_path(self) -> Path:
        """The path itself."""
        return self

    @property
    def scratch(self) -> Path:
        """The path itself."""
        return self

    def hasty(self) -> Self:
        """Return itself: a folder does not make requests."""
        return self

    def write(self, data: bytes) -> None:
        """Write a temporary file next to this one, which it then replaces."""
        write_atomically(self, data)

    def write_as_owner(self, data: bytes) -> bool:
        """Write the file: a lock is not lost while its process lives, so nobody else has written it."""
        self.write(data)
        return True

    def append(self, data: bytes, limit: int | None = None) -> None:
        """Append under a lock, in one write; drop the older half of a file of more than ``limit`` bytes."""
        self.parent.mkdir(parents=True, exist_ok=True)
        with locks.exclusive(self) as file:
            file.seek(0, os.SEEK_END)
            file.write(data)
            if limit and file.tell() > limit:
                file.seek(0)
                kept = shortened(file.read(), limit)
                file.truncate(0)
                file.seek(0)
                file.write(kept)
            os.fsync(file.fileno())

    def move_to(self, target: Path) -> None:
        """Rename the file, after making the folder of the target."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.rename(target)

    def upload(self, source: Path) -> None:
        """Copy a local file to this place."""
        shutil.copyfile(source, self)

    def download(self, target: Path) -> None:
        """Copy the file to a local one."""
        shutil.copyfile(self, target)

    def stamp(self) -> Stamp:
        """Return the file's time, size and inode."""
        return _stamp(self.stat())

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every file in this folder by name, in one pass."""
        stamps = {}
        # The folder may not exist yet, or a file may have just been removed.
        with suppress(FileNotFoundError), os.scandir(self) as entries:
            for entry in entries:
                stamps[entry.name] = _stamp(entry.stat())
        return stamps

    def tree(self) -> dict[str, Stamp]:
        """Return the stamp of every file below this folder by its relative path."""
        return {str(path.relative_to(self)): path.stamp() for path in self.rglob("*") if path.is_file()}

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function for each item, one at a time."""
        return map(function, items)

    def acquire(self, *, wait: bool = False, on_loss: Callable[[], None] = lambda: None) -> Held | None:
        """Lock the file; the arguments matter for leases only."""
        del wait, on_loss
        return locks.acquire(self)

    def holder(self) -> str | None:
        """Return a description of the process that holds the file's lock; None without one."""
        return locks.holder(self)

    def discard(self) -> None:
        """Remove the lock file."""
        self.unlink(missing_ok=True)


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_mtime_ns, status.st_size, status.st_ino)
