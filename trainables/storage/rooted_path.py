"""Paths that know the root of their storage location, below which no link is followed."""

from __future__ import annotations

import errno
import os
from pathlib import Path, PosixPath
from typing import Any, Self, TypeVar

OUTSIDE = "outside of its storage location"

P = TypeVar("P", bound="RootedPath")


class PathError(OSError):
    """A path cannot be used, because of what it is."""

    def __str__(self) -> str:
        """Name the path and state what it is."""
        return f"{self.filename}: {self.strerror}"


class UnsafePathError(PathError):
    """A path inside a storage location is a link, goes through one, or is neither a file nor a folder."""


class RootedPath(PosixPath):
    """A root, or a path that ``/``, ``parent`` or ``with_name`` made of one; copies and pickles keep the root."""

    _location: Path | None = None  # None: the path is itself a root

    @property
    def steps(self) -> tuple[Path, tuple[str, ...]]:
        """The root, and the names that lead from it to this path; none if this is the root.

        Raises:
            UnsafePathError: one of the names is ``..``.

        """
        if self._location is None:
            return Path(self), ()
        names = self.parts[len(self._location.parts) :]
        if ".." in names:
            raise UnsafePathError(errno.EINVAL, OUTSIDE, str(self))
        return self._location, names

    def __truediv__(self, name: str | os.PathLike[str]) -> Self:
        """Return a path below this one.

        Raises:
            UnsafePathError: the name is absolute.

        """
        path = super().__truediv__(name)
        if os.fspath(name).startswith("/"):
            raise UnsafePathError(errno.EINVAL, OUTSIDE, str(path))
        path._location = self._location or Path(self)
        return path

    @property
    def parent(self) -> Self:
        """The folder of this path."""
        return _with_root(super().parent, self._location)

    def with_name(self, name: str) -> Self:
        """Return a path beside this one."""
        return _with_root(super().with_name(name), self._location)

    def absolute(self) -> Self:
        """Return the same path, independent of the current folder."""
        return _with_root(super().absolute(), self._location and self._location.absolute())

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the root in copies and in other processes."""
        return _restored, (type(self), str(self), self._location)


def _restored(kind: type[P], path: str, root: Path | None) -> P:
    return _with_root(kind(path), root)


def _with_root(path: P, root: Path | None) -> P:
    """Set a path's root, unless the path is not below it."""
    if root is not None and path.parts[: len(root.parts)] == root.parts and path.parts != root.parts:
        path._location = root  # noqa: SLF001 -- this module's own class
    return path
