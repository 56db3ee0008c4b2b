"""End this process when one that it depends on has ended.

If the first process of a container does not reap ended processes, they stay as zombies, which look alive to a process
that checks whether its parent still exists.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECK_S = 1.0
DRIVER = "GCE_STUDY_DRIVER"  # the driver of a cluster on this machine, for its workers: its pid, and when it began


def process_fields(pid: int) -> list[str]:
    """Return what /proc states of a process after its command: state, parent ...; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def began(pid: int) -> str:
    """Return when a process began, in clock ticks since the boot; empty if it has ended, even if it is a zombie."""
    fields = process_fields(pid)
    return "" if not fields or fields[0] == "Z" else fields[19]


def name_driver() -> None:
    """Name this process, in its environment, as the driver of the workers that are started from here on."""
    os.environ[DRIVER] = f"{os.getpid()} {began(os.getpid())}"


@cache
def end_with_raylet() -> None:
    """In a worker of Ray: end with its raylet, and with the driver if that is on the same machine.

    Ray's own check misses a raylet that has become a zombie. Later calls do nothing.
    """
    depends = {}
    if raylet := os.environ.get("RAY_RAYLET_PID"):
        depends[int(raylet)] = began(int(raylet))
    if driver := os.environ.get(DRIVER):
        pid, _, when = driver.partition(" ")
        depends[int(pid)] = when
    if depends:
        end_with(depends)


def end_with_parent(parent: int, *, group: bool = False) -> None:
    """End with the process that has started this one.

    Args:
        parent: its pid, as it passed that on; by now it may have ended, and another process may be the parent.
        group: whether SIGTERM ends the whole group of this process instead, such as programs that it has started.

    """
    end_with({parent: began(parent) if parent == os.getppid() else ""}, group=group)


def end_with(depends: Mapping[int, str], *, group: bool = False) -> None:
    """End this process, with exit code 1 and nothing cleaned up, within a second of the end of another one.

    Args:
        depends: the processes that must all live: for each pid, when it began.
        group: whether SIGTERM ends the whole group of this process instead, such as programs that it has started.

    """
    if not began(os.getpid()):
        return  # there is no /proc, so nothing can be checked
    threading.Thread(target=_watch, args=(dict(depends), group), name="watchdog", daemon=True).start()


def _watch(depends: dict[int, str], group: bool) -> None:  # noqa: FBT001 -- of a thread
    while all(when and began(pid) == when for pid, when in depends.items()):
        time.sleep(CHECK_S)
    if group:
        os.killpg(0, signal.SIGTERM)  # this process is among them
    os._exit(1)
