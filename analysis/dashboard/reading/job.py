"""Work that may take long: a thread does it, and whoever needs the result waits no longer than they want to."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


class StillWorkingError(Exception):
    """The result is not there yet; the message states what is being done.

    Attributes:
        done: how many of the steps are done.
        total: the number of steps; 0 if it is not known.

    """

    def __init__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Set what is being done, and how far it is."""
        super().__init__(what)
        self.done, self.total = done, total


class Job(Generic[T]):
    """A computation in a thread of its own, which starts at once.

    Attributes:
        what: what it is doing, in words.
        done: how many steps of it are done.
        total: the number of these steps; 0 if it is not known.

    """

    def __init__(self, compute: Callable[[Job[T]], T], what: str) -> None:
        """Start the computation, which is passed this job to report its progress."""
        self.what, self.done, self.total = what, 0, 0
        self._compute = compute
        self._future: Future[T] = Future()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._future.set_result(self._compute(self))
        except BaseException as error:  # noqa: BLE001 -- raised where the result is asked for
            self._future.set_exception(error)

    @property
    def ended(self) -> bool:
        """Whether there is a result or an error."""
        return self._future.done()

    @property
    def error(self) -> BaseException | None:
        """What the computation raised; None if it has not ended or has a result."""
        return self._future.exception() if self._future.done() else None

    def result(self, patience_s: float) -> T:
        """Return the result.

        Args:
            patience_s: seconds to wait for it at most.

        Raises:
            StillWorkingError: it is not there by then.
            Exception: what the computation raised.

        """
        try:
            return self._future.result(None if math.isinf(patience_s) else patience_s)
        except TimeoutError:
            if self.ended:  # the computation's own error
                raise
            raise StillWorkingError(self.what, self.done, self.total) from None

    def counted(self, what: str, items: Iterable[R], total: int) -> Iterator[R]:
        """Pass items through, and report how many of them have passed."""
        self.what, self.done, self.total = what, 0, total
        for item in items:
            yield item
            self.done += 1
