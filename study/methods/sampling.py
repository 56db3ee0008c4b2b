"""What a search samples from, and how Optuna proposes the next configuration from those tried before.

Nothing is kept between two proposals: each follows from the space, the seed and the configurations tried so far, so a
study that was killed goes on with the proposals that it would have made.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState, create_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from trainables.config import Configuration

SamplerName = Literal["tpe", "random", "gp", "qmc"]
State = Literal["running", "complete", "pruned", "failed"]

STATES: dict[State, TrialState] = {
    "running": TrialState.RUNNING,
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}

SIGNIFICANT_DIGITS = 4  # of a sampled number: labels stay readable, and no loss is that sensitive
STEPS = 1000  # rounding moves no number by more than this part of its range: a narrow one needs more digits
MOST_DIGITS = 17  # tell any two numbers apart
MOST_DUPLICATES = 100  # draws in a row that give nothing new, after which there is taken to be nothing new

# Optuna would tell of each study that it makes, and warn of packages that would make it faster.
optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True)
class Range:
    """The numbers from ``low`` to ``high``, both included; sampled evenly in their logarithm if ``log``."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Choices:
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
    parameters: Mapping[str, Range | Choices]
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


def distributions(space: Sequence[ArmSpace], arm: str | None = None) -> dict[str, BaseDistribution]:
    """Return Optuna's distributions of one arm, or of all; a parameter is called ``arm.parameter``.

    The arm itself is a parameter where there are several.
    """
    found: dict[str, BaseDistribution] = {}
    if len(space) > 1:
        found["arm"] = _distribution(Choices(tuple(each.arm for each in space)))
    for each in space:
        if arm in (None, each.arm):
            for name, values in each.parameters.items():
                found[f"{each.arm}.{name}"] = _distribution(values)
    return found


@cache
def _distribution(values: Range | Choices) -> BaseDistribution:
    if isinstance(values, Range):
        return FloatDistribution(values.low, values.high, log=values.log)
    return CategoricalDistribution(values.values)


def parameters(space: Sequence[ArmSpace], tried: Tried) -> tuple[dict[str, Any], dict[str, BaseDistribution]] | None:
    """Return a configuration's parameters as Optuna knows them, with their distributions.

    None for a configuration outside the space, as an earlier version of the study may have sampled it.
    """
    arm = next((each for each in space if each.arm == tried.arm), None)
    if arm is None or arm.parameters.keys() != tried.varied.keys():
        return None
    if not all(_holds(values, tried.varied[name]) for name, values in arm.parameters.items()):
        return None
    found = {"arm": tried.arm} if len(space) > 1 else {}
    return found | {f"{arm.arm}.{name}": value for name, value in tried.varied.items()}, distributions(space, arm.arm)


def _holds(values: Range | Choices, value: float | str) -> bool:
    if isinstance(values, Choices):
        return value in values.values
    return not isinstance(value, str) and values.low <= value <= values.high


def propose(
    space: Sequence[ArmSpace], history: Sequence[Tried], sampler: SamplerName, seed: int
) -> tuple[str, dict[str, float | str]] | None:
    """Return the arm and the values of a configuration that was not tried; None when none was found.

    Args:
        space: what the arms leave open; names are distinct.
        history: the configurations sampled so far, in order, those in flight included.
        sampler: how Optuna samples.
        seed: of the sampler; with the history's length it decides its random choices.

    """
    by_name = {each.arm: each for each in space}
    known = {by_name[tried.arm].build(tried.varied) for tried in history if parameters(space, tried)}
    if len(known) >= _size(space):
        return None
    # The qmc sequence starts at the configuration's number, so what it passed over before, it meets again.
    most = MOST_DUPLICATES + (len(history) if sampler == "qmc" else 0)
    draws = _sequence(space, len(history), seed) if sampler == "qmc" else _draws(space, history, sampler, seed)
    for _, (arm, varied) in zip(range(most), draws, strict=False):
        if by_name[arm].build(varied) not in known:
            return arm, varied
    return None


def _size(space: Sequence[ArmSpace]) -> float:
    """How many configurations there are: infinitely many where a range is open."""
    sizes = [
        math.prod(len(v.values) if isinstance(v, Choices) else math.inf for v in each.parameters.values())
        for each in space
    ]
    return sum(sizes)


