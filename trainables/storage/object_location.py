"""A storage location in an object store: ``s3://bucket/prefix``, with the methods of ``types.Location``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from trainables.storage import leases
from trainables.storage.files import cache, shortened
from trainables.storage.object_store import ObjectStoreClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from trainables.storage.types import Held, Stamp

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16  # requests


class ObjectLocation:
    """An object, or a prefix of objects. A folder is only a prefix: it need not be created, and is never empty."""

    local_path = None

    def __init__(self, store: ObjectStoreClient, key: PurePosixPath, *, hasty: bool = False) -> None:
        """Set the place; ``key`` starts with the bucket."""
        self._store, self._key, self._hasty = store, key, hasty

    def _at(self, key: PurePosixPath) -> ObjectLocation:
        return ObjectLocation(self._store, key, hasty=self._hasty)

    def hasty(self) -> ObjectLocation:
        """Return the same place for requests that give up after ``HASTY_S`` of an outage."""
        return ObjectLocation(self._store, self._key, hasty=True)

    def __str__(self) -> str:
        """Return the URL."""
        return f"{self._store.protocol}://{self._key}"

    def __repr__(self) -> str:
        """Return the URL, as an object."""
        return f"ObjectLocation({str(self)!r})"

    def __truediv__(self, name: str) -> ObjectLocation:
        """Return a place below this one."""
        return self._at(self._key / name)

    def __eq__(self, other: object) -> bool:
        """Compare by URL."""
        return isinstance(other, ObjectLocation) and str(self) == str(other)

    def __hash__(self) -> int:
        """Hash the URL."""
        return hash(str(self))

    def __lt__(self, other: ObjectLocation) -> bool:
        """Order by URL."""
        return str(self) < str(other)

    @property
    def name(self) -> str:
        """The last part."""
        return self._key.name

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return self._key.stem

    @property
    def parent(self) -> ObjectLocation:
        """The place above; a bucket's is itself."""
        return self._at(self._key.parent if len(self._key.parts) > 1 else self._key)

    @property
    def scratch(self) -> Path:
        """This machine's cache."""
        return cache()

    def with_name(self, name: str) -> ObjectLocation:
        """Return a place beside this one."""
        return self._at(self._key.with_name(name))

    def absolute(self) -> ObjectLocation:
        """Return itself."""
        return self

    def exists(self) -> bool:
        """Return whether there is an object, or one below."""
        return bool(self._ask(lambda fs, key: fs.exists(key)))

    def is_dir(self) -> bool:
        """Return whether there is an object below."""
        return bool(self._ask(lambda fs, key: fs.isdir(key)))

    def glob(self, pattern: str) -> Iterator[ObjectLocation]:
        """Return the objects whose names match: ``*.json`` here, ``*/plan.json`` one level down."""
        first, _, rest = pattern.partition("/")
        for entry in self._entries():
            name = PurePosixPath(entry["name"]).name
            if not fnmatchcase(name, first):
                continue
            if not rest:
                yield self / name
            elif entry["type"] == "directory":
                yield from (self / name).glob(rest)

    def read_bytes(self) -> bytes:
        """Read the object; raise FileNotFoundError if it is absent."""
        return bytes(self._ask(lambda fs, key: fs.cat_file(key)))

    def write(self, data: bytes) -> None:
        """Write the object by one PUT."""
        self._ask(lambda fs, key: fs.pipe_file(key, data))

    def create(self, data: bytes) -> bool:
        """Write the object unless it exists, which the store decides by ``If-None-Match``; return whether it did.

        ``data`` must differ from what others would write: if the answer to the first attempt is lost, the second
        attempt finds the object.
        """
        try:
            self._ask(lambda fs, key: fs.pipe_file(key, data, mode="create"))
        except FileExistsError:
            try:
                return self.read_bytes() == data
            except FileNotFoundError:  # another process made it, and has removed it
                return False
        return True

    def write_as_owner(self, data: bytes) -> bool:
        """Write the object unless it exists: the lease may be lost, and its new owner faster."""
        return self.create(data)

    def append(self, data: bytes, limit: int | None = None) -> None:
        """Write the whole object, without its older half if it would have more than ``limit`` bytes."""
        with suppress(FileNotFoundError):
            data = self.read_bytes() + data
        self.write(shortened(data, limit or len(data)))

    def unlink(self, *, missing_ok: bool = True) -> None:
        """Remove the object; the store does not report an absent one as an error."""
        del missing_ok
        self._ask(lambda fs, key: fs.rm_file(key))

    def move_to(self, target: ObjectLocation) -> None:
        """Copy the object to another place and remove it here; raise FileNotFoundError if it is absent."""
        self._ask(lambda fs, key: fs.cp_file(key, str(target)))
        self.unlink()

    def upload(self, source: Path) -> None:
        """Copy a file to the object, in parts if it is large."""
        self._ask(lambda fs, key: fs.put_file(str(source), key))

    def download(self, target: Path) -> None:
        """Copy the object to a file."""
        self._ask(lambda fs, key: fs.get_file(key, str(target)))

    def stamp(self) -> Stamp:
        """Return the object's time, size and ETag; raise FileNotFoundError if it is absent."""
        return _stamp(self._ask(lambda fs, key: fs.info(key)))

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every object here by name, in one request per thousand."""
        return {PurePosixPath(e["name"]).name: _stamp(e) for e in self._entries() if e["type"] != "directory"}

    def tree(self) -> dict[str, Stamp]:
        """Return the stamp of every object below by its relative name: ``a/b.wav``."""
        entries: dict[str, dict[str, Any]] = self._ask(lambda fs, key: fs.find(key, detail=True))
        start = f"{self._key}/"
        names = {name.removeprefix(start): entry for name, entry in entries.items() if name.startswith(start)}
        return {name: _stamp(entry) for name, entry in names.items() if name and not name.endswith("/")}

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call a function for each item, ``AT_ONCE`` at a time, because each waits for an answer."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(function, items)

    def acquire(self, *, wait: bool = False, on_loss: Callable[[], None] = lambda: None) -> Held | None:
        """Acquire a lease."""
        return leases.acquire(self, wait=wait, on_loss=on_loss)

    def pin(self) -> None:
        """Do nothing: a write makes no bucket."""

    def unpin(self) -> None:
        """Do nothing."""

    def verify(self) -> None:
        """Do nothing: the next request fails if the bucket is gone."""

    def holder(self, *, ahead_s: float = 0.0) -> str | None:
        """Return a description of the process that holds the lease; None without one."""
        return leases.holder(self, ahead_s)

    def discard(self) -> None:
        """Remove the lease's objects."""
        leases.discard(self)

    def _entries(self) -> list[dict[str, Any]]:
        try:
            entries: list[dict[str, Any]] = self._ask(lambda fs, key: fs.ls(key, detail=True))
        except FileNotFoundError as error:
            if error.strerror == "No such bucket":
                raise
            return []
        here = str(self._key)
        return [entry for entry in entries if entry["name"].rstrip("/") != here]

    def _ask(self, request: Callable[[Any, str], T]) -> T:
        """Send a request that takes the filesystem and this object's key."""
        return self._store.call(str(self), lambda fs: request(fs, str(self._key)), hasty=self._hasty)


def _stamp(entry: dict[str, Any]) -> Stamp:
    changed = entry.get("LastModified") or entry["mtime"]  # a datetime in UTC: as S3 or GCS names it
    return (int(changed.timestamp() * 1e9), entry["size"], int.from_bytes(str(entry.get("ETag") or "").encode()))


def from_url(url: str, *, proven: bool) -> ObjectLocation:
    """Return the place that a URL names.

    Raises:
        ImportError: the package of this kind of store is not installed.

    """
    protocol, _, key = url.partition("://")
    return ObjectLocation(ObjectStoreClient(protocol, proven=proven), PurePosixPath(key))
