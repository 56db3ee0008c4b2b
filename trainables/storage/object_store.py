"""A place in an object store that answers like a path, and waits where the store is away.

Every request is tried again with exponential back-off and jitter while the store cannot be reached, is busy or fails
(connection errors, 5xx, throttling), for up to ``OUTAGE_S``. Credentials that worked and have expired are waited for up
to ``EXPIRED_S``, and read again before each attempt. Whatever else is refused where something worked before (a policy
that was changed, a write by who may only read) gets ``OUTAGE_S``; where nothing ever worked, it is an error at once.
One message says so when it takes longer than ``QUIET_S``, another when it is over. What is given up, and what no
waiting would change, is an ``OSError``.
"""

from __future__ import annotations

import errno
import logging
import os
import random
import time
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import fsspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trainables.storage.types import Stamp

logger = logging.getLogger(__name__)

OUTAGE_S = 900.0
EXPIRED_S = 12 * 3600.0
QUIET_S = 3.0
LONGEST_WAIT_S = {"away": 10.0, "refused": 120.0, "expired": 120.0}  # a new filesystem takes 2 MB that do not come back
HASTY_S = 5.0  # what is not worth waiting for

# Credentials, as S3 calls what is wrong with them; a HEAD is answered by a number alone, 400 for an expired token.
EXPIRED_CODES = {"400", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
EXPIRED_TYPES = {"RefreshError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"}
REFUSED_CODES = {"403", "AccessDenied", "InvalidToken"} | {
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"),
}
REFUSED_TYPES = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}
# What a store says of the request itself: the next attempt would be answered alike.
FINAL = {errno.EINVAL, errno.ENOSYS, errno.ENAMETOOLONG, errno.EMSGSIZE, errno.ENOTEMPTY, errno.EPERM}
# What this machine's disk says while an object is copied to it or from it.
LOCAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EISDIR}


class ObjectStoreClient:
    """An object store: its filesystem, and the patience with it. Threads may share one."""

    def __init__(self, protocol: str, *, proven: bool) -> None:
        """Prepare the filesystem; nothing is asked of the store yet.

        Raises:
            ImportError: the package of this kind of store is not installed.

        """
        self.protocol, self.proven = protocol, proven
        self.fs = self._filesystem()
        self._complained = False
        self._jitter = random.Random(os.getpid())  # noqa: S311 -- no secret: that many processes do not ask at once

    def _filesystem(self) -> Any:  # noqa: ANN401 -- fsspec has no types
        options: dict[str, Any] = {"use_listings_cache": False}  # others write there too
        if self.protocol == "s3":
            options["config_kwargs"] = {"retries": {"total_max_attempts": 1}}  # one loop decides: that below
        fs = fsspec.filesystem(self.protocol, **options)
        if loop := getattr(fs, "loop", None):  # what breaks in the background is raised by the call as well
            loop.call_soon_threadsafe(loop.set_exception_handler, lambda _, about: logger.debug("%s", about))
        return fs

    def call(self, url: str, name: str, *arguments: Any, hasty: bool, **options: Any) -> Any:  # noqa: ANN401 -- the filesystem's
        """Ask the filesystem about a URL, again and again where that may help; for ``HASTY_S`` only if ``hasty``.

        Raises:
            OSError: see the module.

        """
        began, attempt = time.monotonic(), 0
        since = began  # for what is not expired: new credentials that are refused have their own time
        while True:
            try:
                answer = getattr(self.fs, name)(*arguments, **options)
            except Exception as error:
                kind = judged(error)
                if kind is None:
                    raise
                waits = HASTY_S if hasty else EXPIRED_S if kind == "expired" else OUTAGE_S
                credentials = kind in {"expired", "refused"}
                waited = time.monotonic() - (began if kind == "expired" else since)
                if kind == "final" or waited > waits or (credentials and not self.proven):
                    raise _as_os_error(error, url, kind) from error
                if waited > QUIET_S and not (hasty or self._complained):
                    self._complained = True
                    logger.warning("%s; %s", _plain(error, url, kind), _promise(kind))
                longest = LONGEST_WAIT_S[kind]
                time.sleep(self._jitter.uniform(0.5, 1.0) * min(longest, 0.2 * 2**attempt))
                attempt = min(attempt + 1, 16)
                if kind == "expired":
                    since = time.monotonic()
                if credentials:  # a new filesystem reads them again
                    type(self.fs).clear_instance_cache()
                    self.fs = self._filesystem()
            else:
                self.proven = True
                if self._complained:
                    self._complained = False
                    logger.warning("%s: the storage location answers again", url)
                return answer


