"""What the system lets this process use: CPUs and memory."""

from __future__ import annotations

import os
import re
import resource
import signal
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESS = Path("/proc/self")


def usable_cpus() -> int:
    """Return how many CPUs this process may use, at least 1.

    It is the smallest of: the CPUs of its affinity mask, which ``taskset``, cpusets and most SLURM installations set;
    the CPU quota of its cgroup and of those above it, rounded down, as for ``docker run --cpus``; and SLURM's number
    for this job on this node.
    """
    limits = [len(os.sched_getaffinity(0)), *map(int, _quotas())]  # noqa: TID251 -- here it is only the first limit
    with suppress(KeyError, ValueError):
        limits.append(int(os.environ["SLURM_CPUS_ON_NODE"]))
    return max(1, min(limits))


def allow_open_files(count: int) -> int:
    """Raise the number of files that this process may have open, if it is smaller and the system permits that.

    Returns:
        How many files it may open now, which may be fewer.

    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return count
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    return max(soft, allowed)


def oom_kills() -> int | None:
    """Return how many processes of this process's cgroup the kernel has killed for lack of memory; None if unknown."""
    folder = next(_cgroups("memory"), None)
    for name in ("memory.events", "memory.oom_control"):  # of version 2, of version 1
        counts = dict(line.split(maxsplit=1) for line in _text(folder, name).splitlines() if " " in line)
        if "oom_kill" in counts:
            return int(counts["oom_kill"])
    return None


def memory_ran_out(oom_kills_before: int | None) -> bool:
    """Return whether the kernel has killed a process for lack of memory since ``oom_kills`` returned that number."""
    return oom_kills_before is not None and (oom_kills() or 0) > oom_kills_before


def how_ended(exit_code: int, oom_kills_before: int | None) -> str:
    """Return how a child process ended, as a predicate such as ``was killed by SIGSEGV``.

    Args:
        exit_code: of the child, or minus the number of the signal that killed it.
        oom_kills_before: what ``oom_kills`` returned before the child started.

    """
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    if exit_code == -signal.SIGKILL and memory_ran_out(oom_kills_before):
        return "was killed by the system because memory ran out"
    with suppress(ValueError):  # a real-time signal has no name
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"was killed by signal {-exit_code}"


def _quotas() -> Iterator[float]:
    """Yield the CPU quota, in CPUs, of each cgroup that has one."""
    for folder in _cgroups("cpu"):
        with suppress(ValueError):  # "max", or no such file
            quota, period = map(int, _text(folder, "cpu.max").split())
            if period > 0:
                yield quota / period
        with suppress(ValueError):
            quota, period = (int(_text(folder, f"cpu.cfs_{name}_us")) for name in ("quota", "period"))
            if quota > 0 and period > 0:  # -1 means none
                yield quota / period


def _cgroups(controller: str) -> Iterator[Path]:
    """Yield the folders of this process's cgroups that may limit a resource, each followed by those above it.

    Args:
        controller: ``cpu`` or ``memory``.

    """
    mounts = list(_mounts(controller))
    for line in filter(None, _text(PROCESS, "cgroup").split("\n")):
        number, controllers, path = line.split(":", 2)
        version = 2 if number == "0" else 1
        if version == 1 and controller not in controllers.split(","):
            continue
        for mounted_version, root, point in mounts:
            if mounted_version != version:
                continue
            cgroup = PurePosixPath(path)
            # Inside a container, the path may be that of the host, of which only a part is mounted.
            below = cgroup.relative_to(root) if cgroup.is_relative_to(root) else PurePosixPath()
            folders = [point / below, *(point / parent for parent in below.parents)]
            yield from (folder for folder in folders if folder.is_dir())


def _mounts(controller: str) -> Iterator[tuple[int, str, Path]]:
    """Yield where cgroups are mounted: their version, which cgroup is mounted, and the folder."""
    for line in filter(None, _text(PROCESS, "mountinfo").split("\n")):  # other line ends may be in a name
        place, _, kind = line.partition(" - ")
        name, _, source_and_options = kind.partition(" ")  # the source may be empty
        if name not in {"cgroup", "cgroup2"}:
            continue
        root, point = (re.sub(r"\\([0-7]{3})", _character, field) for field in place.split(" ")[3:5])
        if name == "cgroup2":
            yield 2, root, Path(point)
        elif controller in source_and_options.rpartition(" ")[2].split(","):
            yield 1, root, Path(point)


def _character(octal: re.Match[str]) -> str:
    return chr(int(octal[1], 8))


def _text(folder: Path | None, name: str) -> str:
    """Return the text of a file; empty if it cannot be read."""
    try:
        return "" if folder is None else (folder / name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
