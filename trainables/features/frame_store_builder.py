"""Build a frame store in parallel; a build that is interrupted or damaged is completed by the next."""

from __future__ import annotations

import logging
import os
from concurrent.futures import as_completed
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from pydantic import ValidationError

from trainables.audio.errors import AudioError, truncated
from trainables.audio.headers import probe, resampled_length
from trainables.feature_settings import FEATURES, Features
from trainables.features.frame_store import (
    FLOAT,
    FRAMES_FILE,
    MANIFEST_FILE,
    Chunk,
    FrameStore,
    StoreManifest,
    checksum,
    open_store,
    store_folder,
)
from trainables.features.framing import frame_count
from trainables.features.worker_pool import worker_pool
from trainables.storage.descriptors import explained
from trainables.storage.documents import to_bytes
from trainables.storage.files import write_atomically
from trainables.storage.locks import exclusive, holder, name_owner
from trainables.storage.owners import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainables.datasets.manifest import Manifest

logger = logging.getLogger(__name__)

NAMED = 5  # files about which the decoder's messages are logged
CHUNK = 32  # clips: seconds of work, so that a killed build loses little and progress moves


@dataclass(frozen=True)
class Item:
    """One clip to be stored: its file, the digest of its content, and the place of its frames."""

    path: str
    content: str
    first: int
    frames: int


def build_store(  # noqa: PLR0913 -- what is built, where, and how its progress is shown
    manifest: Manifest,
    parent: Path,
    features: Features = FEATURES,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    waiting: Callable[[str], None] = lambda _holder: None,
) -> FrameStore:
    """Build a manifest's store, or its missing parts, and open it.

    A clip that cannot be used is not an error here: it is listed in the store's ``bad``, and the next build tries it
    again, because a disk or network may have been at fault.

    Args:
        manifest: the data set, with its content digests.
        parent: the folder that holds the stores.
        features: settings of the frames.
        workers: processes that compute at once.
        progress: called with (clips done, clips in all) as chunks end.
        waiting: called once with a description of the process that is building this store, if another one is.

    Returns:
        The finished store, after comparing its checksums.

    Raises:
        BrokenProcessPool: a process that computed was lost; the message states how it ended.
        OSError: the disk is full (the space is reserved before anything is computed) or cannot be written.

    """
    folder = store_folder(parent, manifest, features)
    store = open_store(folder, verify=True)
    if store is not None and not store.bad:
        return store
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock"
    with exclusive(path, busy=lambda: waiting(holder(path) or UNNAMED)) as file:
        name_owner(file)
        store = open_store(folder, verify=True)  # another process may have just finished it
        if store is not None and not store.bad:
            return store
        items, bad = _layout(manifest, features)
        total = sum(item.frames for item in items)
        _reserve(folder / FRAMES_FILE, total * features.mels * FLOAT)
        chunks = _build_chunks(folder, features, items, workers, progress)
        rows = {item.content: (item.first, item.frames) for item in items}
        sounds: dict[str, str] = {}
        for chunk in chunks:
            bad |= chunk.bad
            sounds |= chunk.sounds
        usable = {content: place for content, place in rows.items() if content not in bad}
        content = StoreManifest(
            mels=features.mels, total=total, rows=usable, bad=bad, same=_same(sounds), chunks=chunks
        )
        write_atomically(folder / MANIFEST_FILE, to_bytes(content))
    store = open_store(folder, verify=True)
    if store is None:
        msg = f"{folder}: the frame store was written but does not read back; is the disk sound?"
        raise OSError(msg)
    return store


def _layout(manifest: Manifest, features: Features) -> tuple[list[Item], dict[str, str]]:
    """Assign a place to every distinct content, from the lengths in the headers."""
    items: dict[str, Item] = {}
    bad: dict[str, str] = {}
    first = 0
    for clip, content in zip(manifest.clips, manifest.digests, strict=True):
        if content in items or content in bad:
            continue
        path = manifest.file(clip)
        try:
            header = probe(path)
            frames = frame_count(resampled_length(header.samples, header.rate, features.sample_rate), features)
        except AudioError as error:
            bad[content] = str(error)
            continue
        items[content] = Item(str(path), content, first, frames)
        first += frames
    return list(items.values()), bad


