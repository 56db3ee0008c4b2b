"""Leases: who owns a study or a run in an object store, which has no locks.

A lease is an object ``PATH/TERM`` that names its owner; the highest term counts. A term is made with a conditional
PUT, which only one of several processes can win, and its owner writes it again every ``RENEW_S``. A process that finds
the highest term freed, its owner dead (if it was on this machine), or not renewed for ``LEASE_S`` by the store's clock,
makes the next term. A process that wants a study watches a lapsed lease for another ``WATCH_S``: after an outage of the
store its owner may be about to renew it. An owner that was silent for so long and comes back finds a higher term than
its own within ``RENEW_S`` and ends. Terms only grow, so nobody can win with an outdated view.

For up to ``RENEW_S`` two processes may then believe that they own the same thing, and a write that waited for the store
may arrive even later. Each object is written whole, and one process can continue a run from what another wrote. The two
write the same if runs are bit-equal: on CPUs, with equal numbers of threads. On GPUs they may differ in the last
digits, and the record that is there first stays. The worst case is a run that is trained twice. A process that has lost
a study no longer writes its plan or its journal, and ends at once.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from trainables.storage.documents import to_bytes
from trainables.storage.owners import Owner, describe, has_ended, life, read_owner, this_process
from trainables.storage.types import Location

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.storage.types import Stamp

logger = logging.getLogger(__name__)

RENEW_S = 10.0
LEASE_S = 60.0
WATCH_S = 20.0
LOOK_S = 1.0  # between looks at a lease that may lapse


class Conditional(Location, Protocol):
    """A place in a store that can create an object only if it does not exist."""

    def create(self, data: bytes) -> bool:
        """Write the object unless it exists; return whether it was written."""


class Lease:
    """A term that this process renews from a thread of its own."""

    def __init__(self, path: Conditional, term: str, owner: Owner, on_loss: Callable[[], None]) -> None:
        """Start to renew a term that this process has made."""
        self.lost = False
        # Hasty: the next renewal comes soon, and a process that ends should not wait for a store that is away.
        self._path, self._term, self._owner, self._on_loss = path.hasty(), term, owner, on_loss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease of {path.name}", daemon=True)
        self._thread.start()

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_S):
            try:
                (self._path / self._term).write(_written(self._owner))
                self.lost = max(_terms(self._path), default=self._term) > self._term
            except OSError as error:  # any other write to the store reports it
                logger.debug("%s: the lease could not be renewed: %s", self._path, error)
            except Exception:  # the next renewal may succeed
                logger.exception("%s: the lease could not be renewed", self._path)
            if self.lost:
                self._on_loss()
                return

    def release(self, *, remove: bool = False) -> None:
        """Free the lease; ``remove`` removes its object. If the store is away, the lease lapses by itself."""
        self._ended.set()
        self._thread.join()
        if self.lost:
            return
        with contextlib.suppress(OSError):
            if remove:
                (self._path / self._term).unlink()
            else:
                (self._path / self._term).write(_written(self._owner.model_copy(update={"free": True})))


def acquire(path: Conditional, *, wait: bool, on_loss: Callable[[], None]) -> Lease | None:
    """Make the next term of a lease, see ``Location.acquire``; None if another process owns it."""
    seen: tuple[str, Stamp] | None = None
    lapsed_at: float | None = None
    while True:
        terms = _terms(path)
        last = max(terms, default=None)
        state = "free" if last is None else _state(path / last, partial(_now, path))
        if state == "lapsed" and wait:
            lapsed_at = lapsed_at or time.monotonic()
            state = "lapsed" if time.monotonic() - lapsed_at > WATCH_S else "held"
        if state != "held":
            term = f"{int(last or 0) + 1:09d}"
            owner = this_process().model_copy(update={"here": life(), "token": secrets.token_hex(8)})
            if not (path / term).create(_written(owner)):
                return None  # another process was faster
            for old in terms:
                (path / old).unlink()
            return Lease(path, term, owner, on_loss)
        with contextlib.suppress(FileNotFoundError):  # it has just been removed
            look = (str(last), (path / str(last)).stamp())
            if not wait or seen not in (None, look):
                return None  # it is renewed
            seen = look
        time.sleep(LOOK_S)


def holder(path: Conditional, ahead_s: float = 0.0) -> str | None:
    """Return a description of the process that owns a lease (see ``Location.holder``); None without an owner."""
    term = max(_terms(path), default=None)
    # By this machine's clock, because reading the store's clock takes a write.
    held = term is not None and _state(path / term, lambda: time.time() - ahead_s) == "held"
    return describe(_read(path / str(term))) if held else None


def discard(path: Conditional) -> None:
    """Remove the terms of a lease that nobody will own again."""
    for term in _terms(path):
        (path / term).unlink()


def _written(owner: Owner) -> bytes:
    """Return the text of a lease: it differs each time, so that the stamp shows a renewal."""
    return to_bytes(owner.model_copy(update={"renewed": time.time()}))


def _terms(path: Conditional) -> list[str]:
    return [name for name in path.stamps() if re.fullmatch("[0-9]{9}", name)]


def _read(path: Conditional) -> Owner | str:
    """Return the owner of a term, or why it is unknown; empty if the term has just been removed."""
    try:
        return read_owner(path.read_bytes() or b" ", path)  # an object is written whole, and never empty
    except FileNotFoundError:
        return ""


def _state(path: Conditional, now: Callable[[], float]) -> Literal["free", "held", "lapsed"]:
    """Return whether a term has an owner that may still be at work.

    A malformed lease, or one of a newer version, is judged by its time alone: its owner may be renewing it.
    """
    owner = _read(path)
    if not owner or (isinstance(owner, Owner) and (owner.free or has_ended(owner))):
        return "free"
    try:
        return "held" if now() - _changed(path) < LEASE_S else "lapsed"
    except FileNotFoundError:
        return "free"


def _changed(path: Conditional) -> float:
    """Return when an object was written, in seconds of Unix time by the store's clock."""
    return path.stamp()[0] / 1e9


def _now(path: Conditional) -> float:
    """Return the time by the store's clock, from an object written for that: machines' own clocks may differ."""
    probe = path / f"now-{secrets.token_hex(8)}"
    probe.write(b"now")
    try:
        return _changed(probe)
    finally:
        probe.unlink()
