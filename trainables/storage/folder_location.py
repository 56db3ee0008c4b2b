"""A storage location in a folder: a path, with the methods of ``types.Location``."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

from trainables.storage import locks
from trainables.storage.descriptors import (
    LINK,
    explained,
    folder_of,
    open_file,
    open_folder,
    pin,
    scanned,
    sync,
    unpin,
    verify,
)
from trainables.storage.files import shortened, write_atomically
from trainables.storage.rooted_path import RootedPath, UnsafePathError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

    from trainables.storage.types import Held, Stamp

T = TypeVar("T")
R = TypeVar("R")


class FolderLocation(RootedPath):
    """A folder, or a file or folder below it. For methods without a docstring see ``types.Location``.

    Links below the folder are refused with an ``UnsafePathError``; the folder itself may be one.
    """

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

    def pin(self) -> None:
        """Pin the root."""
        pin(self.steps[0])

    def unpin(self) -> None:
        """Undo one ``pin`` of the root."""
        unpin(self.steps[0])

    def verify(self) -> None:
        """Check the root, if it is pinned."""
        verify(self.steps[0])

    def open(  # type: ignore[override]  # pathlib has an overload for each mode
        self,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Open the file as ``open`` does."""
        return open(self, mode, buffering, encoding, errors, newline, opener=lambda _, flags: open_file(self, flags))

    def read_bytes(self) -> bytes:
        """Read the file, without the buffer of ``open``: ten thousand records are read at once."""
        with os.fdopen(open_file(self, os.O_RDONLY), "rb", buffering=0) as file:
            return file.readall()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return the status of the file or folder.

        Raises:
            UnsafePathError: it is a link, unless ``follow_symlinks`` is false, or goes through one.

        """
        if not self.steps[1]:
            return super().stat(follow_symlinks=follow_symlinks)
        with folder_of(self) as (folder, name), explained(self):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if follow_symlinks and stat.S_ISLNK(status.st_mode):
            raise UnsafePathError(errno.ELOOP, LINK, str(self))
        return status

    def _mode(self) -> int:
        """Return the kind of the file; 0 if it does not exist."""
        try:
            return self.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def exists(self, **_: bool) -> bool:
        """Return whether there is a file or folder; raise UnsafePathError for a link."""
        return self._mode() != 0

    def is_dir(self, **_: bool) -> bool:
        """Return whether there is a folder; raise UnsafePathError for a link."""
        return stat.S_ISDIR(self._mode())

    def is_file(self, **_: bool) -> bool:
        """Return whether there is a file; raise UnsafePathError for a link."""
        return stat.S_ISREG(self._mode())

    def iterdir(self) -> Generator[Self, None, None]:
        """Return what is in the folder."""
        with scanned(self) as scan:
            names = [entry.name for entry in scan]
        return (self / name for name in names)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: FBT001, FBT002 -- pathlib's signature
        """Make the folder, as pathlib does; ``mode`` counts only if ``parents`` is false."""
        root, names = self.steps
        if not names:
            super().mkdir(mode, parents, exist_ok)
        elif parents:
            if not exist_ok and self.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self))
            os.close(open_folder(root, names, make=True))
        else:
            with folder_of(self) as (folder, name), explained(self):
                try:
                    os.mkdir(name, mode, dir_fd=folder)
                except FileExistsError:
                    if not (exist_ok and self.is_dir()):
                        raise

    def rename(self, target: str | os.PathLike[str]) -> Self:
        """Move the file, or the link itself, over what has the target's name; return the target."""
        place = target if isinstance(target, FolderLocation) else FolderLocation(target)
        with folder_of(self) as (folder, name), folder_of(place) as (other, new), explained(self):
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=other)
            sync(other)
        return place  # type: ignore[return-value]  # of this class, as a location's own paths are

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 -- pathlib's signature
        """Remove the file, or the link itself."""
        try:
            with folder_of(self) as (folder, name), explained(self):
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            if not missing_ok:
                raise

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

    def move_to(self, target: FolderLocation) -> None:
        """Rename the file, after making the folder of the target."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.rename(target)

    def upload(self, source: Path) -> None:
        """Copy a local file to this place."""
        with source.open("rb") as original, self.open("wb") as copy:
            shutil.copyfileobj(original, copy)

    def download(self, target: Path) -> None:
        """Copy the file to a local one."""
        with self.open("rb") as original, target.open("wb") as copy:
            shutil.copyfileobj(original, copy)

    def glob(self, pattern: str) -> Generator[Self, None, None]:
        """Return the files whose names match: ``*.json`` here, ``*/plan.json`` one level down.

        A folder that is a link is not searched: the file in it is returned, as is a file that is a link, so that
        whoever opens it names it.
        """
        first, _, rest = pattern.partition("/")
        try:
            with scanned(self) as scan:
                entries = [(entry.name, entry.is_symlink()) for entry in scan if fnmatchcase(entry.name, first)]
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, is_link in entries:
            if not rest:
                yield self / name
            elif not is_link and "*" in rest:
                yield from (self / name).glob(rest)
            elif is_link or (self / name / rest)._is_there():  # noqa: SLF001 -- of this class
                yield self / name / rest

    def _is_there(self) -> bool:
        """Return whether there may be a file, a folder or a link."""
        try:
            self.stat(follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError:  # on its folder; it is named where the file is opened
            return True
        return True

    def stamp(self) -> Stamp:
        """Return the file's time, size and inode."""
        return _stamp(self.stat())

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every file in this folder by name, in one pass; that of a link is its own."""
        stamps = {}
        try:
            with scanned(self) as scan:
                for entry in scan:
                    with suppress(FileNotFoundError):  # it has just been removed
                        stamps[entry.name] = _stamp(entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            return {}
        return stamps

    def tree(self) -> dict[str, Stamp]:
        """Return the stamp of every file below this folder by its relative path; links are left out."""
        files: dict[str, Stamp] = {}
        try:
            with scanned(self) as scan:
                statuses = {entry.name: entry.stat(follow_symlinks=False) for entry in scan}
        except (FileNotFoundError, NotADirectoryError):
            return {}
        for name, status in statuses.items():
            if stat.S_ISDIR(status.st_mode):
                files |= {f"{name}/{below}": stamp for below, stamp in (self / name).tree().items()}
            elif stat.S_ISREG(status.st_mode):
                files[name] = _stamp(status)
        return files

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function for each item, one at a time."""
        return map(function, items)

    def acquire(self, *, wait: bool = False, on_loss: Callable[[], None] = lambda: None) -> Held | None:
        """Lock the file; the arguments matter for leases only."""
        del wait, on_loss
        return locks.acquire(self)

    def holder(self, *, ahead_s: float = 0.0) -> str | None:
        """Return a description of the process that holds the file's lock; None without one."""
        del ahead_s
        return locks.holder(self)

    def discard(self) -> None:
        """Remove the lock file."""
        self.unlink(missing_ok=True)


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_mtime_ns, status.st_size, status.st_ino)
