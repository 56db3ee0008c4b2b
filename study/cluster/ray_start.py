"""Start or join Ray, in several tries; end the processes that a failed try started.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray._private import worker as ray_worker  # where that function is looked up

from study.cluster.ray_environment import away_from_users_files
from study.console import say
from study.errors import RayFailedError
from study.interrupts import Interrupted
from trainables.processes.watchdog import began, process_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Ray's driver prints each error of a raylet, in colour and with a guess; the study's own messages state what is known.
ray_worker.print_to_stdstream = lambda *_, **__: None

PAUSES_S = (5.0, 20.0)  # before the second and the third try: a loaded machine needs time


def start_ray(what: str, *, clean: Callable[[], None] = lambda: None, **arguments: Any) -> Any:  # noqa: ANN401 -- ray's types
    """Call ``ray.init``; if it fails, clean up and call it again, twice at most.

    Args:
        what: what fails, as the beginning of a message: "Ray did not start".
        clean: called after each failure, to end what the try has started.
        arguments: of ``ray.init``.

    Returns:
        The context that ``ray.init`` returns.

    Raises:
        RayFailedError: the third try failed too.
        Interrupted: SIGTERM came meanwhile.

    """
    for pause in (*PAUSES_S, None):
        try:
            with quietly(), away_from_users_files():
                return ray.init(log_to_driver=False, logging_level=logging.ERROR, **arguments)
        except SystemExit:  # from Ray's handler of SIGTERM, which replaces ours for that long
            raise Interrupted(signal.SIGTERM) from None
        except Exception as error:  # noqa: BLE001 -- Ray raises errors of any class here
            ray.shutdown()
            clean()
            reason = _reason(error)
            if pause is None:
                msg = f"{what} in {len(PAUSES_S) + 1} tries: {reason}"
                raise RayFailedError(msg) from None
        say(f"{what}: {reason}; trying again in {pause:.0f} s", err=True)
        time.sleep(pause)
    raise AssertionError  # the last try returns or raises


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def quietly() -> Iterator[None]:
    """Suppress Ray's warnings about itself, and its SIGTERM handler, which would end this process as failed."""
    ours = signal.getsignal(signal.SIGTERM)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ours)


def ray_processes(folder: Path) -> dict[int, str]:
    """Return the processes of this process's own cluster: for each pid, when it began.

    Args:
        folder: the cluster's folder, which the command lines of its servers name.

    """
    children: dict[int, list[int]] = {}
    for pid in [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]:
        if fields := process_fields(pid):
            children.setdefault(int(fields[1]), []).append(pid)
    pids = [pid for pid in children.get(os.getpid(), []) if os.fsencode(folder) in _command_line(pid)]
    for pid in pids:  # grows by the descendants
        pids += children.get(pid, [])
    return {pid: began(pid) for pid in pids}


def kill(processes: Mapping[int, str]) -> None:
    """Kill processes that still live: for each pid, when it began."""
    for pid, when in processes.items():
        if when and began(pid) == when:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
