"""A place in an object store that answers like a path: ``s3://bucket/prefix/name``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from trainables.storage.object_store import ObjectStoreClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trainables.storage.types import Stamp

T = TypeVar("T")


class ObjectLocation:
    """A place in an object store. Folders are only how names begin: making one does nothing, an empty one is none."""

    def __init__(self, store: ObjectStoreClient, key: PurePosixPath, *, hasty: bool = False) -> None:
        """Name a place; ``key`` starts with the bucket."""
        self._store, self._key, self._hasty = store, key, hasty

    def hasty(self) -> ObjectLocation:
        """Return the same place for what is not worth waiting for: an outage is an error after ``HASTY_S``."""
        return ObjectLocation(self._store, self._key, hasty=True)

    def _at(self, key: PurePosixPath) -> ObjectLocation:
        return ObjectLocation(self._store, key, hasty=self._hasty)

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
        """Say whether two are the same place."""
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
        """The last part without its ending."""
        return self._key.stem

    @property
    def parent(self) -> ObjectLocation:
        """The place above; a bucket's is itself."""
        return self._at(self._key.parent if len(self._key.parts) > 1 else self._key)

    def with_name(self, name: str) -> ObjectLocation:
        """Return a place beside this one."""
        return self._at(self._key.with_name(name))

    def absolute(self) -> ObjectLocation:
        """Return itself."""
        return self

    def read_bytes(self) -> bytes:
        """Read the object.

        Raises:
            FileNotFoundError: there is none.

        """
        return bytes(self._ask(lambda fs, key: fs.cat_file(key)))

    def write_bytes(self, data: bytes) -> None:
        """Write the object: readers see the old one or this one."""
        self._ask(lambda fs, key: fs.pipe_file(key, data))

    def create(self, data: bytes) -> bool:
        """Write the object unless there is one, which the store decides (``If-None-Match``); say whether it is written.

        ``data`` must be told apart from what others would write: if the answer to a first attempt is lost, the second
        finds the object.
        """
        try:
            self._ask(lambda fs, key: fs.pipe_file(key, data, mode="create"))
        except FileExistsError:
            try:
                return self.read_bytes() == data
            except FileNotFoundError:  # another's, and gone again
                return False
        return True

    def exists(self) -> bool:
        """Say whether there is an object, or one below."""
        return bool(self._ask(lambda fs, key: fs.exists(key)))

    def is_dir(self) -> bool:
        """Say whether there is an object below."""
        return bool(self._ask(lambda fs, key: fs.isdir(key)))

    def mkdir(self, **_: bool) -> None:
        """Do nothing."""

    def unlink(self, **_: bool) -> None:
        """Remove the object; that there is none is no error."""
        self._ask(lambda fs, key: fs.rm_file(key))

    def rename(self, target: str) -> None:
        """Copy the object to another URL and remove it here.

        Raises:
            FileNotFoundError: there is none.

        """
        self._ask(lambda fs, key: fs.cp_file(key, target))
        self.unlink()

    def glob(self, pattern: str) -> Iterator[ObjectLocation]:
        """Return the objects whose names match: ``*.json`` here, ``*/plan.json`` a level deeper, as ``Path.glob``."""
        first, _, rest = pattern.partition("/")
        for entry in self._entries():
            name = PurePosixPath(entry["name"]).name
            if not fnmatchcase(name, first):
                continue
            if not rest:
                yield self / name
            elif entry["type"] == "directory":
                yield from (self / name).glob(rest)

    def stamp(self) -> Stamp:
        """Return what changes whenever the object does.

        Raises:
            FileNotFoundError: there is none.

        """
        return _stamp(self._ask(lambda fs, key: fs.info(key)))

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every object here, by name; one request for a thousand of them."""
        return {PurePosixPath(e["name"]).name: _stamp(e) for e in self._entries() if e["type"] != "directory"}

    def tree(self) -> dict[str, Stamp]:
        """Return the stamp of every object below, by its name from here on: ``a/b.wav``."""
        found: dict[str, dict[str, Any]] = self._ask(lambda fs, key: fs.find(key, detail=True))
        start = f"{self._key}/"
        names = {name.removeprefix(start): entry for name, entry in found.items() if name.startswith(start)}
        return {name: _stamp(entry) for name, entry in names.items() if name and not name.endswith("/")}

    def changed(self) -> float:
        """Return when the object was written, in seconds of Unix time by the store's clock.

        Raises:
            FileNotFoundError: there is none.

        """
        return self.stamp()[0] / 1e9

    def download(self, target: Path) -> None:
        """Copy the object to a file."""
        self._ask(lambda fs, key: fs.get_file(key, str(target)))

    def upload(self, source: Path) -> None:
        """Copy a file to the object, in parts where it is large."""
        self._ask(lambda fs, key: fs.put_file(str(source), key))

    def _entries(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._ask(lambda fs, key: fs.ls(key, detail=True))
        except FileNotFoundError as error:
            if error.strerror == "No such bucket":
                raise
            return []
        here = str(self._key)
        return [entry for entry in found if entry["name"].rstrip("/") != here]

    def _ask(self, request: Callable[[Any, str], T]) -> T:
        """Send a request that takes the filesystem and this object's key."""
        return self._store.call(str(self), lambda fs: request(fs, str(self._key)), hasty=self._hasty)


def _stamp(entry: dict[str, Any]) -> Stamp:
    changed = entry.get("LastModified") or entry["mtime"]  # a datetime in UTC: S3's word, and GCS's
    return (int(changed.timestamp() * 1e9), entry["size"], int.from_bytes(str(entry.get("ETag") or "").encode()))


def object_path(url: str, *, proven: bool) -> ObjectLocation:
    """Return the place that a URL names.

    Raises:
        ImportError: the package of this kind of store is not installed.

    """
    protocol, _, key = url.partition("://")
    return ObjectLocation(ObjectStoreClient(protocol, proven=proven), PurePosixPath(key))