def judged(error: Exception) -> Literal["final", "expired", "refused", "away"] | None:
    """Say what an exception of a filesystem means; None where it is no answer or failure of the store."""
    if isinstance(error, OSError) and error.errno in LOCAL:
        return None
    if isinstance(error, FileNotFoundError | FileExistsError):
        return "final"
    code, kind = _code(error), type(error).__name__
    expired = code in EXPIRED_CODES or kind in EXPIRED_TYPES
    if expired or isinstance(error, PermissionError) or code in REFUSED_CODES or kind in REFUSED_TYPES:
        return "expired" if expired else "refused"
    if isinstance(error, OSError):
        return "final" if error.errno in FINAL else "away"
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {
        "HTTPClientError",
        "ConnectionError",
        "ResponseParserError",
        "IncompleteRead",
        "ClientError",
        "HttpError",
    }:
        return "away"  # botocore's and aiohttp's, of connections and answers that broke off
    return "final" if "BotoCoreError" in names else None


def _code(error: BaseException | None) -> str:
    """Return the code in the store's answer, which s3fs keeps behind its own exception; empty where there is none."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        error = error.__cause__ or error.__context__
    return ""


def _plain(error: Exception, url: str, kind: str) -> str:
    what = {"expired": "the credentials have expired", "refused": "access is refused"}
    what["away"] = "the storage location cannot be reached"
    return f"{url}: {what[kind]} ({getattr(error, 'strerror', None) or str(error) or type(error).__name__})"


def _promise(kind: str) -> str:
    if kind == "expired":
        return f"waiting up to {EXPIRED_S / 3600:.0f} h for credentials that work; nothing is lost"
    return f"trying again for up to {OUTAGE_S / 60:.0f} minutes; nothing is lost"


def _as_os_error(error: Exception, url: str, kind: str) -> OSError:
    if kind != "final":
        return OSError(_plain(error, url, kind))
    if isinstance(error, FileNotFoundError):
        # s3fs says the key alone where a key is missing.
        text = "No such bucket" if _code(error) == "NoSuchBucket" else os.strerror(errno.ENOENT)
        return FileNotFoundError(errno.ENOENT, text, url)
    if isinstance(error, FileExistsError) or _code(error) in {"PreconditionFailed", "412"}:
        return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), url)
    return OSError(f"{url}: {getattr(error, 'strerror', None) or error}")


class ObjectPath:
    """A place in an object store. Folders are only how names begin: making one does nothing, an empty one is none."""

    def __init__(self, store: ObjectStoreClient, key: PurePosixPath, *, hasty: bool = False) -> None:
        """Name a place; ``key`` starts with the bucket."""
        self._store, self._key, self._hasty = store, key, hasty

    def hasty(self) -> ObjectPath:
        """Return the same place for what is not worth waiting for: an outage is an error after ``HASTY_S``."""
        return ObjectPath(self._store, self._key, hasty=True)

    def _at(self, key: PurePosixPath) -> ObjectPath:
        return ObjectPath(self._store, key, hasty=self._hasty)

    def __str__(self) -> str:
        """Return the URL."""
        return f"{self._store.protocol}://{self._key}"

    def __repr__(self) -> str:
        """Return the URL, as an object."""
        return f"ObjectPath({str(self)!r})"

    def __truediv__(self, name: str) -> ObjectPath:
        """Return a place below this one."""
        return self._at(self._key / name)

    def __eq__(self, other: object) -> bool:
        """Say whether two are the same place."""
        return isinstance(other, ObjectPath) and str(self) == str(other)

    def __hash__(self) -> int:
        """Hash the URL."""
        return hash(str(self))

    def __lt__(self, other: ObjectPath) -> bool:
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
    def parent(self) -> ObjectPath:
        """The place above; a bucket's is itself."""
        return self._at(self._key.parent if len(self._key.parts) > 1 else self._key)

    def with_name(self, name: str) -> ObjectPath:
        """Return a place beside this one."""
        return self._at(self._key.with_name(name))

    def absolute(self) -> ObjectPath:
        """Return itself."""
        return self

    def read_bytes(self) -> bytes:
        """Read the object.

        Raises:
            FileNotFoundError: there is none.

        """
        return bytes(self._ask("cat_file"))

    def write_bytes(self, data: bytes) -> None:
        """Write the object: readers see the old one or this one."""
        self._ask("pipe_file", data)

    def create(self, data: bytes) -> bool:
        """Write the object unless there is one, which the store decides (``If-None-Match``); say whether it is written.

        ``data`` must be told apart from what others would write: if the answer to a first attempt is lost, the second
        finds the object.
        """
        try:
            self._ask("pipe_file", data, mode="create")
        except FileExistsError:
            try:
                return self.read_bytes() == data
            except FileNotFoundError:  # another's, and gone again
                return False
        return True

    def exists(self) -> bool:
        """Say whether there is an object, or one below."""
        return bool(self._ask("exists"))

    def is_dir(self) -> bool:
        """Say whether there is an object below."""
        return bool(self._ask("isdir"))

    def mkdir(self, **_: bool) -> None:
        """Do nothing."""

    def unlink(self, **_: bool) -> None:
        """Remove the object; that there is none is no error."""
        self._ask("rm_file")

    def rename(self, target: str) -> None:
        """Copy the object to another URL and remove it here.

        Raises:
            FileNotFoundError: there is none.

        """
        self._ask("cp_file", target)
        self.unlink()

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
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
        return _stamp(self._ask("info"))

    def stamps(self) -> dict[str, Stamp]:
        """Return the stamp of every object here, by name; one request for a thousand of them."""
        return {PurePosixPath(e["name"]).name: _stamp(e) for e in self._entries() if e["type"] != "directory"}

    def tree(self) -> dict[str, Stamp]:
        """Return the stamp of every object below, by its name from here on: ``a/b.wav``."""
        found: dict[str, dict[str, Any]] = self._ask("find", detail=True)
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
        self._ask("get_file", str(target))

    def upload(self, source: Path) -> None:
        """Copy a file to the object, in parts where it is large."""
        self._store.call(str(self), "put_file", str(source), str(self._key), hasty=self._hasty)

    def _entries(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._ask("ls", detail=True)
        except FileNotFoundError as error:
            if error.strerror == "No such bucket":
                raise
            return []
        here = str(self._key)
        return [entry for entry in found if entry["name"].rstrip("/") != here]

    def _ask(self, name: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 -- the filesystem's
        return self._store.call(str(self), name, str(self._key), *arguments, hasty=self._hasty, **options)


def _stamp(entry: dict[str, Any]) -> Stamp:
    changed = entry.get("LastModified") or entry["mtime"]  # a datetime in UTC: S3's word, and GCS's
    return (int(changed.timestamp() * 1e9), entry["size"], int.from_bytes(str(entry.get("ETag") or "").encode()))


def object_path(url: str, *, proven: bool) -> ObjectPath:
    """Return the place that a URL names.

    Raises:
        ImportError: the package of this kind of store is not installed.

    """
    protocol, _, key = url.partition("://")
    return ObjectPath(ObjectStoreClient(protocol, proven=proven), PurePosixPath(key))
