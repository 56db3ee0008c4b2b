"""Data sets in an object store: their clips are copied to this machine's cache before they are read.

The copy is updated each time: new and changed files (by size, time and ETag) are fetched, deleted ones are removed. It
keeps names and folders, so that it reads like the original. An interrupted copy resumes: a record of the files fetched
so far is written every ``NOTE_S`` seconds, and at the end, even after an error.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from trainables.config import digest
from trainables.datasets.manifest import DataSetError
from trainables.naming import counted, file_size
from trainables.storage.files import write_atomically
from trainables.storage.location import is_url, object_location

if TYPE_CHECKING:
    from trainables.datasets.config import DataSet
    from trainables.storage.object_location import ObjectLocation
    from trainables.storage.types import Stamp

logger = logging.getLogger(__name__)

NOTE_S = 10.0


def local_copy(dataset: DataSet, cache: Path) -> DataSet:
    """Return a data set with every URL in it replaced by the path of a copy on this machine.

    Args:
        dataset: the ``dataset`` key of a study.
        cache: the folder that holds the copies, in ``clips/BUCKET/PREFIX``.

    Raises:
        DataSetError: there is nothing at a URL, or a name there that no file can have.
        OSError: the object store or this machine's disk cannot be used.

    """
    return dataset.fetched(lambda url, only: _copied(url, cache, only))


def local_path(path: str, cache: Path) -> Path:
    """Return the path of a file or folder on this machine; one in an object store is copied there; see ``local_copy``.

    Raises:
        DataSetError, OSError: as in ``local_copy``.

    """
    if not is_url(path):
        return Path(path)
    parent, _, name = path.rpartition("/")
    return _copied(parent, cache, name) / name if name.endswith(".npz") else _copied(path, cache, None)


def _copied(url: str, cache: Path, only: str | None) -> Path:
    source = object_location(url)
    stamps = {name: stamp for name, stamp in source.tree().items() if only in (None, name)}
    if not stamps:
        raise DataSetError([f"{url}: there is {'nothing here' if only is None else f'no {only} here'}"])
    folder = cache / "clips" / PurePosixPath(url.partition("://")[2])
    if wrong := [name for name in stamps if not _is_file_name(name)]:
        raise DataSetError([f"{url}: the name {name!r} cannot be a file's below {folder}" for name in wrong])
    record = cache / "clips" / f"{digest([url, only])}.json"
    known = _read(record)
    missing = [name for name, stamp in stamps.items() if known.get(name) != stamp or not (folder / name).is_file()]
    if missing:
        size = file_size(sum(stamps[name][1] for name in missing))
        logger.warning("%s: copying %s (%s) to %s", url, counted(len(missing), "file"), size, folder)
        _fetch_all(source, folder, {name: stamps[name] for name in missing}, record, known)
    for name in known.keys() - stamps.keys():
        (folder / name).unlink(missing_ok=True)
    if missing or known.keys() != stamps.keys():
        write_atomically(record, json.dumps(stamps).encode())
    return folder


def _fetch_all(
    source: ObjectLocation, folder: Path, wanted: dict[str, Stamp], record: Path, known: dict[str, Stamp]
) -> None:
    """Fetch files, and add them to the known ones and to their record."""
    noted = time.monotonic()
    try:
        for name in source.map(lambda name: _fetch(source, folder, name), wanted):
            known[name] = wanted[name]
            if time.monotonic() - noted > NOTE_S:
                write_atomically(record, json.dumps(known).encode())
                noted = time.monotonic()
    finally:
        write_atomically(record, json.dumps(known).encode())


def _fetch(source: ObjectLocation, folder: Path, name: str) -> str:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        (source / name).download(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return name


def _is_file_name(name: str) -> bool:
    return all(part not in {"", ".", ".."} and "\0" not in part for part in name.split("/"))


def _read(record: Path) -> dict[str, Stamp]:
    """Return the files copied before: name -> stamp; empty if there is no record, or a damaged one."""
    try:
        known = json.loads(record.read_bytes())
        return {name: tuple(stamp) for name, stamp in known.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
