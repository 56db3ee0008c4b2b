"""The proposal of a search's next configuration by Optuna.

Each proposal follows from the space, the seed and the configurations tried so far, so a study that was killed resumes
with the proposals that it would have made. State kept between two proposals only saves time.
"""

from __future__ import annotations

import warnings
from copy import copy
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState, create_trial

from study.methods.search_space import SampledChoices, SampledRange, contains, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

    from study.methods.search_space import ArmSpace, State, Tried
    from trainables.config import Configuration

SamplerName = Literal["tpe", "random", "gp", "qmc"]

STATES: dict[State, TrialState] = {
    "running": TrialState.RUNNING,
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}

SIGNIFICANT_DIGITS = 4  # of a sampled number: labels stay readable, and no loss is more sensitive than that
# Rounding moves no number by more than 1 / MAX_ROUNDING of its range; narrow ranges need more digits.
MAX_ROUNDING = 1000
ALL_DIGITS = 17  # distinguish any two floats
MAX_DUPLICATES = 100  # consecutive draws without an untried configuration, after which the space counts as exhausted

# Optuna logs every study that it creates, and warns about optional packages that would make it faster.
optuna.logging.set_verbosity(optuna.logging.ERROR)


def distributions(space: Sequence[ArmSpace], arm: str | None = None) -> dict[str, BaseDistribution]:
    """Return Optuna's distributions of one arm, or of all, keyed by ``arm.parameter``.

    If there are several arms, the arm itself is a parameter.
    """
    by_name: dict[str, BaseDistribution] = {}
    if len(space) > 1:
        by_name["arm"] = _distribution(SampledChoices(tuple(open_arm.arm for open_arm in space)))
    for open_arm in space:
        if arm in (None, open_arm.arm):
            for name, values in open_arm.parameters.items():
                by_name[f"{open_arm.arm}.{name}"] = _distribution(values)
    return by_name


@cache
def _distribution(values: SampledRange | SampledChoices) -> BaseDistribution:
    if isinstance(values, SampledChoices):
        return CategoricalDistribution(values.values)
    if values.integer:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def parameters(space: Sequence[ArmSpace], tried: Tried) -> tuple[dict[str, Any], dict[str, BaseDistribution]] | None:
    """Return a configuration's parameters under Optuna's names, and their distributions.

    None for a configuration outside the space: an earlier version of the study may have sampled it.
    """
    arm = next((open_arm for open_arm in space if open_arm.arm == tried.arm), None)
    if arm is None or arm.parameters.keys() != tried.varied.keys():
        return None
    if not all(contains(values, tried.varied[name]) for name, values in arm.parameters.items()):
        return None
    named: dict[str, float | str] = {"arm": tried.arm} if len(space) > 1 else {}
    named |= {f"{arm.arm}.{name}": value for name, value in tried.varied.items()}
    return named, distributions(space, arm.arm)


class Proposer:
    """Proposes one configuration after another."""

    def __init__(self, space: Sequence[ArmSpace], sampler: SamplerName, seed: int) -> None:
        """Start with nothing tried.

        Args:
            space: what the arms leave open; names are distinct.
            sampler: how Optuna samples.
            seed: of the sampler; its random choices follow from the seed and the length of the history.

        """
        self._space, self._sampler, self._seed = tuple(space), sampler, seed
        self._by_name = {open_arm.arm: open_arm for open_arm in self._space}
        self._known: set[Configuration] = set()
        self._trials: list[tuple[Tried, FrozenTrial | None]] = []  # the history, and each entry as Optuna's trial

    def propose(self, history: Sequence[Tried]) -> tuple[str, dict[str, float | str]] | None:
        """Return the arm and the values of an untried configuration; None if none was found.

        Args:
            history: the configurations sampled so far, in order, including those in flight. Between calls it may only
                grow; the state and scores of a configuration may change, its values may not.

        """
        self._update(history)
        if len(self._known) >= size(self._space):
            return None
        draws, limit = self._draws(), MAX_DUPLICATES
        if self._sampler == "qmc":
            # The sequence starts at this configuration's number, so it may repeat every configuration skipped before.
            draws, limit = _sequence(self._space, len(history), self._seed), MAX_DUPLICATES + len(history)
        for arm, varied in islice(draws, limit):
            if self._by_name[arm].build(varied) not in self._known:
                return arm, varied
        return None

    def _update(self, history: Sequence[Tried]) -> None:
        """Bring the trials in line with the history."""
        new = history[len(self._trials) :]
        self._known |= {self._by_name[t.arm].build(t.varied) for t in new if parameters(self._space, t)}
        for number, (tried, (before, _)) in enumerate(zip(history, self._trials, strict=False)):
            if before is not tried:
                self._trials[number] = (tried, _trial(self._space, tried))
        self._trials += [(tried, _trial(self._space, tried)) for tried in new]

    def _draws(self) -> Iterator[tuple[str, dict[str, float | str]]]:
        """Draw from a sampler that knows the history. A rejected draw stays in flight, so that TPE and GP avoid it."""
        space = self._space
        sampler = _sampler(self._sampler, self._seed, len(self._trials))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for _, past in self._trials:
            if past:
                study.add_trial(past)
        while True:
            trial = study.ask()
            name = trial.suggest_categorical("arm", [arm.arm for arm in space]) if len(space) > 1 else space[0].arm
            arm = self._by_name[name]
            varied: dict[str, float | str] = {}
            for parameter, values in arm.parameters.items():
                varied[parameter] = _rounded(_suggested(trial, f"{arm.arm}.{parameter}", values), values)
            yield arm.arm, varied


