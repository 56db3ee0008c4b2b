"""Types of storage locations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")
R = TypeVar("R")

# Time of the last change (ns), size (bytes), inode or ETag: changes whenever the file does.
Stamp: TypeAlias = tuple[int, int, int]


class Held(Protocol):
    """A file or folder that this process owns until it is released."""

    @property
    def lost(self) -> bool:
        """Whether another process has become the owner, because this one was silent for too long."""

    def release(self, *, remove: bool = False) -> None:
        """Stop owning it; ``remove`` leaves no trace: nobody will own it again."""


class Location(Protocol):
    """A storage location, or a place in one: a ``FolderLocation`` or an ``ObjectLocation``.

    Both have these methods of ``pathlib.Path``, with the same meaning, and more, which each implements differently:

    - writing: a rename in a folder; one PUT in an object store, which S3 makes visible whole or not at all;
    - owning: a file lock in a folder, a lease in an object store;
    - stamps: inode and time in a folder, ETag and time in an object store.
    """

    @property
    def name(self) -> str:
        """The last part of the path."""

    @property
    def stem(self) -> str:
        """The last part without its suffix."""

    @property
    def parent(self) -> Self:
        """The place above."""

    @property
    def local_path(self) -> Path | None:
        """The path in the file system; None in an object store."""

    @property
    def scratch(self) -> Path:
        """The folder on this machine's disk in which data are prepared: the place itself if it is a folder."""

    def __truediv__(self, name: str, /) -> Self:
        """Return a place below this one."""

    def __hash__(self) -> int:
        """Hash by path."""

    def __lt__(self, other: Any, /) -> bool:  # noqa: ANN401 -- as pathlib
        """Order by path."""

    def with_name(self, name: str) -> Self:
        """Return a place beside this one."""

    def absolute(self) -> Self:
        """Return the same place, independent of the current folder."""

    def hasty(self) -> Self:
        """Return the same place for requests that are not worth waiting for: an outage is soon an ``OSError``."""

    def pin(self) -> None:
        """From here on, in this process, refuse a storage location that is not the folder that it is now.

        Without this, one that is moved, deleted or unmounted would be made again and filled. An object store needs no
        pin: a bucket is not made by a write.
        """

    def unpin(self) -> None:
        """Undo one ``pin``."""

    def verify(self) -> None:
        """Check that a pinned storage location is still the same folder; send no request.

        Raises:
            OSError: it was moved, deleted, replaced or unmounted.

        """

    def exists(self) -> bool:
        """Return whether there is a file or a folder."""

    def is_dir(self) -> bool:
        """Return whether there is a folder."""

    def glob(self, pattern: str) -> Iterator[Self]:
        """Return the files that match a pattern: ``*.json``, or ``*/plan.json`` one level down."""

    def read_bytes(self) -> bytes:
        """Read the file.

        Raises:
            FileNotFoundError: there is no such file.

        """

    def write(self, data: bytes) -> None:
        """Write the file, and its folders; a reader, or a crash, sees the old file or the new one, never a part.

        Raises:
            OSError: the disk is full or the folder cannot be written; the old file stays.

        """

    def write_as_owner(self, data: bytes) -> bool:
        """Write the file as the owner of its subject; return whether it was written.

        A lease, unlike a lock, can be lost without notice: in an object store the file that was there first stays.
        """

    def append(self, data: bytes, limit: int | None = None) -> None:
        """Append to a file of lines, which is made if absent; no part of ``data`` is seen alone.

        The older half of a file of more than ``limit`` bytes is dropped. In an object store the whole file is written,
        and of two processes that append at once, one may lose its lines.
        """

    def unlink(self, *, missing_ok: bool = False) -> None:
        """Remove the file."""

    def move_to(self, target: Self) -> None:
        """Move the file.

        Raises:
            FileNotFoundError: there is no such file.

        """

    def upload(self, source: Path) -> None:
        """Copy a local file to this place."""

    def download(self, target: Path) -> None:
        """Copy the file to a local one."""

    def stamp(self) -> Stamp:
        """Return the file's stamp.

        Raises:
            FileNotFoundError: there is no such file.

        """

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every file in this folder by name, in one request; empty if there is no folder."""

    def tree(self) -> dict[str, Stamp]:
        """Return the stamp of every file below this folder by its relative path: ``a/b.wav``."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function that reads here for each item; results are in order, requests may be concurrent."""

    def acquire(self, *, wait: bool = False, on_loss: Callable[[], None] = lambda: None) -> Held | None:
        """Become the owner of this path; return None if another process is.

        Args:
            wait: wait for the end of a lease that is not renewed; a lock needs no waiting.
            on_loss: called from another thread when a lease has been lost.

        Raises:
            OSError: the storage location cannot be written or does not lock.

        """

    def holder(self, *, ahead_s: float = 0.0) -> str | None:
        """Return a description of the process that owns this path; None without an owner. Writes nothing.

        Args:
            ahead_s: by how many seconds this machine's clock may be ahead of an object store's, by which leases lapse.

        """

    def discard(self) -> None:
        """Remove the remains of a path that nobody will own again."""
