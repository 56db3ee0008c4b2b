"""The rules of a study file that concern several keys at once: what a method needs of arms, seeds and training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from study.spec.messages import closest, shown
from study.spec.open_arms import RefusedValuesError
from study.spec.rules.embeddings import embedding_violations
from study.spec.rules.features import feature_violations, patch_violations
from study.spec.rules.training import settings_violations
from trainables.losses.catalogue import AdaptiveGCE
from trainables.naming import CONTROL, control_arm
from trainables.settings import Grid, Search, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from study.spec.keys import StudyKeys
    from study.spec.open_arms import OpenArm
    from trainables.config import Configuration
    from trainables.networks.base import Network
    from trainables.settings import ChoosingMethod

MAX_CONFIGURATIONS = 10_000
MAX_RUNS = 100_000


def violations(spec: StudyKeys) -> list[Violation]:
    """Return every rule that a study breaks, each once."""
    if sum(arm.size for arm in spec.open_arms) > MAX_CONFIGURATIONS:
        return [Violation(("arms",), f"arms of at most {MAX_CONFIGURATIONS} configurations together")]
    try:
        for arm in spec.open_arms:
            arm.try_values()
        return list(dict.fromkeys(_broken(spec)))
    except RefusedValuesError as error:
        return [error.violation]


def _broken(spec: StudyKeys) -> Iterator[Violation]:
    of_method = _grid(spec) if isinstance(spec.method, Grid) else _choosing(spec, spec.method)
    yield from (
        *settings_violations(spec.open_arms, spec.features.log_mel),
        *feature_violations(spec.features.log_mel),
        *patch_violations(spec.features.log_mel, spec.open_arms),
        *embedding_violations(spec),
    )
    yield from (*_distinct(spec), *of_method, *_controls(spec), *_folds(spec))


def _distinct(spec: StudyKeys) -> Iterator[Violation]:
    """Yield the first configuration of each arm that an earlier arm names too."""
    first_arm: dict[Configuration, str] = {}
    for i, arm in enumerate(spec.open_arms):
        for configuration in () if arm.ranges else [choice.configuration for choice in arm.choices()]:
            other = first_arm.setdefault(configuration, arm.name)
            if other != arm.name:
                both = shown({"loss": configuration.loss.model_dump(exclude_none=True), "subset": configuration.subset})
                text = f"a configuration in one arm only (arms {other} and {arm.name} both name {both})"
                yield Violation(("arms", i, "name"), text)
                break


def _grid(spec: StudyKeys) -> Iterator[Violation]:
    yield from _no_ranges(spec.open_arms)
    if spec.seeds is None:
        yield Violation(("seeds",), "how many seeds (1 to 1000), or a list of distinct seeds, with method grid")
    elif (runs := sum(arm.size for arm in spec.open_arms) * len(spec.seed_list)) > MAX_RUNS:
        yield Violation(("seeds",), f"at most {MAX_RUNS} runs in a study (this one names {runs})")


def _no_ranges(arms: Iterable[OpenArm]) -> Iterator[Violation]:
    for arm in arms:
        for name in arm.ranges:
            yield Violation(arm.path(name), "a value or {values: [...]}: only method search samples a range")


def _no_ranges_in_baselines(spec: StudyKeys, method: ChoosingMethod) -> Iterator[Violation]:
    for i, arm in enumerate(spec.open_arms):
        for name in arm.ranges if arm.name in method.baselines else ():
            # A range of the study is allowed for the other arms, so the value has to be set in the baseline.
            path = arm.path(name)
            at = path if path[0] == "arms" else ("arms", i, *path)
            yield Violation(at, f"a value or {{values: [...]}}: baseline {arm.name} is confirmed, never sampled")


def _choosing(spec: StudyKeys, method: ChoosingMethod) -> Iterator[Violation]:
    """Yield what breaks the rules of the methods that choose, then those of the method itself."""
    if spec.seeds is not None:
        text = f"no seeds here with method {method.name}: it has method.{method.seeds_key} and method.confirm_seeds"
        yield Violation(("seeds",), text)
    names = [arm.name for arm in spec.arms]
    for i, name in enumerate(method.baselines):
        if name not in names:
            yield Violation(("method", "baselines", i), f"the name of an arm: {', '.join(names)}{closest(name, names)}")
    chosen_from = _explored(spec, method)
    yield from _no_ranges_in_baselines(spec, method)
    if not method.samples_ranges:
        yield from _no_ranges(chosen_from)
    configurations = sum(arm.size for arm in chosen_from)
    if configurations <= 1 and not any(arm.ranges for arm in chosen_from):
        yield Violation(("arms",), "at least two configurations to choose from, the baselines not counted")
    yield from _comparable(spec, chosen_from)
    yield from _enough(spec, method, configurations)
    yield from _equal_epochs(method, chosen_from)
    for at, allowed in method.violations(configurations, explored_epochs(spec, method)):
        yield Violation(("method", *at), allowed)


def _folds(spec: StudyKeys) -> Iterator[Violation]:
    """Yield a method that cannot train its runs on each fold."""
    if spec.dataset.cross_validates and not isinstance(spec.method, Grid):
        why = f"as method {spec.method.name} compares runs that are all trained on the same clips"
        allowed = f"a fold or a list of folds as the test set, {why}; for each fold in turn, method grid"
        yield Violation(("dataset", "folds"), allowed)


def _explored(spec: StudyKeys, method: ChoosingMethod) -> tuple[OpenArm, ...]:
    return tuple(arm for arm in spec.open_arms if arm.name not in method.baselines)


def explored_epochs(spec: StudyKeys, method: ChoosingMethod) -> int:
    """Return the most epochs of a run that explores."""
    arms = _explored(spec, method) or spec.open_arms
    return max(int(max(arm.possible("epochs"))) for arm in arms)


def _equal_epochs(method: ChoosingMethod, arms: Sequence[OpenArm]) -> Iterator[Violation]:
    """Yield each place of a number of epochs that differs where successive halving compares runs."""
    if not isinstance(method, Search) or method.asha is None:
        return
    if len({epochs for arm in arms for epochs in arm.possible("epochs")}) > 1:
        # Where the study's number holds for the other arms, the arms with their own are what differs.
        paths = (arm.path("epochs") for arm in arms if "epochs" in arm.open or arm.path("epochs")[0] == "arms")
        for path in dict.fromkeys(paths):
            yield Violation(path, "one number for all arms that are sampled, as asha compares runs; or asha: null")


def _comparable(spec: StudyKeys, arms: Sequence[OpenArm]) -> Iterator[Violation]:
    """Yield what makes the accuracies of the arms incomparable."""
    subsets = dict.fromkeys(name for arm in arms for name in arm.subsets)
    if not spec.on_verified and len(subsets) > 1:
        text = (
            f"verified, where subsets are chosen from ({', '.join(subsets)}): each holds out its own validation clips"
        )
        yield Violation(("select_on",) if isinstance(spec.select_on, str) else ("select_on", "labels"), text)
    if spec.on_verified:
        for arm in arms:
            if "noisy" in arm.subsets:
                yield Violation(arm.path("subset"), "a subset with verified clips, as select_on is verified")


def _adaptive_arms(spec: StudyKeys) -> list[OpenArm]:
    return [arm for arm in spec.open_arms if arm.loss.of is AdaptiveGCE]


class Load(NamedTuple):
    """What determines how long a run takes: its training subset, its maximum number of epochs, and its network."""

    subset: str
    epochs: int
    network: Network


def largest_loads(arm: OpenArm) -> list[Load]:
    """Return the largest load that a run of an arm may have, on each of its subsets."""
    return [Load(subset, max(arm.possible("epochs")), arm.largest_network()) for subset in arm.subsets]


def grid_controls(spec: StudyKeys, folds: int = 0) -> Counter[Load]:
    """Return the maximum number of controls of each load in a grid: each arm's best configuration has them.

    Args:
        spec: the study.
        folds: how many folds are the test set in turn; 0 without folds.

    """
    arms = _adaptive_arms(spec) if spec.controls else []
    runs = len(spec.seed_list) * max(1, folds)
    return Counter(load for arm in arms for load in largest_loads(arm) for _ in range(runs))


def control_runs(spec: StudyKeys, folds: int = 0) -> int:
    """Return the maximum number of controls in a study.

    The confirmed adaptive configurations have one for each seed; in a grid, the best of each adaptive arm on a subset
    has one for each seed and fold.

    Args:
        spec: the study.
        folds: how many folds are the test set in turn; 0 without folds.

    """
    if not spec.controls:
        return 0
    if isinstance(spec.method, Grid):
        return grid_controls(spec, folds).total()
    adaptive = _adaptive_arms(spec)
    baselines = [arm for arm in adaptive if arm.name in spec.method.baselines]
    chosen = spec.method.confirm_best if adaptive != baselines else 0
    return spec.method.confirm_seeds * (chosen + sum(arm.size for arm in baselines))


def confirming_runs(spec: StudyKeys, method: ChoosingMethod) -> int:
    """Return the maximum number of runs that confirm a study's choice and baselines, controls included."""
    baselines = sum(arm.size for arm in spec.open_arms if arm.name in method.baselines)
    return method.confirm_seeds * (method.confirm_best + baselines) + control_runs(spec)


def _enough(spec: StudyKeys, method: ChoosingMethod, configurations: int) -> Iterator[Violation]:
    """Yield a budget that does not cover the runs to start with and those reserved for the confirmation."""
    first, confirm = method.first_runs(configurations), confirming_runs(spec, method)
    if spec.budget.max_runs is not None and spec.budget.max_runs < first + confirm:
        text = f"at least {first + confirm} runs: {first} to start with and {confirm} to confirm the choice"
        yield Violation(("budget", "max_runs"), text)


def _controls(spec: StudyKeys) -> Iterator[Violation]:
    adaptive = [arm.name for arm in _adaptive_arms(spec)]
    if spec.controls and not adaptive:
        yield Violation(("controls",), "fixed_q only beside an arm whose loss is adaptive_gce")
    for i, arm in enumerate(spec.arms):
        if spec.controls and arm.name in set(map(control_arm, adaptive)):
            yield Violation(("arms", i, "name"), f"a name that does not end in {CONTROL}: the controls have it")
