"""Tools of the performance figures: contenders timed alternately, medians, wall and CPU seconds, targets."""

from __future__ import annotations

import os
import platform
import resource
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from trainables.processes.limits import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Figure:
    """One figure of the performance table.

    Attributes:
        name: what was measured.
        value: in ``unit``.
        unit: such as ``x``, ``%``, ``s``, ``ms``.
        bar: the target; None for a figure that only informs.
        better: whether ``more`` or ``less`` than the target is good.
        note: how it was measured, or why it misses the target.

    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    better: Literal["more", "less"] = "more"
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.better == "more" else self.value <= self.bar


@dataclass(frozen=True)
class Timing:
    """Medians over rounds, in seconds, of wall time and of CPU time (this process and its ended children)."""

    wall: float
    cpu: float


def alternating(rounds: int, contenders: Mapping[str, Callable[[], Any]], warm_up: int = 1) -> dict[str, Timing]:
    """Time contenders alternately, so that other load of the machine affects all of them equally.

    Args:
        rounds: how often each is timed; the order is reversed in every second round.
        contenders: functions to time, by name.
        warm_up: preceding rounds that are not counted.

    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for number in range(-warm_up, rounds):
        for name in list(contenders)[:: 1 if number % 2 == 0 else -1]:
            wall, cpu = time.perf_counter(), _cpu_s()
            contenders[name]()
            if number >= 0:
                taken[name].append((time.perf_counter() - wall, _cpu_s() - cpu))
    return {name: Timing(*(median(column) for column in zip(*times, strict=True))) for name, times in taken.items()}


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def machine() -> str:
    """Return a description of this machine: processor, cores, memory, system."""
    with open("/proc/cpuinfo", encoding="ascii") as lines:  # noqa: PTH123 -- a fixed path
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {usable_cpus()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def table(figures: list[Figure]) -> str:
    """Return the figures as a Markdown table, in which missed targets are marked."""
    sign = {"more": "≥", "less": "≤"}
    lines = ["| | measured | target | |", "|---|---|---|---|"]
    for figure in figures:
        bar = "" if figure.bar is None else f"{sign[figure.better]} {figure.bar:g} {figure.unit}"
        missed = "**missed**" if figure.reached is False else ""
        note = ": ".join(part for part in (missed, figure.note) if part)
        lines.append(f"| {figure.name} | {figure.value:.3g} {figure.unit} | {bar} | {note} |")
    return "\n".join(lines)
