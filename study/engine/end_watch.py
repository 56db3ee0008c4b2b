"""Watch for requests to end the study that this process runs; see ``study.ledger.end_request``."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from study.console import say
from study.interrupts import interrupt
from study.ledger.claim import MAX_AHEAD_S, lock_path
from study.ledger.end_request import look_interval_s, requested_end, withdraw_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from trainables.storage.types import Location


class EndWatch:
    """Within its context, ends this process, from a thread, when ``stop`` or ``cancel`` requests it.

    ``cancel`` has the effect of SIGTERM, and ``stop`` that of SIGINT, except while runs are trained (``training``):
    then the code that trains them polls ``stop_requested`` and lets them finish their epoch.
    """

    def __init__(self, storage: Location, name: str) -> None:
        """Set the study, which this process owns."""
        self._storage, self._name = storage, name
        self._owner = lock_path(storage, name).holder(ahead_s=MAX_AHEAD_S) or ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"requests to end {name}", daemon=True)
        self._lock = threading.Lock()  # keeps a stop from being lost when training starts just as the request is read
        self._training = self._stop = False

    def __enter__(self) -> Self:
        """Start to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the watch."""
        self._ended.set()
        self._thread.join()

    @contextmanager
    def training(self) -> Iterator[None]:
        """Within the context, leave a stop to the caller of ``stop_requested``."""
        with self._lock:
            self._training = True
        try:
            yield
        finally:
            with self._lock:
                self._training = False

    def stop_requested(self) -> bool:
        """Return whether the study is to stop once its runs have finished their epoch."""
        return self._stop

    def _watch(self) -> None:
        storage = self._storage
        while not self._ended.wait(look_interval_s(storage)):
            with suppress(OSError):  # the next look may succeed
                request = requested_end(storage, self._name, self._owner)
                if request is None:
                    continue
                say(f"{self._name}: {request.end} requested by {request.by}", err=True)
                self._end(at_once=request.end == "cancel")
                withdraw_request(storage, self._name)  # which shows the requester that it was received

    def _end(self, *, at_once: bool) -> None:
        if at_once:
            interrupt(signal.SIGTERM)
            return
        with self._lock:
            self._stop = True
            if not self._training:
                interrupt(signal.SIGINT)
