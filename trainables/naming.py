"""What people call a parameter, a value and a configuration: the same words in progress lines, tables and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.plans import PlannedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.plans import PlannedRun

PARAMETERS = ("temperature", "q", "beta", "k", "threshold", "rule", "reading", "distances")
SYMBOLS = {"temperature": "T", "beta": "β"}


def number(value: float | str) -> str:
    """Write a parameter's value in the fewest digits that no other number has: 1000, 0.7, 1000.001, 1e+16."""
    return value if isinstance(value, str) else repr(float(value)).removesuffix(".0")


def symbol(parameter: str) -> str:
    """Return a parameter's sign in labels and on axes: T for temperature, else its name."""
    return SYMBOLS.get(parameter, parameter)


def ordered(varied: Mapping[str, float | str]) -> dict[str, float | str]:
    """Return the varied parameters in their usual order; the subset is none of them."""
    names = [*(name for name in PARAMETERS if name in varied), *sorted(set(varied) - {*PARAMETERS, "subset"})]
    return {name: varied[name] for name in names}


def label(planned: PlannedRun) -> str:
    """Name a run's configuration within its subset: ``adaptive T=1000``. The first number varied comes last."""
    varied = ordered(planned.varied)
    axis = next((name for name, value in varied.items() if not isinstance(value, str)), "")
    names = [*(name for name in varied if name != axis), *([axis] if axis else [])]
    return " ".join([planned.arm, *(f"{symbol(name)}={number(varied[name])}" for name in names)])


def duration(seconds: float | None) -> str:
    """Write a time span as people do: 45 s, 12 min, 3 h 20 min; ``unknown`` for None."""
    if seconds is None:
        return "unknown"
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004 -- below that, seconds say more
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 -- min in h


def configuration_name(planned: PlannedRun) -> str:
    """Name a configuration, with its subset where the arm has several."""
    subset = planned.varied.get("subset")
    return f"{label(planned)} on {subset}" if subset else label(planned)