def _suggested(trial: Trial, key: str, values: SampledRange | SampledChoices) -> Any:  # noqa: ANN401 -- sampled by Optuna
    if isinstance(values, SampledChoices):
        return trial.suggest_categorical(key, values.values)
    if values.integer:
        return trial.suggest_int(key, int(values.low), int(values.high), log=values.log)
    return trial.suggest_float(key, values.low, values.high, log=values.log)


class _Past(FrozenTrial):
    """An ended trial whose copies share its data: Optuna deep-copies every trial for each proposal."""

    def __init__(self, trial: FrozenTrial) -> None:
        """Copy a trial's data."""
        vars(self).update(vars(trial))

    def __deepcopy__(self, _: dict[int, Any]) -> _Past:
        """Return a shallow copy: Optuna assigns it a number and changes nothing else."""
        return copy(self)


def _trial(space: Sequence[ArmSpace], tried: Tried) -> FrozenTrial | None:
    """Return a configuration as the trial that a sampler reads; a pruned one keeps only its last score.

    None for a configuration outside the space.
    """
    named = parameters(space, tried)
    if named is None:
        return None
    last = max(tried.intermediate, default=None) if tried.state == "pruned" else None
    trial = create_trial(
        state=STATES[tried.state],
        params=named[0],
        distributions=named[1],
        value=tried.value if tried.state in {"complete", "pruned"} else None,
        intermediate_values={} if last is None else {last: tried.intermediate[last]},
    )
    return _Past(trial)


def _sampler(name: SamplerName, seed: int, number: int) -> BaseSampler:
    """Create a sampler whose random choices follow from the seed and the configuration's number."""
    derived_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    if name == "random":
        return optuna.samplers.RandomSampler(seed=derived_seed)
    if name == "gp":
        # GPSampler models only the parameters that all trials share; the others are drawn at random.
        return optuna.samplers.GPSampler(seed=derived_seed, warn_independent_sampling=False)
    with warnings.catch_warnings():
        # `group` models each arm's parameters jointly; it has been marked experimental since Optuna 2.8.
        warnings.filterwarnings("ignore", "Argument ``group`` is an experimental feature", ExperimentalWarning)
        # The other arguments are defaults, made explicit so that a study does not change with Optuna's defaults.
        return optuna.samplers.TPESampler(seed=derived_seed, multivariate=True, group=True, constant_liar=True)


def _sequence(space: Sequence[ArmSpace], start: int, seed: int) -> Iterator[tuple[str, dict[str, float | str]]]:
    """Yield the points of a scrambled Sobol sequence, starting at number ``start``.

    The arm and each parameter of each arm are separate dimensions; a point uses only the dimensions of its arm.
    Optuna's sampler takes its dimensions from the first trial, and counts the sampled points in a study attribute.
    """
    union = distributions(space)
    with warnings.catch_warnings():
        # Marked experimental since Optuna 3.0.
        warnings.filterwarnings("ignore", "QMCSampler is experimental", ExperimentalWarning)
        sampler = optuna.samplers.QMCSampler(scramble=True, seed=seed, warn_independent_sampling=False)
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(direction="maximize", sampler=sampler, storage=storage)
    study.tell(study.ask(union), 0.0)  # drawn at random; it only defines the dimensions
    point = study.ask(union)
    if start:
        study_id = storage.get_study_id_from_name(study.study_name)
        for counter in storage.get_study_system_attrs(study_id):
            storage.set_study_system_attr(study_id, counter, start - 1)
        point = study.ask(union)
    while True:
        arm = next(arm for arm in space if arm.arm == point.params.get("arm", space[0].arm))
        yield arm.arm, {name: _rounded(point.params[f"{arm.arm}.{name}"], v) for name, v in arm.parameters.items()}
        point = study.ask(union)


def _rounded(value: Any, values: SampledRange | SampledChoices) -> float | str:  # noqa: ANN401 -- sampled by Optuna
    """Return a sampled value; a number is rounded to as few digits as its range allows, but never out of the range."""
    if isinstance(values, SampledChoices):
        return next(choice for choice in values.values if choice == value)
    if values.integer:
        return int(value)
    for digits in range(SIGNIFICANT_DIGITS, ALL_DIGITS):
        rounded = min(max(float(f"{value:.{digits}g}"), values.low), values.high)
        if abs(rounded - value) <= (values.high - values.low) / MAX_ROUNDING:
            return rounded
    return float(value)
