"""The embeddings of a data set in one file, in the form of a frame store: the rows are windows, the bands are dims.

So they are mapped, verified, copied to the machines of a cluster and removed like frames. A store is named by the
digest of its embeddings; its rows are named by the clips' paths.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from trainables.datasets.manifest import DataSetError
from trainables.features.embeddings.checking import clip_rows
from trainables.features.frame_store import FRAMES_FILE, MANIFEST_FILE, Chunk, FrameStore, StoreManifest, checksum
from trainables.features.frame_store import open_store as open_verified
from trainables.storage.descriptors import explained
from trainables.storage.documents import to_bytes
from trainables.storage.files import write_atomically
from trainables.storage.locks import exclusive, holder, name_owner
from trainables.storage.owners import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainables.features.embeddings.checking import CheckedEmbeddings
    from trainables.features.embeddings.files import EmbeddingFiles

CHUNK = 1024  # clips with one checksum


def build_embedding_store(
    files: EmbeddingFiles,
    checked: CheckedEmbeddings,
    parent: Path,
    *,
    waiting: Callable[[str], None] = lambda _holder: None,
) -> FrameStore:
    """Write the store of embeddings that were checked, unless it exists, and open it.

    Args:
        files: the embeddings.
        checked: what ``check_embeddings`` returned for them.
        parent: the folder that holds the stores.
        waiting: called once with a description of the process that is writing this store, if another one is.

    Returns:
        The store, after comparing its checksums.

    Raises:
        DataSetError: the embeddings have changed since they were checked.
        OSError: the disk is full or cannot be written.

    """
    folder = parent / checked.digest
    if store := open_verified(folder, verify=True):
        return store
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    with exclusive(path, busy=lambda: waiting(holder(path) or UNNAMED)) as lock:
        name_owner(lock)
        if store := open_verified(folder, verify=True):  # another process may have just written it
            return store
        with explained(folder / FRAMES_FILE), (folder / FRAMES_FILE).open("wb") as file:
            _write_rows(files, checked, file)
        write_atomically(folder / MANIFEST_FILE, to_bytes(_manifest(checked, folder)))
    store = open_verified(folder, verify=True)
    if store is None:
        msg = f"{folder}: the embeddings were written but do not read back; is the disk sound?"
        raise OSError(msg)
    return store


def _write_rows(files: EmbeddingFiles, checked: CheckedEmbeddings, file: BinaryIO) -> None:
    for clip, windows in checked.windows.items():
        try:
            rows = clip_rows(files, clip)
        except ValueError:
            rows = None
        if rows is None or rows.shape != (windows, checked.dims):
            message = f"{files.path}: {clip}: the embeddings have changed while they were read; run the command again"
            raise DataSetError([message])
        file.write(rows.tobytes())
    file.flush()
    os.fsync(file.fileno())


def _manifest(checked: CheckedEmbeddings, folder: Path) -> StoreManifest:
    """Return the manifest of rows that were written, in the order of ``checked.windows``."""
    rows: dict[str, tuple[int, int]] = {}
    total = 0
    for clip, windows in checked.windows.items():
        rows[clip] = (total, windows)
        total += windows
    clips = list(rows)
    chunks = []
    for group in (clips[i : i + CHUNK] for i in range(0, len(clips), CHUNK)):
        first, count = rows[group[0]][0], sum(rows[clip][1] for clip in group)
        digest = checksum(folder, checked.dims, first, count)
        chunks.append(Chunk(first=first, frames=count, clips=group, bad={}, sounds={}, checksum=digest))
    return StoreManifest(mels=checked.dims, total=total, rows=rows, bad={}, same={}, chunks=chunks)
