"""Safe fetching of large zips: resumed downloads for pooch, a check of free space, extraction into one folder only."""

from __future__ import annotations

import errno
import shutil
import stat
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from http.client import HTTPException
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from zipfile import BadZipFile, ZipFile, ZipInfo

from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from trainables.datasets.manifest import DataSetError
from trainables.naming import file_size
from trainables.storage.locks import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

BLOCK = 1 << 20
TIMEOUT = 60.0  # seconds without a byte
ATTEMPTS = 5  # in a row without a byte gained
NOT_SATISFIABLE = 416
PARTIAL = 206
UNPACKING = ".unpacking-"
LOCK = ".fetch.lock"
BUSY = (429, 500, 502, 503, 504)  # status codes after which a retry may succeed
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


class Resume:
    """A pooch downloader that continues an interrupted download, even one of an earlier process.

    The bytes received so far are kept in ``part``. Pooch gets the complete file, checks its hash, and removes it if the
    hash is wrong, so that the next attempt starts afresh.
    """

    def __init__(self, part: Path, *, progress: bool = True, pause: float = 2.0) -> None:
        """Set the path of the partial file; ``pause`` is the wait in seconds before another attempt."""
        self.part = part
        self.progress = progress
        self.pause = pause

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:  # noqa: ANN401, ARG002 -- pooch's interface
        """Download ``url`` to ``output_file``.

        Raises:
            DataSetError: the server refuses, or the connection was lost too often; the bytes received are kept.

        """
        failures, reason = 0, ""
        while failures < ATTEMPTS:
            before = self._held()
            try:
                if self._attempt(url):
                    self.part.replace(output_file)
                    return
                reason = "the connection was closed"
            except HTTPError as error:
                error.close()
                reason = f"the server answered {error.code} {error.reason}"
                if error.code not in BUSY:
                    message = f"{url}: {reason}"
                    raise DataSetError([message]) from None
            except (URLError, HTTPException, OSError) as error:
                if isinstance(error, OSError) and error.errno in UNWRITABLE:
                    message = f"{self.part}: cannot be written: {error.strerror}"
                    raise DataSetError([message]) from None
                reason = str(getattr(error, "reason", "") or error)
            failures = 0 if self._held() > before else failures + 1
            time.sleep(self.pause)
        message = f"{url}: interrupted after {self._held()} bytes ({reason}); the same command continues there"
        raise DataSetError([message])

    def _held(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self, url: str) -> bool:
        """Fetch what is missing; return whether the file is complete."""
        start = self._held()
        try:
            with open_url(url, {"Range": f"bytes={start}-"} if start else {}) as response:
                if response.status != PARTIAL:
                    start = 0  # the server sends the file from its beginning
                length = response.headers.get("Content-Length")
                total = None if length is None else start + int(length)
                self._copy(response, start, total)
        except HTTPError as error:
            if error.code != NOT_SATISFIABLE or not start:
                raise
            error.close()
            # The server has nothing beyond these bytes: they are the whole file, or of another one.
            if error.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
                return True
            self.part.unlink()
            return False
        return total is None or self._held() == total

    def _copy(self, response: HTTPResponse, start: int, total: int | None) -> None:
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        bar = Progress("{task.description}", *columns) if self.progress else None
        with self.part.open("ab" if start else "wb") as file, bar or nullcontext():
            task = bar.add_task(self.part.stem, total=total, completed=start) if bar else None
            while block := response.read(BLOCK):
                file.write(block)
                if bar and task is not None:
                    bar.advance(task, len(block))


def open_url(url: str, headers: dict[str, str], method: str = "GET") -> HTTPResponse:
    """Open an http or https address; the caller closes it."""
    if urlsplit(url).scheme not in ("http", "https"):
        message = f"{url}: only http and https are fetched"
        raise DataSetError([message])
    request = Request(url, headers={"User-Agent": "gce-study", **headers}, method=method)  # noqa: S310 -- checked above
    response: HTTPResponse = urlopen(request, timeout=TIMEOUT)  # noqa: S310
    return response


def remote_size(url: str) -> int | None:
    """Return a file's size in bytes as the server states it; None if it does not."""
    try:
        with open_url(url, {}, "HEAD") as response:
            length = response.headers.get("Content-Length")
    except HTTPError as error:  # the download itself will report the problem
        error.close()
        return None
    except OSError:
        return None
    return None if length is None else int(length)


def check_free_space(folder: Path, needed: int, what: str) -> None:
    """Refuse to fill the disk.

    Args:
        folder: of the files; it need not exist yet.
        needed: bytes.
        what: for the message.

    Raises:
        DataSetError: fewer bytes are free.

    """
    existing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        message = f"{folder}: {what} needs {file_size(needed)}, {file_size(free)} are free"
        raise DataSetError([message])


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Make ``root`` if absent, and lock it against other fetches; the lock ends with the process.

    Raises:
        DataSetError: another process is fetching into it.

    """

    def refuse() -> None:
        message = f"{root}: another process is fetching into this folder; wait until it has ended"
        raise DataSetError([message])

    root.mkdir(parents=True, exist_ok=True)
    with exclusive(root / LOCK, busy=refuse):
        yield


def extract(archive: Path, root: Path, top: str) -> int:
    """Unpack a zip whose every member lies in the folder ``top`` into ``root``; return the number of files.

    The members are unpacked into a temporary folder. Once all are complete, that folder is renamed into its place, or
    the files are moved one by one into an existing folder.

    Raises:
        DataSetError: a member leaves the folder, is absolute, a link, repeated, or damaged; or the disk is too
            small. Nothing has been put into ``root`` then.

    """
    for left_behind in root.glob(f"{UNPACKING}*"):  # by a process that was killed
        shutil.rmtree(left_behind)
    try:
        with ZipFile(archive) as zipped, tempfile.TemporaryDirectory(dir=root, prefix=UNPACKING) as temporary:
            members = [m for m in zipped.infolist() if not m.filename.startswith("__MACOSX/")]
            times = Counter(PurePosixPath(m.filename) for m in members)
            problems = [f"{archive.name}: member '{m.filename}' {p}" for m in members if (p := _unsafe(m, top, times))]
            if problems:
                raise DataSetError(problems)
            check_free_space(root, sum(m.file_size for m in members), f"unpacking {archive.name}")
            files = [m.filename for m in members if not m.is_dir()]
            for member in members:
                zipped.extract(member, temporary)  # reads to the end, which checks the CRC
            if files and not (root / top).exists():
                (Path(temporary) / top).rename(root / top)
                return len(files)
            for name in files:
                target = root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (Path(temporary) / name).replace(target)
    except BadZipFile as error:
        message = f"{archive.name}: damaged: {error}"
        raise DataSetError([message]) from None
    return len(files)


def _unsafe(member: ZipInfo, top: str, times: Counter[PurePosixPath]) -> str:
    name = PurePosixPath(member.filename)
    if "\\" in member.filename:
        return "holds a backslash"
    if name.is_absolute() or PureWindowsPath(name).drive:
        return "is absolute"
    if ".." in name.parts:
        return "leaves the folder ('..')"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a symbolic link"
    if times[name] > 1:
        return f"occurs {times[name]} times"
    return "" if name.parts and name.parts[0] == top else f"is not in the folder {top}"
