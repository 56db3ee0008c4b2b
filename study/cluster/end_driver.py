"""End the driver of a submitted study."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.processes.watchdog import began

if TYPE_CHECKING:
    import argparse

ENDED_S = 30.0  # for a driver to end after a signal


def end_driver(options: argparse.Namespace) -> int:
    """End a job's driver on this machine: SIGTERM, then SIGKILL if it is still running."""
    drivers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _drives(path, options.job)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in drivers:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        end = time.monotonic() + ENDED_S
        while any(began(pid) for pid in drivers) and time.monotonic() < end:
            time.sleep(0.1)
    return 0


def _drives(process: Path, job: str) -> bool:
    """Return whether a process is a job's driver: Ray makes it a session leader, which its children are not."""
    try:
        is_of_job = f"GCE_STUDY_JOB={job}".encode() in (process / "environ").read_bytes().split(b"\0")
        return is_of_job and os.getsid(int(process.name)) == int(process.name)
    except OSError:
        return False
