"""Claim a study for this process, so that no two processes drive it."""

from __future__ import annotations

import re
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from study.errors import OwnedError
from study.spec.messages import shown
from trainables.plans import study_folder
from trainables.settings import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainables.storage.types import Location


@contextmanager
def claim(storage: Location, name: str) -> Iterator[Callable[[], None]]:
    """Own a study while the context lasts. However this process ends, the study is free then: see ``ownership``.

    Yields:
        What is to be called before anything of the study is written: it raises OwnedError once the study is lost.

    Raises:
        OwnedError: another process, or another claim of this one, owns it; the message says who, where and since when.
            Or this process was silent for so long that another took the study over.
        ValueError: the name is not one a study can have.
        OSError: the storage location cannot be written or does not lock.

    """
    if not re.fullmatch(NAME_PATTERN, name):
        msg = f"study name {shown(name)} is not allowed; allowed: text like {NAME_PATTERN}"
        raise ValueError(msg)
    path = study_folder(storage, name) / "owner.lock"
    held = path.acquire(wait=True, on_loss=_interrupt)
    if held is None:
        raise OwnedError(_owned(name, path))

    def still() -> None:
        if held.lost:
            raise OwnedError(_owned(name, path))

    try:
        yield still
    except (KeyboardInterrupt, Exception):  # Tune makes another exception of what is raised below it
        still()
        raise
    finally:
        held.release()


def _interrupt() -> None:
    """End the command at once: a SIGINT would be given time for the epochs that are under way (``study/stopping``)."""
    number = signal.SIGTERM if callable(signal.getsignal(signal.SIGTERM)) else signal.SIGINT
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def _owned(name: str, path: Location) -> str:
    holder = path.holder() or "another process"
    return f"study {name} is being run by {holder}; wait for it, or stop that process"


def owner(storage: Location, name: str) -> str | None:
    """Say who runs a study at this moment; None if nobody does."""
    return (study_folder(storage, name) / "owner.lock").holder()
