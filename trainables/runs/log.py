"""The log of one run: its starts, warnings, failures and its end, over all its attempts, in one bounded text file."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.storage.types import Location

MAX_BYTES = 262_144  # of a log; beyond them the older half is dropped
MAX_CHARACTERS = 32_768  # of an entry; the middle of a longer one is dropped
MAX_WARNINGS = 50  # of an attempt


def now() -> str:
    """Return the present time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class RunLog:
    """Appends to a run's log. It is a convenience: an entry that cannot be written is dropped without an error."""

    def __init__(self, path: Location) -> None:
        """Set the file; the first entry creates it."""
        self._path = path.hasty()
        self._warned: set[str] = set()

    def write(self, text: str) -> None:
        """Append an entry with the present time."""
        if len(text) > MAX_CHARACTERS:
            text = f"{text[: MAX_CHARACTERS // 2]}\n[...]\n{text[-MAX_CHARACTERS // 2 :]}"
        data = f"{now()} {text.rstrip()}\n".encode(errors="replace")
        with suppress(OSError):
            self._path.append(data, MAX_BYTES)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Append this process's warnings, and its log messages from that level up; each distinct one once."""
        handler = _Handler(self)
        logging.captureWarnings(capture=True)
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            logging.captureWarnings(capture=False)

    def heard(self, text: str) -> None:
        """Append a warning, unless this attempt has already logged it, or too many others."""
        if text not in self._warned and len(self._warned) < MAX_WARNINGS:
            self._warned.add(text)
            self.write(f"warning: {text}")


class _Handler(logging.Handler):
    def __init__(self, log: RunLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 -- a wrong call of a logger must not end the run
            self.handleError(record)
        else:
            self._log.heard(text)
