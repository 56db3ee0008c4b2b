"""The search space of a study, and the configurations tried in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from study.spec.study_features import FEATURES, StudyFeatures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trainables.config import Configuration

State = Literal["running", "complete", "pruned", "failed"]


@dataclass(frozen=True)
class SampledRange:
    """The numbers from ``low`` to ``high``, both included; sampled uniformly in the logarithm if ``log``."""

    low: float
    high: float
    log: bool = False
    integer: bool = False  # whether only whole numbers are sampled


@dataclass(frozen=True)
class SampledChoices:
    """A list of distinct values."""

    values: tuple[float | str, ...]


@dataclass(frozen=True)
class ArmSpace:
    """The open parameters of an arm.

    Attributes:
        arm: the arm's name.
        parameters: the values to sample from, by the parameter's name in the study file; ``subset`` may be one.
        build: returns the configuration for given values of the open parameters.
        features: those of the study.

    """

    arm: str
    parameters: Mapping[str, SampledRange | SampledChoices]
    build: Callable[[Mapping[str, float | str]], Configuration]
    features: StudyFeatures = FEATURES


@dataclass(frozen=True)
class Tried:
    """A sampled configuration and its scores.

    Attributes:
        number: counts the sampled configurations, from 0.
        arm: the name of its arm.
        varied: the sampled values, by the parameter's name in the study file.
        state: running, complete, pruned (stopped at a rung) or failed (no seed has a score).
        value: its last score, a fraction in [0, 1]; None while it runs and if it failed.
        intermediate: epoch -> score, the mean over its seeds.

    """

    number: int
    arm: str
    varied: Mapping[str, float | str]
    state: State
    value: float | None = None
    intermediate: Mapping[int, float] = field(default_factory=dict)


def contains(values: SampledRange | SampledChoices, value: float | str) -> bool:
    """Return whether a value can be sampled from a range or a list."""
    if isinstance(values, SampledChoices):
        return value in values.values
    if isinstance(value, str) or (values.integer and not isinstance(value, int)):
        return False
    return values.low <= value <= values.high


def size(space: Sequence[ArmSpace]) -> float:
    """Return the number of configurations: infinity if a range of real numbers is open."""
    return sum(math.prod(map(_count, arm.parameters.values())) for arm in space)


def _count(values: SampledRange | SampledChoices) -> float:
    if isinstance(values, SampledChoices):
        return len(values.values)
    return values.high - values.low + 1 if values.integer else math.inf
