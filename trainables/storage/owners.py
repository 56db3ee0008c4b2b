"""Who owns a study or a run: what lock files and leases record about a process."""

from __future__ import annotations

import getpass
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trainables.watchdog import began

UNNAMED = "another process"


def this_process() -> dict[str, Any]:
    """Return what names this process to a user: pid, host, user, and when it became the owner."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have no name
        user = str(os.getuid())
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "user": user, "started": started}


def parse(data: bytes) -> dict[str, Any]:
    """Return what an owner wrote about itself; empty if that is damaged, or not written yet."""
    try:
        owner = json.loads(data)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def describe(owner: dict[str, Any]) -> str:
    """Describe an owner in words: "another process" if it has not yet written which."""
    if not {"pid", "user", "host", "started"} <= owner.keys():
        return UNNAMED
    return f"process {owner['pid']} of {owner['user']} on {owner['host']} since {owner['started']}"


def life() -> dict[str, str]:
    """Return what lets other processes of this machine tell whether this one is alive."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return {"boot": boot, "namespace": str(Path("/proc/self/ns/pid").readlink()), "began": began(os.getpid())}


def has_ended(owner: dict[str, Any]) -> bool:
    """Return whether an owner, with its ``life`` under ``here``, was a process of this machine that has ended."""
    here, theirs = life(), owner.get("here", {})
    same = all(theirs.get(key) == here[key] for key in ("boot", "namespace"))
    return same and began(int(owner["pid"])) != theirs.get("began")
