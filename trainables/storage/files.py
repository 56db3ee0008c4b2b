"""Local files: write one atomically, shorten one, and find the cache folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

DROPPED = b"[what was older is gone]\n"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file, and its folders, so that a reader, or a crash, sees the old file or the new one, never a part.

    Raises:
        OSError: the disk is full or the folder cannot be written; nothing is left behind.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(path.parent, f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def shortened(data: bytes, limit: int) -> bytes:
    """Return a text without its older half, up to a whole line, if it has more than ``limit`` bytes."""
    if len(data) <= limit:
        return data
    return DROPPED + data[-limit // 2 :].partition(b"\n")[2]


def cache() -> Path:
    """Return this machine's cache folder, ``GCE_STUDY_CACHE``, for what can be fetched or made again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GCE_STUDY_CACHE") or Path(home) / "gce-study").absolute()
