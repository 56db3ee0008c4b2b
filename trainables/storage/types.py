"""Types of storage locations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.storage.object_location import ObjectLocation

Location: TypeAlias = "Path | ObjectLocation"


Stamp = tuple[int, int, int]  # time of the last change (ns), size, inode or ETag: what changes whenever a file does
