"""The folder in which a study's own Ray cluster keeps its sockets and logs while it runs.

It is short, because the path of a Unix socket holds at most 107 bytes, and it is removed when the study ends. A driver
that was killed leaves its folder behind; ``ray_folders`` lists such remains. This module does not import ray.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from study.errors import EngineError, RayFailedError
from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "gce-ray-"  # short, because each byte counts
NAME = re.compile(rf"{PREFIX}\d+-\w+")
LOCK = "owner.lock"
LOGS = "session_latest/logs"
MAX_SOCKET = 107  # bytes of a Unix socket's path, as Linux limits them
# What follows the parent folder: our folder's name, Ray's session, and its longest socket without a dashboard.
LONGEST_SOCKET = (
    f"/{PREFIX}{os.getpid()}-abcdefgh/session_2026-01-01_00-00-00_000000_{os.getpid()}/sockets/plasma_store"
)
REMOVALS, PAUSE_S = 5, 0.2  # Ray's last processes may still be writing
UNLOCKED_S = 60.0  # after which a folder without a lock was left by a process that ended before it locked it


class RayFolder(NamedTuple):
    """The folder of a cluster that runs, or of one whose driver has ended."""

    path: Path
    owner: str | None  # the driver in words; None if it has ended

    @property
    def logs(self) -> Path:
        """The folder of Ray's logs."""
        return self.path / LOGS


@contextmanager
def ray_folder() -> Iterator[RayFolder]:
    """Make the folder of this process's own cluster, readable for its user only, and hold its lock.

    It is removed at the end of the context, except if Ray failed (``RayFailedError``): its logs are then needed.

    Raises:
        EngineError: see ``parent_folder``.

    """
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent_folder()))
    held = FolderLocation(path / LOCK).acquire()
    try:
        yield RayFolder(path, f"process {os.getpid()}")
    except RayFailedError:
        raise
    except BaseException:
        _remove(path)
        raise
    else:
        _remove(path)
    finally:
        if held is not None:
            held.release()


def parent_folder() -> Path:
    """Return where the folders of clusters are made: RAY_TMPDIR or TMPDIR, or /tmp if those are too long for sockets.

    Raises:
        EngineError: they are too long, and /tmp cannot be written.

    """
    parents = _parents()
    for parent in parents:
        if socket_bytes(parent) <= MAX_SOCKET and os.access(parent, os.W_OK | os.X_OK):
            return parent
    msg = (
        f"{parents[0]} is too long for Ray's sockets ({socket_bytes(parents[0])} of {MAX_SOCKET} bytes), or cannot be "
        f"written to; set TMPDIR to a shorter folder"
    )
    raise EngineError(msg)


def socket_bytes(parent: Path) -> int:
    """Return how many bytes the path of Ray's longest socket has if the cluster's folder is made in ``parent``."""
    return len(os.fsencode(parent)) + len(LONGEST_SOCKET)


def ray_folders() -> list[RayFolder]:
    """Return the folders of this user's clusters on this machine, each with its owner while its driver is alive."""
    entries = sorted({entry for parent in _parents() if parent.is_dir() for entry in parent.glob(f"{PREFIX}*")})
    return [RayFolder(entry, _owner(entry)) for entry in entries if NAME.fullmatch(entry.name) and _ours(entry)]


def remove_ray_folder(folder: RayFolder) -> bool:
    """Remove the folder of a cluster whose driver has ended; return False, and change nothing, if it is alive."""
    if not _ours(folder.path) or _owner(folder.path) is not None:
        return False
    held = FolderLocation(folder.path / LOCK).acquire()
    if held is None:
        return False
    _remove(folder.path)
    held.release()
    return True


def _parents() -> list[Path]:
    given = [Path(os.environ[name]).absolute() for name in ("RAY_TMPDIR", "TMPDIR") if os.environ.get(name)]
    return [*given, Path("/tmp")]  # noqa: S108 -- mkdtemp makes a folder of this user's own in it


def _ours(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()


def _owner(path: Path) -> str | None:
    lock = FolderLocation(path / LOCK)
    if not lock.exists() and time.time() - path.stat().st_mtime < UNLOCKED_S:
        return "a process that has just begun"
    return lock.holder()


def _remove(path: Path) -> None:
    for _ in range(REMOVALS):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(PAUSE_S)
