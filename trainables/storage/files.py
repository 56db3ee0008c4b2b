"""Write a file atomically."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.storage.types import Location


def write_atomically(path: Location, data: bytes) -> None:
    """Write a file, or an object, so that a reader, and a crash, sees the old one or the new one and nothing between.

    Raises:
        OSError: the disk is full or the folder cannot be written; nothing is left behind.

    """
    if not isinstance(path, Path):
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner can read
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    os.umask(mask := os.umask(0o077))
    return mask
