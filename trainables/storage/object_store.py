"""An object store's client, which waits while the store is away.

Every request is tried again with exponential back-off and jitter while the store cannot be reached, is busy or fails
(connection errors, 5xx, throttling), for up to ``OUTAGE_S``. Credentials that worked and have expired are waited for up
to ``EXPIRED_S``, and read again before each attempt. Anything else that is refused after something has worked (a policy
that was changed, a write with read-only credentials) is tried for ``OUTAGE_S``; if nothing ever worked, it is an error
at once. One message reports a wait of more than ``QUIET_S``, another its end. A request that is given up, or that
waiting would not help, raises ``OSError``.
"""

from __future__ import annotations

import logging
import os
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

import fsspec

from trainables.storage.object_errors import Meaning, as_os_error, meaning, message

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

T = TypeVar("T")

OUTAGE_S = 900.0
EXPIRED_S = 12 * 3600.0
QUIET_S = 3.0
HASTY_S = 5.0  # for what is not worth waiting for
CREDENTIALS = {"expired", "refused"}
MAX_PAUSE_S = {"unreachable": 10.0, "refused": 120.0, "expired": 120.0}  # a new filesystem leaks 2 MB


class ObjectStoreClient:
    """An object store: its filesystem, and the patience with it. Threads may share one."""

    def __init__(self, protocol: str, *, proven: bool) -> None:
        """Prepare the filesystem; no request is sent yet.

        Raises:
            ImportError: the package of this kind of store is not installed.

        """
        self.protocol, self.proven = protocol, proven
        self.fs = self._filesystem()
        self._complained = False
        self._jitter = random.Random(os.getpid())  # noqa: S311 -- no secret: it spreads the requests of many processes

    def _filesystem(self) -> Any:  # noqa: ANN401 -- fsspec has no types
        options: dict[str, Any] = {"use_listings_cache": False}  # others write there too
        if self.protocol == "s3":
            options["config_kwargs"] = {"retries": {"total_max_attempts": 1}}  # only ``call`` tries again
        fs = fsspec.filesystem(self.protocol, **options)
        if loop := getattr(fs, "loop", None):  # the call raises what breaks in the background, too
            loop.call_soon_threadsafe(loop.set_exception_handler, lambda _, about: logger.debug("%s", about))
        return fs

    def call(self, url: str, request: Callable[[Any], T], *, hasty: bool) -> T:
        """Send a request, and retry while that may help; for no more than ``HASTY_S`` if ``hasty``.

        Args:
            url: of the object, for messages.
            request: takes the filesystem and returns the answer.
            hasty: whether the answer is not worth waiting for.

        Raises:
            OSError: the request is wrong, or what it waited for did not come in time.

        """
        # ``valid``: when the credentials last expired, so that new ones get their own time.
        began = valid = time.monotonic()
        pause_s = 0.2
        while True:
            try:
                answer = request(self.fs)
            except Exception as error:
                what = meaning(error)
                if what is None:
                    raise
                waited = time.monotonic() - (began if what == "expired" else valid)
                if waited >= self._patience_s(what, hasty=hasty):
                    raise as_os_error(error, url, what) from error
                if waited > QUIET_S and not hasty:
                    self._complain(f"{message(error, url, what)}; {_promise(what)}")
                pause_s = min(pause_s, MAX_PAUSE_S[what])
                time.sleep(self._jitter.uniform(0.5, 1.0) * pause_s)
                pause_s *= 2
                if what == "expired":
                    valid = time.monotonic()
                if what in CREDENTIALS:  # a new filesystem reads them again
                    type(self.fs).clear_instance_cache()
                    self.fs = self._filesystem()
            else:
                self.proven = True
                if self._complained:
                    self._complained = False
                    logger.warning("%s: the storage location answers again", url)
                return answer

    def _patience_s(self, what: Meaning, *, hasty: bool) -> float:
        """Return for how many seconds a request is tried again."""
        if what == "final" or (what in CREDENTIALS and not self.proven):
            return 0.0
        if hasty:
            return HASTY_S
        return EXPIRED_S if what == "expired" else OUTAGE_S

    def _complain(self, text: str) -> None:
        """Warn once until the store answers again."""
        if not self._complained:
            self._complained = True
            logger.warning("%s", text)


def _promise(what: Meaning) -> str:
    if what == "expired":
        return f"waiting up to {EXPIRED_S / 3600:.0f} h for credentials that work; nothing is lost"
    return f"trying again for up to {OUTAGE_S / 60:.0f} minutes; nothing is lost"
