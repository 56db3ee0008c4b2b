"""Local files: write one atomically, shorten one, and find the cache folder."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trainables.storage.descriptors import explained, folder_of, sync

if TYPE_CHECKING:
    from collections.abc import Iterator

DROPPED = b"[what was older is gone]\n"
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}")  # the name of a file that ``writing_atomically`` has not finished


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file, and its folders, so that a reader, or a crash, sees the old file or the new one, never a part.

    What is written survives a loss of power. A link of that name is replaced and not followed.

    Raises:
        OSError: the disk is full or the folder cannot be written; nothing is left behind.

    """
    with writing_atomically(path) as file:
        file.write(data)


@contextmanager
def writing_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be written part by part, as ``write_atomically`` writes one; an error leaves the old file.

    Raises:
        OSError: see ``write_atomically``.

    """
    with folder_of(path, make=True) as (folder, name), explained(path):
        temporary = f".{name}.{secrets.token_hex(4)}"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, 0o666, dir_fd=folder), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise
        sync(folder)


def shortened(data: bytes, limit: int) -> bytes:
    """Return a text without its older half, up to a whole line, if it has more than ``limit`` bytes."""
    if len(data) <= limit:
        return data
    return DROPPED + data[-limit // 2 :].partition(b"\n")[2]


def cache() -> Path:
    """Return this machine's cache folder, ``GCE_STUDY_CACHE``, for what can be fetched or made again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GCE_STUDY_CACHE") or Path(home) / "gce-study").absolute()
