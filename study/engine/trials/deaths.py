"""Why the process of a run was lost: read from Ray's message, and from what the process itself printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trainables.processes.limits import memory_ran_out

if TYPE_CHECKING:
    from pathlib import Path

# Ray's messages for a process that was lost with its machine. It uses the last one before it knows that the machine is
# gone; if a process dies alone, its machine reports that at once.
NODE_LOST = ("node has died", "node was terminated", "actor is temporarily unavailable")
ANNOUNCED = "its node has died, as announced"
MEMORY = "low on memory"  # in Ray's message if Ray ended the process itself
UNEXPLAINED = "worker process has died"  # in Ray's message if the process ended without an exception
MAX_CHARACTERS = 200  # of a reason
TAIL_BYTES = 65_536  # of a process's output that are read
EXCEPTION = re.compile(r"[\w.]+: .*")  # the last line of a traceback
# If a signal ends a process, Python prints its stack and its modules after this line.
SIGNAL = re.compile(r"^(Fatal Python error: .*)$", re.MULTILINE)
# A line of Ray's own, which no run printed: of its log, such as the warning every 10 s that the disk is nearly full, or
# Tune's advice to a process whose imports take more than 10 s.
OF_RAY = re.compile(
    r"\[\d{4}-\d\d-\d\d [^\]]*\] \((raylet|gcs_server|core_worker)\) |Trainable\.setup took [\d.]+ seconds\. "
)


def with_its_node(error: str) -> bool:
    """Return whether Ray's message states that the process was lost with its machine: no fault of the run."""
    return any(text in error for text in (*NODE_LOST, ANNOUNCED))


def reason(error: str, logs: Path | None, oom_kills_before: int | None) -> str:
    """Return in a line why a process was lost.

    Args:
        error: Ray's message, in lines.
        logs: the folder of Ray's logs if the process ran on this machine; else None.
        oom_kills_before: ``oom_kills`` before the process started, if it ran on this machine.

    """
    last = error.strip().rpartition("\n")[2].strip()
    if MEMORY in error:
        last = "Ray ended it because the machine was low on memory"
    elif UNEXPLAINED in error and not with_its_node(error):
        pid = re.search(r"^\s*pid: (\d+)$", error, re.MULTILINE)
        printed = last_words(logs, f"worker-*-{pid[1]}.err") if logs and pid else ""
        if logs and memory_ran_out(oom_kills_before):
            last = "it ended without a Python error, and memory has run out here since the study began"
        else:
            last = "it ended without a Python error"
        last += f"; its last line: {printed}" if printed else ""
    return last[:MAX_CHARACTERS]


def last_words(logs: Path, pattern: str) -> str:
    """Return the last line of the newest output that matches, or Python's line about a signal; empty without output."""
    try:
        newest = max(logs.glob(pattern), key=lambda path: path.stat().st_mtime)
        text = newest.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
    except (OSError, ValueError):  # no output matches
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not OF_RAY.match(line)]
    signals = SIGNAL.findall(text)
    if signals and not (lines and EXCEPTION.fullmatch(lines[-1])):
        return str(signals[-1])
    return lines[-1] if lines else ""
