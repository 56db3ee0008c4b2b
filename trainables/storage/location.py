"""Where a study is kept: a folder, or ``s3://bucket/prefix`` in an object store.

Everything that reads or writes a storage location takes a ``Location``. A folder is a plain ``pathlib.Path`` with all
that it had before; a place in an object store is an ``ObjectLocation`` (``object_location``), which answers to
the few methods of a path that are asked of a storage location, through fsspec. Where the two must differ, the code says
``isinstance(storage, Path)``:

- writing (``records.write_atomically``): a rename there, one PUT here, which S3 makes visible whole or not at all;
- owning a study or a run (``trainables/ownership.py``): a file lock there, a lease here;
- frames (``trainables/store_cache.py``): mapped where they lie, or fetched first to a cache on the machine's own disk;
- the stamp by which the dashboard sees a change: inode and time there, ETag and time here.

What is made from the data set before any training (synthetic sounds, digests, frames under construction) lies on the
machine's own disk if the storage location is an object store: see ``scratch``.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trainables.storage.types import Location, Stamp


T = TypeVar("T")
R = TypeVar("R")

# Letters that mean the same in a URL, in a glob pattern and on a command line.
URL = re.compile(r"(s3|gs)://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*/?")
URL_FORM = "s3://BUCKET/PREFIX or gs://BUCKET/PREFIX, of letters, digits and . _ - = /"
AT_ONCE = 16  # requests to an object store


class MissingExtraError(OSError):
    """An object store is asked for without the packages that speak to it."""


def is_url(text: str) -> bool:
    """Say whether a text has the form of a URL, of whatever kind."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def location(text: str, *, proven: bool = False) -> Location:
    """Return the storage location that a text names: an object store's where it is a URL, else a folder.

    Args:
        text: a folder's path, or a URL of ``URL_FORM``.
        proven: another process has used the object store, so credentials that it refuses are waited for from the start.

    Raises:
        ValueError: it is a URL of another form.
        MissingExtraError: the packages for object stores are not installed.

    """
    if not is_url(text):
        return Path(text)
    if not URL.fullmatch(text):
        msg = f"{text!r} is not allowed; allowed: a folder, or {URL_FORM}"
        raise ValueError(msg)
    from trainables.storage.object_location import object_path  # noqa: PLC0415 -- a folder needs none of it

    try:
        return object_path(text, proven=proven)
    except ImportError as error:
        extra = "pip install gcsfs" if text.startswith("gs:") else "pip install -c constraints.txt '.[cluster]'"
        msg = f"{text}: object storage needs packages that are not installed ({error.name or error}): {extra}"
        raise MissingExtraError(msg) from None


def each(storage: Location, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Call a function for each item, in order; many at once in an object store, where each call waits for an answer."""
    if isinstance(storage, Path):
        yield from map(function, items)
    else:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(function, items)


def stamp(path: Location) -> Stamp:
    """Return what changes whenever a file does.

    Raises:
        FileNotFoundError: there is none.

    """
    if not isinstance(path, Path):
        return path.stamp()
    status = path.stat()
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def stamps(folder: Location) -> dict[str, Stamp]:
    """Return the stamp of every file in a folder, by name, in one look; empty where there is no folder."""
    if not isinstance(folder, Path):
        return folder.stamps()
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat()
                found[entry.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
    except FileNotFoundError:  # no folder yet, or a file just went
        return found
    return found


def cache() -> Path:
    """Return the folder on this machine's disk for what can be fetched or made again: ``GCE_STUDY_CACHE``."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GCE_STUDY_CACHE") or Path(home) / "gce-study").absolute()


def scratch(storage: Location) -> Path:
    """Return the folder on this machine's disk in which data are prepared: the storage location's own if it is one."""
    return storage if isinstance(storage, Path) else cache()
