"""Who owns a study or a run: what lock files and leases record about a process."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field

from trainables.characters import one_line
from trainables.numerals import minute
from trainables.processes.watchdog import began
from trainables.storage.documents import DamagedError, Document, OtherVersionError, Part, parse

UNNAMED = "another process"
MAX_BYTES = 65_536  # of a lock file or lease that is read

MAX_NAME = 255  # characters of a host's or user's name

Word: TypeAlias = Annotated[str, Field(max_length=MAX_NAME)]


class Life(Part):
    """By this, other processes of a machine determine whether a process is alive; see ``watchdog.began``."""

    boot: Word = ""
    namespace: Word = ""
    began: Word = ""


class Owner(Document):
    """The owner of a lock file or lease.

    Attributes:
        pid: its process.
        host: its machine.
        user: its user's name, or number.
        started: when it became the owner, ISO 8601 in UTC.
        here: in leases: its life.
        token: in leases: makes the first write differ from that of any other process.
        renewed: in leases: when it was last written, Unix time by the owner's clock; makes each write differ.
        free: in leases: whether it has released what it owned.

    """

    pid: Annotated[int, Field(ge=1, lt=2**31)]
    host: Word
    user: Word
    started: Word
    here: Life | None = None
    token: Word = ""
    renewed: float = 0.0
    free: bool = False


def this_process() -> Owner:
    """Return this process as an owner, from now on."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # in a container the user may have no name
        user = str(os.getuid())
    started = datetime.now(UTC).isoformat(timespec="seconds")
    # The environment names the user, so the name may be any text.
    host, user = (one_line(name)[:MAX_NAME] for name in (socket.gethostname(), user))
    return Owner(pid=os.getpid(), host=host, user=user, started=started)


def read_owner(data: bytes, path: object) -> Owner | str:
    """Return the owner in a lock file or lease; why it is unknown if that cannot be read, empty if nothing is there."""
    try:
        return parse(data, Owner, path) if data else ""
    except (DamagedError, OtherVersionError) as error:
        return str(error)


def describe(owner: Owner | str) -> str:
    """Describe the result of ``read_owner`` in words."""
    if isinstance(owner, str):
        return f"{UNNAMED} ({owner})" if owner else UNNAMED
    return f"process {owner.pid} of {owner.user} on {owner.host} since {minute(owner.started)}"


def life() -> Life:
    """Return the life of this process."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return Life(boot=boot, namespace=str(Path("/proc/self/ns/pid").readlink()), began=began(os.getpid()))


def has_ended(owner: Owner) -> bool:
    """Return whether an owner was a process of this machine that has ended."""
    here, theirs = life(), owner.here
    if theirs is None or (theirs.boot, theirs.namespace) != (here.boot, here.namespace):
        return False
    return began(owner.pid) != theirs.began