def _draws(
    space: Sequence[ArmSpace], history: Sequence[Tried], sampler: SamplerName, seed: int
) -> Iterator[tuple[str, dict[str, float | str]]]:
    """Draw from a sampler that knows the history. A draw that is not taken stays in flight: TPE and GP avoid it."""
    study = optuna.create_study(direction="maximize", sampler=_sampler(sampler, seed, len(history)))
    for tried in history:
        if read := parameters(space, tried):
            study.add_trial(_trial(tried, *read))
    while True:
        trial = study.ask()
        name = trial.suggest_categorical("arm", [each.arm for each in space]) if len(space) > 1 else space[0].arm
        arm = next(each for each in space if each.arm == name)
        varied: dict[str, float | str] = {}
        for parameter, values in arm.parameters.items():
            key = f"{arm.arm}.{parameter}"
            if isinstance(values, Range):
                varied[parameter] = _read(trial.suggest_float(key, values.low, values.high, log=values.log), values)
            else:
                varied[parameter] = _read(trial.suggest_categorical(key, values.values), values)
        yield arm.arm, varied


def _trial(tried: Tried, params: dict[str, Any], of: dict[str, BaseDistribution]) -> FrozenTrial:
    """Return what a sampler reads of a trial; of a pruned one that is its last score and when it had it."""
    last = max(tried.intermediate, default=None) if tried.state == "pruned" else None
    return create_trial(
        state=STATES[tried.state],
        params=params,
        distributions=of,
        value=tried.value if tried.state in {"complete", "pruned"} else None,
        intermediate_values={} if last is None else {last: tried.intermediate[last]},
    )


def _sampler(name: SamplerName, seed: int, number: int) -> BaseSampler:
    """Make a sampler whose random choices follow from the seed and the configuration's number."""
    own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    if name == "random":
        return optuna.samplers.RandomSampler(seed=own_seed)
    if name == "gp":
        # Parameters of one arm among several are drawn at random: GPSampler models what all trials share.
        return optuna.samplers.GPSampler(seed=own_seed, warn_independent_sampling=False)
    with warnings.catch_warnings():
        # `group` models each arm's parameters together; it has been called experimental since Optuna 2.8.
        warnings.filterwarnings("ignore", "Argument ``group`` is an experimental feature", ExperimentalWarning)
        # The rest is Optuna's default, and said because a study must not change with it.
        return optuna.samplers.TPESampler(seed=own_seed, multivariate=True, group=True, constant_liar=True)


def _sequence(space: Sequence[ArmSpace], start: int, seed: int) -> Iterator[tuple[str, dict[str, float | str]]]:
    """Give the points of one scrambled Sobol sequence from number ``start`` on.

    Each parameter of each arm is a dimension of its own, and so is the arm; a point is read in the dimensions of its
    arm. Optuna's sampler takes its dimensions from the first trial, and counts the points it gave in an attribute.
    """
    union = distributions(space)
    with warnings.catch_warnings():
        # Called experimental since Optuna 3.0.
        warnings.filterwarnings("ignore", "QMCSampler is experimental", ExperimentalWarning)
        sampler = optuna.samplers.QMCSampler(scramble=True, seed=seed, warn_independent_sampling=False)
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(direction="maximize", sampler=sampler, storage=storage)
    study.tell(study.ask(union), 0.0)  # drawn at random; it only shows the dimensions
    point = study.ask(union)
    if start:
        study_id = storage.get_study_id_from_name(study.study_name)
        for counter in storage.get_study_system_attrs(study_id):
            storage.set_study_system_attr(study_id, counter, start - 1)
        point = study.ask(union)
    while True:
        arm = next(each for each in space if each.arm == point.params.get("arm", space[0].arm))
        yield arm.arm, {name: _read(point.params[f"{arm.arm}.{name}"], v) for name, v in arm.parameters.items()}
        point = study.ask(union)


def _read(value: Any, of: Range | Choices) -> float | str:  # noqa: ANN401 -- what Optuna sampled
    """Return a sampled value, a number rounded to as few digits as its range allows but never out of it."""
    if isinstance(of, Choices):
        return next(choice for choice in of.values if choice == value)
    for digits in range(SIGNIFICANT_DIGITS, MOST_DIGITS):
        rounded = min(max(float(f"{value:.{digits}g}"), of.low), of.high)
        if abs(rounded - value) <= (of.high - of.low) / STEPS:
            return rounded
    return float(value)
