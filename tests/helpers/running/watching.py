"""Other processes as the machine shows them, and how to wait for what they do."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Answer = TypeVar("Answer")
# Local addresses, in the kernel's hexadecimal.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def until(reached: Callable[[], Answer], what: str = "it", *, seconds: float = 60, pause: float = 0.05) -> Answer:
    """Call a function until its answer is true, and return that; fail the test if that takes too long."""
    end = time.monotonic() + seconds
    while not (answer := reached()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(pause)
    return answer


def started_by(marker: str) -> dict[int, str]:
    """Return the processes whose environment has a marker, as pid -> command: a study's, and what those started."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """Hold a process where it is, and let it continue afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def listening(pids: Iterable[int]) -> list[str]:
    """Return the local addresses, in the kernel's hexadecimal, on which processes listen."""
    inodes = set()
    for pid in pids:
        with suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]
