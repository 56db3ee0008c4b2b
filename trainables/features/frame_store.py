"""The frame store: every clip's log-mel frames in one file, built once and memory-mapped by every run.

A store is named by the content of the clips and the feature settings, so data sets that differ only in labels share
one. It is built in chunks of clips by several processes; each finished chunk leaves a small JSON with the checksum of
its bytes, and the store's own manifest is written last. So an interrupted build continues, and of a
damaged store only the damaged chunks are made again. A lock lets one process build while others wait.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainables.config import FEATURES, digest

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.datasets.manifest import Manifest

# Increased whenever the frames of the same content, or what is stored about it, change. Version 2 lists contents with
# equal frames, and may not hold a sound that was read short, as version 1 may.
STORE_VERSION = 2
FLOAT = 4  # bytes of a float32
FRAMES_FILE, MANIFEST_FILE = "frames.f32", "store.json"
STORES = "features"  # folder of the stores in a storage location, and in a machine's cache


@dataclass(frozen=True)
class FrameStore:
    """A finished store.

    Attributes:
        folder: of the store.
        mels: number of mel bands.
        total: number of frames.
        rows: content digest of a clip -> (first frame, number of frames).
        bad: content digest of a clip that could not be used -> what is wrong with it.
        same: content digest -> that of an earlier clip with equal frames, such as the same sound as wav and as flac.

    """

    folder: Path
    mels: int
    total: int
    rows: dict[str, tuple[int, int]]
    bad: dict[str, str]
    same: dict[str, str]

    def frames(self) -> np.memmap:
        """Map all frames: float32 of shape (total, mels); writes would stay private to the process."""
        with (self.folder / FRAMES_FILE).open("rb") as file:
            return np.memmap(file, dtype=np.float32, mode="c", shape=(self.total, self.mels))

    def problems(self, manifest: Manifest) -> dict[str, str]:
        """Return what is wrong with the manifest's clips, by clip path."""
        pairs = zip(manifest.clips, manifest.digests, strict=True)
        return {clip.path: self.bad[content] for clip, content in pairs if content in self.bad}


def store_folder(parent: Path, manifest: Manifest) -> Path:
    """Return the folder of a manifest's store under ``parent``."""
    return parent / digest([STORE_VERSION, sorted(set(manifest.digests)), FEATURES.model_dump()])


def open_store(folder: Path, *, verify: bool = False) -> FrameStore | None:
    """Open a finished store.

    Args:
        folder: the store's own folder.
        verify: compare every chunk with its checksum (about 1 s per GB).

    Returns:
        The store, or None when it is absent, unfinished or damaged.

    """
    try:
        value = json.loads((folder / MANIFEST_FILE).read_bytes())
        size = (folder / FRAMES_FILE).stat().st_size
        store = FrameStore(
            folder=folder,
            mels=value["mels"],
            total=value["total"],
            rows={k: (first, frames) for k, (first, frames) in value["rows"].items()},
            bad=value["bad"],
            same=value["same"],
        )
        if size != store.total * store.mels * FLOAT:
            return None
        intact = not verify or all(
            checksum(folder, store.mels, c["first"], c["frames"]) == c["checksum"] for c in value["chunks"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return store if intact else None


def checksum(folder: Path, mels: int, first: int, frames: int) -> str:
    """Return the BLAKE2b of a range of a store's frames, 16 bytes in hexadecimal, read in pieces."""
    state = hashlib.blake2b(digest_size=16)
    left = frames * mels * FLOAT
    with (folder / FRAMES_FILE).open("rb") as file:
        file.seek(first * mels * FLOAT)
        while left > 0 and (piece := file.read(min(left, 1 << 22))):
            state.update(piece)
            left -= len(piece)
    return state.hexdigest()
