"""Claim a study for this process, so that no two processes drive it."""

from __future__ import annotations

import re
import signal
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from study.errors import OwnedError
from study.interrupts import interrupt
from study.spec.messages import shown
from trainables.plans import study_folder
from trainables.settings import NAME_PATTERN
from trainables.storage.documents import is_outage, warn_once
from trainables.storage.owners import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainables.plans import StudyPlan
    from trainables.storage.types import Location

MAX_AHEAD_S = 900.0  # S3 refuses the requests of a machine whose clock differs by more


@contextmanager
def claim(storage: Location, name: str) -> Iterator[Callable[[], None]]:
    """Own a study within the context, and pin its storage location; it is released however this process ends.

    Yields:
        A guard to call before anything of the study is written: it raises OwnedError once the study is lost, and
        OSError if the storage location is no longer the folder that it was.

    Raises:
        OwnedError: another process, or another claim of this one, owns it, or took it over because this process was
            silent for too long; the message names the owner.
        ValueError: the name is not one a study can have.
        OSError: the storage location cannot be written or does not lock.

    """
    if not re.fullmatch(NAME_PATTERN, name):
        msg = f"study name {shown(name)} is not allowed; allowed: text like {NAME_PATTERN}"
        raise ValueError(msg)
    path = lock_path(storage, name)
    held = path.acquire(wait=True, on_loss=_interrupt)
    if held is None:
        raise OwnedError(_owned(name, path))

    def still_owned() -> None:
        storage.verify()
        if held.lost:
            raise OwnedError(_owned(name, path))

    storage.pin()
    try:
        yield still_owned
    except (KeyboardInterrupt, Exception):  # Tune replaces exceptions that are raised below it
        still_owned()
        raise
    finally:
        held.release()
        storage.unpin()


def _interrupt() -> None:
    """End the command at once: SIGINT would let the runs finish their epoch first (``study.engine.graceful_stop``)."""
    interrupt(signal.SIGTERM)


def lock_path(storage: Location, name: str) -> Location:
    """Return the path of the lock or lease of the process that runs a study."""
    return study_folder(storage, name) / "owner.lock"


def _owned(name: str, path: Location) -> str:
    holder = path.holder() or UNNAMED
    return f"study {name} is being run by {holder}; wait for it, or stop that process"


def owner(storage: Location, name: str) -> str | None:
    """Return the process that runs a study now, in words; None if none does or its lock cannot be read (logged once).

    Raises:
        OSError: an object store cannot be reached.

    """
    try:
        return lock_path(storage, name).holder()
    except OSError as error:
        if is_outage(storage, error):
            raise
        warn_once(f"{error}; whether the study runs is unknown")
        return None


def may_run(storage: Location, name: str) -> bool:
    """Return whether a process runs a study, by any clock, or its lock cannot be read.

    Raises:
        OSError: an object store cannot be reached.

    """
    try:
        return is_held(lock_path(storage, name))
    except OSError as error:
        if is_outage(storage, error):
            raise
        return True


def starting(storage: Location, names: set[str]) -> list[str]:
    """Return the studies that a process may run, sorted, without those of the given names.

    Raises:
        OSError: see ``may_run``.

    """
    claimed = {path.parent.name for path in (storage / "studies").glob("*/owner.lock")}
    return sorted(name for name in claimed - names if may_run(storage, name))


def is_held(lock: Location) -> bool:
    """Return whether a process holds a lock or a lease, even if this machine's clock is ahead."""
    return lock.holder(ahead_s=MAX_AHEAD_S) is not None


def has_ended(storage: Location, plan: StudyPlan, claims: ExitStack | None) -> bool:
    """Return whether no process runs a study, and it has all the runs that it will get; if so, claim it."""
    from analysis.results.study_results import load_results  # noqa: PLC0415 -- pandas, which a claim does not need

    if may_run(storage, plan.name):
        return False
    with ExitStack() as mine, suppress(OwnedError, OSError, ValueError):  # of a newer version; runs of several versions
        if claims is not None:
            mine.enter_context(claim(storage, plan.name))
        results = load_results(storage, plan.name)
        if results.ended and not (results.runs["status"] == "damaged").any():  # those are trained again
            if claims is not None:
                claims.enter_context(mine.pop_all())
            return True
    return False
