"""Who runs a study, who trains a run: one owner at a time, in a folder by a file lock, in an object store by a lease.

**Folder.** ``flock`` on a file; the system frees it when the process ends, however it ends.

**Object store.** A lease is an object ``PATH/TERM`` that names its owner, and the highest term is the one that counts.
A term is made with a conditional PUT that only one of several processes can win, and its owner writes it again every
``RENEW_S``. Whoever finds the highest term freed, its owner dead (on this machine the process is looked for), or not
renewed for ``LEASE_S`` by the store's own clock, makes the next term. Whoever wants a study watches a lapsed lease for
``WATCH_S`` more: after an outage of the store its owner may be about to renew it. An owner that was silent for so long
and comes back finds a higher term than its own within ``RENEW_S`` and ends. Terms only grow, so nobody can win with an
old look.

For up to ``RENEW_S`` two processes may then believe that they own the same thing, and a write that waited for the store
may come later still. Each object is written whole, and what one process wrote of a run another can go on from. The two
write the same where runs are bit-equal: on CPUs, with equal numbers of threads. On GPUs they may differ in the last
digits, and the record that is there first stays. The worst case is a run that is trained twice. Who has lost a study
writes neither its plan nor its journal any more, and ends at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import logging
import os
import secrets
import socket
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.storage.object_location import ObjectLocation
    from trainables.storage.types import Location

logger = logging.getLogger(__name__)

RENEW_S = 10.0
LEASE_S = 60.0
WATCH_S = 20.0
LOOK_S = 1.0  # between looks at a lease that may lapse


class Held(Protocol):
    """What is owned until it is released."""

    @property
    def lost(self) -> bool:
        """Whether another process owns it meanwhile: this one was silent for too long."""

    def release(self, *, remove: bool = False) -> None:
        """Free it; ``remove`` leaves nothing behind, which is for what nobody will own again."""


def acquire(path: Location, *, wait: bool = False, on_loss: Callable[[], None] = lambda: None) -> Held | None:
    """Own what a path stands for; None where another process owns it.

    Args:
        path: of the lock file, or of the lease's terms.
        wait: wait for the end of a lease that nobody renews; a lock needs no waiting.
        on_loss: called from another thread when a lease has been lost.

    Raises:
        OSError: the storage location cannot be written or does not lock.

    """
    return _lock(path) if isinstance(path, Path) else _lease(path, wait, on_loss)


def owner_of(path: Location) -> str | None:
    """Say who owns what a path stands for at this moment; None if nobody does."""
    if isinstance(path, Path):
        try:
            with path.open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return describe(_read(path))
        return None
    term = max(_terms(path), default=None)
    # By this machine's clock: who looks writes nothing.
    held = term is not None and _state(path, term, time.time) == "held"
    return describe(_read(path / str(term))) if held else None


def describe(owner: dict[str, Any]) -> str:
    """Name an owner; one that has just claimed, and has not written who it is, is another process."""
    if not {"pid", "user", "host", "started"} <= owner.keys():
        return "another process"
    return f"process {owner['pid']} of {owner['user']} on {owner['host']} since {owner['started']}"


def discard(path: Location) -> None:
    """Remove what was left behind of what nobody will own again."""
    if isinstance(path, Path):
        path.unlink(missing_ok=True)
    else:
        for term in _terms(path):
            (path / term).unlink()


def _owner() -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have no name
        user = str(os.getuid())
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "user": user, "started": started}


def _read(path: Location) -> dict[str, Any]:
    """Return what an owner said of itself; empty where that is absent or damaged."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class _Lock:
    """A locked file."""

    lost = False

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    def release(self, *, remove: bool = False) -> None:
        if remove:  # while it is locked: who waits for it finds the record once he has it
            self._path.unlink(missing_ok=True)
        else:
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _lock(path: Path) -> _Lock | None:
    """Lock a file. Three attempts within 0.2 s: ``holder`` holds the lock for a moment when it looks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not truncated before it is locked: the content is another owner's until then.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        for _ in range(3):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, json.dumps(_owner()).encode())
                return _Lock(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


class _Lease:
    """A term that this process renews from a thread of its own."""

    def __init__(self, path: ObjectLocation, term: str, owner: dict[str, Any], on_loss: Callable[[], None]) -> None:
        self.lost = False
        # Hasty: a renewal comes again soon, and a process that ends is not to wait for a store that is away.
        self._path, self._term, self._owner, self._on_loss = path.hasty(), term, owner, on_loss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease of {path.name}", daemon=True)
        self._thread.start()

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_S):
            try:
                (self._path / self._term).write_bytes(_written(self._owner))
                self.lost = max(_terms(self._path), default=self._term) > self._term
            except OSError as error:  # whoever writes something else says so
                logger.debug("%s: the lease could not be renewed: %s", self._path, error)
            except Exception:  # whatever it is, the next renewal may do better
                logger.exception("%s: the lease could not be renewed", self._path)
            if self.lost:
                self._on_loss()
                return

    def release(self, *, remove: bool = False) -> None:
        self._ended.set()
        self._thread.join()
        if self.lost:
            return
        with contextlib.suppress(OSError):  # it lapses by itself
            if remove:
                (self._path / self._term).unlink()
            else:
                (self._path / self._term).write_bytes(_written(self._owner | {"free": True}))


def _lease(path: ObjectLocation, wait: bool, on_loss: Callable[[], None]) -> _Lease | None:  # noqa: FBT001 -- see take
    seen: tuple[str, Any] | None = None
    lapsed_at: float | None = None
    while True:
        terms = _terms(path)
        last = max(terms, default=None)
        state = "free" if last is None else _state(path, last, partial(_now, path))
        if state == "lapsed" and wait:
            lapsed_at = lapsed_at or time.monotonic()
            state = "lapsed" if time.monotonic() - lapsed_at > WATCH_S else "held"
        if state != "held":
            term = f"{int(last or 0) + 1:09d}"
            owner = _owner() | {"here": _here(), "token": secrets.token_hex(8)}
            if not (path / term).create(_written(owner)):
                return None  # another process was faster
            for old in terms:
                (path / old).unlink()
            return _Lease(path, term, owner, on_loss)
        with contextlib.suppress(FileNotFoundError):  # it has just been removed
            look = (str(last), (path / str(last)).stamp())
            if not wait or seen not in (None, look):
                return None  # it is renewed
            seen = look
        time.sleep(LOOK_S)


def _written(owner: dict[str, Any]) -> bytes:
    """Return a lease as it is written: another text each time, so that its stamp tells a renewal."""
    return json.dumps(owner | {"renewed": time.time()}).encode()


def _terms(path: ObjectLocation) -> list[str]:
    return [name for name in path.stamps() if name.isdigit()]


def _state(path: ObjectLocation, term: str, now: Callable[[], float]) -> Literal["free", "held", "lapsed"]:
    """Say whether a term has an owner that may still be at work."""
    owner = _read(path / term)
    if not owner or owner.get("free") or _gone(owner):
        return "free"
    try:
        return "held" if now() - (path / term).changed() < LEASE_S else "lapsed"
    except FileNotFoundError:
        return "free"


def _now(path: ObjectLocation) -> float:
    """Return the time by the store's clock, from an object written for that: machines' own clocks may differ."""
    probe = path / f"now-{secrets.token_hex(8)}"
    probe.write_bytes(b"now")
    try:
        return probe.changed()
    finally:
        probe.unlink()


def _here() -> dict[str, str]:
    """Name this process so that others on this machine can tell whether it lives."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return {"boot": boot, "namespace": str(Path("/proc/self/ns/pid").readlink()), "began": _began(os.getpid())}


def _began(pid: int) -> str:
    """Return when a process began, in clock ticks since the boot; empty where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]  # a zombie has ended


def _gone(owner: dict[str, Any]) -> bool:
    """Say whether an owner was a process of this machine that has ended."""
    here, theirs = _here(), owner.get("here", {})
    same = all(theirs.get(key) == here[key] for key in ("boot", "namespace"))
    return same and _began(int(owner["pid"])) != theirs.get("began")
