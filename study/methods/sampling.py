"""How Optuna proposes the next configuration from those tried before.

Each proposal follows from the space, the seed and the configurations tried so far, so a study that was killed goes on
with the proposals that it would have made; what is kept between two of them only saves time.
"""

from __future__ import annotations

import warnings
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState, create_trial

from study.methods.search_space import SampledChoices, SampledRange, holds, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

    from study.methods.search_space import ArmSpace, State, Tried
    from trainables.config import Configuration

SamplerName = Literal["tpe", "random", "gp", "qmc"]

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


def distributions(space: Sequence[ArmSpace], arm: str | None = None) -> dict[str, BaseDistribution]:
    """Return Optuna's distributions of one arm, or of all; a parameter is called ``arm.parameter``.

    The arm itself is a parameter where there are several.
    """
    found: dict[str, BaseDistribution] = {}
    if len(space) > 1:
        found["arm"] = _distribution(SampledChoices(tuple(each.arm for each in space)))
    for each in space:
        if arm in (None, each.arm):
            for name, values in each.parameters.items():
                found[f"{each.arm}.{name}"] = _distribution(values)
    return found


@cache
def _distribution(values: SampledRange | SampledChoices) -> BaseDistribution:
    if isinstance(values, SampledRange):
        return FloatDistribution(values.low, values.high, log=values.log)
    return CategoricalDistribution(values.values)


def parameters(space: Sequence[ArmSpace], tried: Tried) -> tuple[dict[str, Any], dict[str, BaseDistribution]] | None:
    """Return a configuration's parameters as Optuna knows them, with their distributions.

    None for a configuration outside the space, as an earlier version of the study may have sampled it.
    """
    arm = next((each for each in space if each.arm == tried.arm), None)
    if arm is None or arm.parameters.keys() != tried.varied.keys():
        return None
    if not all(holds(values, tried.varied[name]) for name, values in arm.parameters.items()):
        return None
    found = {"arm": tried.arm} if len(space) > 1 else {}
    return found | {f"{arm.arm}.{name}": value for name, value in tried.varied.items()}, distributions(space, arm.arm)


class Proposer:
    """Proposes one configuration after the other."""

    def __init__(self, space: Sequence[ArmSpace], sampler: SamplerName, seed: int) -> None:
        """Start with nothing tried.

        Args:
            space: what the arms leave open; names are distinct.
            sampler: how Optuna samples.
            seed: of the sampler; with the history's length it decides its random choices.

        """
        self._space, self._sampler, self._seed = tuple(space), sampler, seed
        self._by_name = {each.arm: each for each in self._space}
        self._known: set[Configuration] = set()
        self._told: list[tuple[Tried, FrozenTrial | None]] = []  # the history, and what Optuna sees of it

    def propose(self, history: Sequence[Tried]) -> tuple[str, dict[str, float | str]] | None:
        """Return the arm and the values of a configuration that was not tried; None when none was found.

        Args:
            history: the configurations sampled so far, in order, those in flight included. From one call to the next
                it grows, and what became of a configuration may change, but not what it is.

        """
        self._take(history)
        if len(self._known) >= size(self._space):
            return None
        # The qmc sequence starts at the configuration's number, so what it passed over before, it meets again.
        number, sequence = len(history), self._sampler == "qmc"
        draws = _sequence(self._space, number, self._seed) if sequence else self._draws()
        for _, (arm, varied) in zip(range(MOST_DUPLICATES + sequence * number), draws, strict=False):
            if self._by_name[arm].build(varied) not in self._known:
                return arm, varied
        return None

    def _take(self, history: Sequence[Tried]) -> None:
        """Read what is new in the history."""
        new = history[len(self._told) :]
        self._known |= {self._by_name[t.arm].build(t.varied) for t in new if parameters(self._space, t)}
        for number, (tried, (told, _)) in enumerate(zip(history, self._told, strict=False)):
            if told is not tried:
                self._told[number] = (tried, _trial(self._space, tried))
        self._told += [(tried, _trial(self._space, tried)) for tried in new]

    def _draws(self) -> Iterator[tuple[str, dict[str, float | str]]]:
        """Draw from a sampler that knows the history. A draw that is not taken stays in flight: TPE and GP avoid it."""
        space = self._space
        sampler = _sampler(self._sampler, self._seed, len(self._told))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for _, past in self._told:
            if past:
                study.add_trial(past)
        while True:
            trial = study.ask()
            name = trial.suggest_categorical("arm", [each.arm for each in space]) if len(space) > 1 else space[0].arm
            arm = self._by_name[name]
            varied: dict[str, float | str] = {}
            for parameter, values in arm.parameters.items():
                key = f"{arm.arm}.{parameter}"
                if isinstance(values, SampledRange):
                    varied[parameter] = _read(trial.suggest_float(key, values.low, values.high, log=values.log), values)
                else:
                    varied[parameter] = _read(trial.suggest_categorical(key, values.values), values)
            yield arm.arm, varied


class _Past(FrozenTrial):
    """A trial of the past. Optuna copies every trial that it is told, for each proposal; this one is not changed."""

    def __init__(self, trial: FrozenTrial) -> None:
        """Take a trial over."""
        vars(self).update(vars(trial))

    def __deepcopy__(self, _: dict[int, Any]) -> _Past:
        """Return one that gets a number of its own, and shares the rest."""
        return copy(self)


def _trial(space: Sequence[ArmSpace], tried: Tried) -> FrozenTrial | None:
    """Return what a sampler reads of a trial: of a pruned one its last score and when it had it.

    None for a configuration outside the space.
    """
    read = parameters(space, tried)
    if read is None:
        return None
    last = max(tried.intermediate, default=None) if tried.state == "pruned" else None
    trial = create_trial(
        state=STATES[tried.state],
        params=read[0],
        distributions=read[1],
        value=tried.value if tried.state in {"complete", "pruned"} else None,
        intermediate_values={} if last is None else {last: tried.intermediate[last]},
    )
    return _Past(trial)


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


def _read(value: Any, of: SampledRange | SampledChoices) -> float | str:  # noqa: ANN401 -- what Optuna sampled
    """Return a sampled value, a number rounded to as few digits as its range allows but never out of it."""
    if isinstance(of, SampledChoices):
        return next(choice for choice in of.values if choice == value)
    for digits in range(SIGNIFICANT_DIGITS, MOST_DIGITS):
        rounded = min(max(float(f"{value:.{digits}g}"), of.low), of.high)
        if abs(rounded - value) <= (of.high - of.low) / STEPS:
            return rounded
    return float(value)
