"""Open files from the root of their storage location down, so that no link below it leads elsewhere.

The root itself may be a link. Below it links are refused everywhere, including those that another process makes
meanwhile: each folder is opened relative to the one above it, and never by its whole path. What is neither a file nor a
folder, such as a FIFO, is refused without waiting for it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.storage.rooted_path import PathError, RootedPath, UnsafePathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC  # enough to open, rename and remove what is in it
READABLE = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF}  # of file systems that do not sync folders
LINK = "a symbolic link; inside a storage location none is followed"
SPECIAL = "neither a file nor a folder"
MOVED = (
    "the folder with which this process began was moved, deleted, replaced or unmounted; nothing more is written here"
)


class StorageMovedError(PathError):
    """A pinned root is no longer the folder that it was."""


@dataclass
class _Pin:
    identity: tuple[int, int] | None  # device and inode; None if there was no folder
    count: int = 0


_pinned: dict[str, _Pin] = {}  # absolute path of a root -> what it was when it was first pinned


def pin(root: Path) -> None:
    """From here on, refuse a root if it is not the folder that it is now, and do not make it again.

    Otherwise a root that is moved, deleted or unmounted while a study runs would be created again and filled silently.
    """
    with suppress(FileNotFoundError):
        status = root.stat()
        _pinned.setdefault(str(root.absolute()), _Pin((status.st_dev, status.st_ino)))
    _pinned.setdefault(str(root.absolute()), _Pin(None)).count += 1


def unpin(root: Path) -> None:
    """Undo one ``pin``."""
    pinned = _pinned[str(root.absolute())]
    pinned.count -= 1
    if not pinned.count:
        del _pinned[str(root.absolute())]


def verify(root: Path) -> None:
    """Check a root, if it is pinned.

    Raises:
        StorageMovedError: it is no longer the folder that it was.

    """
    os.close(_open_root(root, make=False, pinned=_pinned.get(str(root.absolute()))))


def _open_root(root: Path, *, make: bool, pinned: _Pin | None) -> int:
    """Open a root; see ``folder_of`` and ``pin``."""
    if make and pinned is None:
        try:
            root.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root)) from None
    try:
        descriptor = os.open(root, FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        if pinned is None:
            raise
        raise StorageMovedError(errno.ESTALE, MOVED, str(root)) from None
    status = os.fstat(descriptor)
    if pinned is not None and (status.st_dev, status.st_ino) != pinned.identity:
        os.close(descriptor)
        raise StorageMovedError(errno.ESTALE, MOVED, str(root))
    return descriptor


@contextmanager
def folder_of(path: Path, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Open the folder of a path, without following a link below the root of a ``RootedPath``.

    Args:
        path: of a file, which may not exist.
        make: whether to make the folders that are missing.

    Yields:
        The folder's descriptor, for ``dir_fd``, and the name in it.

    Raises:
        UnsafePathError: a folder below the root is a link.
        OSError: a folder cannot be opened or made.

    """
    root, names = path.steps if isinstance(path, RootedPath) else (path, ())
    if not names:
        root, names = root.parent, (path.name,)
    try:
        descriptor = open_folder(root, names[:-1], make=make)
    except FileNotFoundError as error:  # names the whole path, whichever of its folders is missing
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from None
    try:
        yield descriptor, names[-1]
    finally:
        os.close(descriptor)


def open_folder(root: Path, names: Sequence[str], *, make: bool) -> int:
    """Open a folder below a root; see ``folder_of``."""
    descriptor = _open_root(root, make=make, pinned=_pinned.get(str(root.absolute())))
    try:
        for place, name in enumerate(names, 1):
            with explained(Path(root, *names[:place])):
                below = _open_step(descriptor, name, make=make)
            os.close(descriptor)
            descriptor = below
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open_step(folder: int, name: str, *, make: bool) -> int:
    """Open a folder in another one; make it if it is missing."""
    try:
        return os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, LINK) from None
        raise
    with suppress(FileExistsError):  # another process may have just made it
        os.mkdir(name, dir_fd=folder)
        sync(folder)
    return os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=folder)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Name the whole path in an OSError, which has only the name in its folder; state plainly that a link is one."""
    try:
        yield
    except PathError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnsafePathError(errno.ELOOP, LINK, str(path)) from None
        raise OSError(error.errno, error.strerror, str(path)) from None


def open_file(path: Path, flags: int) -> int:
    """Open a file and return its descriptor.

    Raises:
        UnsafePathError: the path is not a file, or is a link below the root of a ``RootedPath`` or goes through one.
        IsADirectoryError: it is a folder.
        OSError: it cannot be opened.

    """
    inside = isinstance(path, RootedPath) and path.steps[1]
    flags |= os.O_CLOEXEC | os.O_NONBLOCK | (os.O_NOFOLLOW if inside else 0)  # a FIFO would make it wait
    with folder_of(path) as (folder, name), explained(path):
        try:
            descriptor = os.open(name, flags, 0o666, dir_fd=folder)
        except OSError as error:
            if error.errno in {errno.ENXIO, errno.ENODEV}:  # a FIFO, socket or device
                raise UnsafePathError(error.errno, SPECIAL, str(path)) from None
            raise
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind):
            return descriptor
        os.close(descriptor)
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise UnsafePathError(errno.EINVAL, SPECIAL, str(path))


@contextmanager
def scanned(path: RootedPath) -> Iterator[Iterator[os.DirEntry[str]]]:
    """Open a folder and yield its entries, whose ``path`` is their name alone.

    Raises:
        UnsafePathError: it is a link, or goes through one.
        OSError: it is not a folder, or cannot be read.

    """
    root, names = path.steps
    folder = open_folder(root, names, make=False)
    try:
        with explained(path):
            readable = os.open(".", READABLE, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        with os.scandir(readable) as scan:
            yield scan
    finally:
        os.close(readable)


def sync(folder: int) -> None:
    """Write what was renamed, made or removed in a folder to the disk, where the file system can."""
    try:
        descriptor = os.open(".", READABLE, dir_fd=folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
