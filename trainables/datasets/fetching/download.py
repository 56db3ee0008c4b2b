"""Safe fetching of large files: resumed downloads for pooch, a check of free space, a lock on the folder."""

from __future__ import annotations

import errno
import shutil
import time
from contextlib import contextmanager, nullcontext
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

from trainables.datasets.manifest import DataSetError
from trainables.naming import file_size
from trainables.storage.locks import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

BLOCK = 1 << 20
TIMEOUT = 60.0  # seconds without a byte
ATTEMPTS = 5  # in a row without a byte gained
NOT_SATISFIABLE = 416
PARTIAL = 206
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