def _build_chunks(
    folder: Path, features: Features, items: list[Item], workers: int, progress: Callable[[int, int], None]
) -> list[Chunk]:
    groups = [items[i : i + CHUNK] for i in range(0, len(items), CHUNK)]
    chunks: dict[int, Chunk] = {}
    for number, group in enumerate(groups):
        chunk = _finished_chunk(folder, features, number, group)
        if chunk is not None:
            chunks[number] = chunk
    todo = [n for n in range(len(groups)) if n not in chunks]
    done = sum(len(groups[n]) for n in chunks)
    progress(done, len(items))
    with worker_pool(max(1, min(workers, len(todo)))) as pool:
        futures = {pool.submit(_build_chunk, folder, features, n, groups[n]): n for n in todo}
        for future in as_completed(futures):
            chunks[futures[future]] = future.result()
            done += len(groups[futures[future]])
            progress(done, len(items))
    _warn({path: lines for n in todo for path, lines in chunks[n].messages.items()})
    return [chunks[n] for n in range(len(groups))]


def _warn(messages: dict[str, list[str]]) -> None:
    """Log what the decoder printed about files that it could read: path -> lines."""
    for path, lines in list(messages.items())[:NAMED]:
        logger.warning("%s: the mp3 decoder reports: %s", path, "; ".join(lines))
    if len(messages) > NAMED:
        logger.warning("the mp3 decoder reports something about %d more files", len(messages) - NAMED)


def _build_chunk(folder: Path, features: Features, number: int, group: list[Item]) -> Chunk:
    """Compute and write the frames of some clips; return the content of the chunk's JSON file."""
    bad: dict[str, str] = {}
    sounds: dict[str, str] = {}  # content digest -> digest of the frames
    messages: dict[str, list[str]] = {}
    with (folder / FRAMES_FILE).open("r+b") as file:
        for item in group:
            printed: list[str] = []
            try:
                sounds[item.content] = _write_frames(file, item, features, printed)
            except (AudioError, ValueError) as error:
                bad[item.content] = str(error)
                _write_zeros(file, item, features)
            else:
                messages |= {item.path: printed} if printed else {}
        file.flush()
        os.fsync(file.fileno())
    first, frames_of_chunk = group[0].first, sum(item.frames for item in group)
    chunk = Chunk(
        first=first,
        frames=frames_of_chunk,
        clips=[item.content for item in group],
        bad=bad,
        sounds=sounds,
        messages=messages,
        checksum=checksum(folder, features.mels, first, frames_of_chunk),
    )
    write_atomically(_chunk_path(folder, number), chunk.model_dump_json().encode())
    return chunk


def _write_frames(file: BinaryIO, item: Item, features: Features, messages: list[str]) -> str:
    """Compute a clip's frames and write them in their place; return their digest.

    Raises:
        AudioError: the clip cannot be used; some of its frames may have been written.

    """
    from trainables.features.file_frames import file_frames  # noqa: PLC0415 -- only the workers need scipy

    state, made = blake2b(digest_size=16), 0
    file.seek(item.first * features.mels * FLOAT)
    for frames in file_frames(item.path, messages, features):
        made += len(frames)
        if made > item.frames:
            break
        data = np.ascontiguousarray(frames, dtype="<f4").tobytes()
        file.write(data)
        state.update(data)
    if made != item.frames:
        raise truncated(item.frames, made, "frames")
    return state.hexdigest()


def _write_zeros(file: BinaryIO, item: Item, features: Features) -> None:
    """Fill the place of a clip that cannot be used."""
    file.seek(item.first * features.mels * FLOAT)
    left = item.frames * features.mels * FLOAT
    while left > 0:
        left -= file.write(bytes(min(left, 1 << 22)))


def _same(sounds: dict[str, str]) -> dict[str, str]:
    """Return, for the contents whose frames are equal to those of an earlier one, that one."""
    first: dict[str, str] = {}
    return {
        content: other for content, sound in sounds.items() if (other := first.setdefault(sound, content)) != content
    }


def _finished_chunk(folder: Path, features: Features, number: int, group: list[Item]) -> Chunk | None:
    """Return a chunk of an earlier, interrupted build, if it is whole and of the same clips."""
    try:
        chunk = Chunk.model_validate_json(_chunk_path(folder, number).read_bytes())
        frames = sum(item.frames for item in group)
        same = (chunk.first, chunk.frames, chunk.clips) == (group[0].first, frames, [i.content for i in group])
        whole = same and checksum(folder, features.mels, chunk.first, frames) == chunk.checksum
    except (OSError, ValidationError):
        return None
    return chunk if whole and not chunk.bad else None


def _chunk_path(folder: Path, number: int) -> Path:
    return folder / "chunks" / f"{number:05d}.json"


def _reserve(path: Path, size: int) -> None:
    """Make the file as large as it will be, so that a full disk is an error now and not a crash of a mapping later."""
    with explained(path), path.open("r+b" if path.exists() else "w+b") as file:
        if file.seek(0, os.SEEK_END) != size:
            file.truncate(size)
        if size:
            os.posix_fallocate(file.fileno(), 0, size)
