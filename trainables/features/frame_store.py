"""The frame store: every clip's log-mel frames in one file, built once and memory-mapped by every run.

A store is named by the content of the clips and the feature settings, so data sets that differ only in labels share
one. It is built in chunks of clips by several processes; each finished chunk leaves a small JSON with the checksum of
its bytes, and the store's own manifest is written last. So an interrupted build continues, and of a
damaged store only the damaged chunks are made again. A lock lets one process build while others wait.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

import numpy as np
from pydantic import Field

from trainables.config import digest
from trainables.feature_settings import FEATURES, Features
from trainables.storage.documents import DamagedError, Document, OtherVersionError, Part, parse

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.datasets.manifest import Manifest

# Increased whenever the frames of the same content, or what is stored about it, change. Version 2 lists contents with
# equal frames, and may not hold a sound that was read short, as version 1 may.
STORE_VERSION = 2
FLOAT = 4  # bytes of a float32
FRAMES_FILE, MANIFEST_FILE = "frames.f32", "store.json"
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**40)]
STORES = "features"  # folder of the stores in a storage location, and in a machine's cache


class Chunk(Part):
    """A range of frames that were computed together, of ``clips``, by content digest; see ``StoreManifest``."""

    first: Count
    frames: Count
    clips: list[str]
    bad: dict[str, str]
    sounds: dict[str, str]  # content digest -> digest of the frames
    messages: dict[str, list[str]] = Field(
        default_factory=dict
    )  # path -> what the decoder printed about a file that it could read
    checksum: str


class StoreManifest(Document):
    """The manifest of a finished store; see ``FrameStore``. ``chunks`` has the checksums of its frames."""

    mels: Annotated[int, Field(ge=1, lt=2**16)]
    total: Count
    rows: dict[str, tuple[Count, Count]]
    bad: dict[str, str]
    same: dict[str, str]
    chunks: list[Chunk]


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


def store_folder(parent: Path, manifest: Manifest, features: Features) -> Path:
    """Return the folder of a manifest's store under ``parent``: another one for other frames."""
    # Frames do not depend on where patches start: with the default in its place, all values share a store.
    of_frames = features.stored() | {"patch_hop": FEATURES.patch_hop}
    return parent / digest([STORE_VERSION, sorted(set(manifest.digests)), of_frames])


def open_store(folder: Path, *, verify: bool = False) -> FrameStore | None:
    """Open a finished store.

    Args:
        folder: the store's own folder.
        verify: compare every chunk with its checksum (about 1 s per GB).

    Returns:
        The store, or None when it is absent, unfinished or damaged.

    Raises:
        OtherVersionError: a newer version built it; it is not to be written over.

    """
    path = folder / MANIFEST_FILE
    try:
        content = parse(path.read_bytes(), StoreManifest, path)
        if (folder / FRAMES_FILE).stat().st_size != content.total * content.mels * FLOAT:
            return None
        intact = not verify or all(
            checksum(folder, content.mels, chunk.first, chunk.frames) == chunk.checksum for chunk in content.chunks
        )
    except OtherVersionError:
        raise
    except (OSError, DamagedError):
        return None
    return FrameStore(folder, content.mels, content.total, content.rows, content.bad, content.same) if intact else None


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
