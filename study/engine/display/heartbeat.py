"""Print a sign of life at least every minute during work that prints rarely."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from study.console import say

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_S = 60.0  # after which a line is printed


def still(line: str) -> Heartbeat:
    """Return a heartbeat that prints a line, such as ``sounds: reading the data``, on the standard error."""
    return Heartbeat(lambda: say(line, err=True))


class Heartbeat:
    """Within its context, calls a function, from a thread, whenever nothing has been printed for a while."""

    def __init__(self, beat: Callable[[], None]) -> None:
        """Set the function, which prints a line; it is called after ``QUIET_S`` of silence."""
        self._beat = beat
        self._heard = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Start watching."""
        self.heard()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching; nothing is called after this."""
        self._ended.set()
        self._thread.join()

    def heard(self) -> None:
        """Register that a line has been printed."""
        self._heard = time.monotonic()

    def _watch(self) -> None:
        while not self._ended.wait(max(0.0, self._heard + QUIET_S - time.monotonic())):
            if time.monotonic() - self._heard >= QUIET_S:
                self.heard()
                self._beat()
