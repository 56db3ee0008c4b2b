"""What a search samples from, and what it has tried."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trainables.config import Configuration

State = Literal["running", "complete", "pruned", "failed"]


@dataclass(frozen=True)
class SampledRange:
    """The numbers from ``low`` to ``high``, both included; sampled evenly in their logarithm if ``log``."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class SampledChoices:
    """A list of distinct values."""

    values: tuple[float | str, ...]


@dataclass(frozen=True)
class ArmSpace:
    """What an arm leaves open.

    Attributes:
        arm: its name.
        parameters: what may be sampled, by the parameter's name in the study file; the subset is one of them.
        build: returns the configuration in which the open parameters have these values.

    """

    arm: str
    parameters: Mapping[str, SampledRange | SampledChoices]
    build: Callable[[Mapping[str, float | str]], Configuration]


@dataclass(frozen=True)
class Tried:
    """A configuration that was sampled, and how it has done.

    Attributes:
        number: counts the sampled configurations, from 0.
        arm: the name of its arm.
        varied: the values that were sampled, by the parameter's name in the study file.
        state: running, complete (it finished), pruned (stopped at a rung) or failed (no seed of it has a score).
        value: the score it ended with, a fraction in [0, 1]; None while it runs or where it failed.
        intermediate: epoch -> score, the mean over its seeds.

    """

    number: int
    arm: str
    varied: Mapping[str, float | str]
    state: State
    value: float | None = None
    intermediate: Mapping[int, float] = field(default_factory=dict)


def holds(values: SampledRange | SampledChoices, value: float | str) -> bool:
    """Return whether a value can be sampled from these."""
    if isinstance(values, SampledChoices):
        return value in values.values
    return not isinstance(value, str) and values.low <= value <= values.high


def size(space: Sequence[ArmSpace]) -> float:
    """Return how many configurations the arms name: infinity where a range is open."""
    sizes = [
        math.prod(len(v.values) if isinstance(v, SampledChoices) else math.inf for v in each.parameters.values())
        for each in space
    ]
    return sum(sizes)
