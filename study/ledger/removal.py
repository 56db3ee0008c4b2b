"""Measure and remove files and folders: of a storage location, or on this machine's disk."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR
from typing import TYPE_CHECKING

from trainables.storage.files import TEMPORARY
from trainables.storage.locks import lock, open_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trainables.storage.types import Location, Stamp


ASIDE, KILLED = "records put aside", "files of killed processes"
UNFINISHED = re.compile(rf"{TEMPORARY.pattern}|\.making-.+")  # names; the second is that of synthetic data sets


@dataclass(frozen=True)
class Leftover:
    """Something that can be removed.

    Attributes:
        kind: what it is, as a noun in the plural.
        size: in bytes.
        changed: when it was last changed or used, in seconds since 1970.
        remove: removes it; returns False, and changes nothing, if it is in use.
        in_use: returns whether a process uses it now, or a study that was started meanwhile may need it.

    """

    kind: str
    size: int
    changed: float
    remove: Callable[[], bool] = field(repr=False)
    in_use: Callable[[], bool] = field(repr=False, default=lambda: False)


def is_link(path: Location) -> bool:
    """Return whether a path is a link, which may lead to files that are not of this storage location."""
    return path.local_path is not None and path.local_path.is_symlink()


def measured(path: Location) -> tuple[int, float]:
    """Return the size of a file or folder in bytes, and when it was last changed, in seconds since 1970."""
    stamps: Iterable[Stamp] = path.tree().values()
    if not stamps:
        with suppress(FileNotFoundError):
            stamps = [path.stamp()]
    return sum(size for _, size, _ in stamps), max((changed for changed, _, _ in stamps), default=0) / 1e9


def on_disk(path: Path) -> tuple[int, float]:
    """Return what ``measured`` does, for a path on this machine's disk; links are not followed."""
    below = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
    stats = [entry.lstat() for entry in below]
    return sum(stat.st_size for stat in stats if not S_ISDIR(stat.st_mode)), max(stat.st_mtime for stat in stats)


def temporary(folders: Iterable[Path]) -> Iterator[Path]:
    """Find files and folders below those given whose names are those of unfinished ones; links are not followed."""
    for top in folders:
        for folder, names, files in os.walk(top) if not top.is_symlink() else ():
            yield from (Path(folder, name) for name in filter(UNFINISHED.fullmatch, [*files, *names]))


def unlink(path: Location) -> bool:
    """Remove a file; return True."""
    path.unlink(missing_ok=True)
    return True


def remove_store(folder: Location) -> bool:
    """Remove a frame store, unless a process is building it."""
    if folder.local_path is None or not (folder.local_path / "lock").exists():
        return remove_folder(folder)
    with open_unchanged(folder.local_path / "lock") as file:
        return lock(file, wait=False) and remove_folder(folder)


def is_being_built(folder: Location) -> bool:
    """Return whether a process is building a frame store in a folder; in an object store none is built in place."""
    return folder.local_path is not None and (folder / "lock").holder() is not None


def remove_folder(folder: Location) -> bool:
    """Remove a folder and all that is in it; return whether it is gone."""
    if folder.local_path is not None:
        return remove_local(folder.local_path)
    for name in folder.tree():
        (folder / name).unlink(missing_ok=True)
    return True


def remove_local(path: Path) -> bool:
    """Remove a file or folder of this machine's disk; a link is removed, not what it leads to.

    Returns:
        True.

    Raises:
        OSError: something in it cannot be removed; it names what, and the rest is gone.

    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)  # all but what cannot be removed
        if path.exists():
            shutil.rmtree(path)  # raises why
    else:
        path.unlink(missing_ok=True)
    return True
