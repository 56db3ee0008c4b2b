"""The rules of a study file that concern several keys at once: what a method needs of arms, seeds and training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from study.spec.arms import Range
from study.spec.feature_rules import feature_violations
from study.spec.messages import closest
from trainables.naming import CONTROL, control_arm
from trainables.settings import Grid, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.arms import Arm
    from study.spec.keys import StudyKeys
    from trainables.settings import ChoosingMethod

MAX_RUNS = 100_000


def violations(spec: StudyKeys) -> list[Violation]:
    """Return every rule that a study breaks."""
    of_method = _grid(spec) if isinstance(spec.method, Grid) else _choosing(spec, spec.method)
    return [*of_method, *_controls(spec), *feature_violations(spec.features)]


def _grid(spec: StudyKeys) -> Iterator[Violation]:
    yield from _no_ranges(spec, tuple(range(len(spec.arms))))
    if spec.seeds is None:
        yield Violation(("seeds",), "how many seeds (1 to 1000), or a list of distinct seeds, with method grid")
    elif (runs := sum(arm.size for arm in spec.arms) * len(spec.seed_list)) > MAX_RUNS:
        yield Violation(("seeds",), f"at most {MAX_RUNS} runs in a study (this one names {runs})")


def _no_ranges(spec: StudyKeys, indices: tuple[int, ...]) -> Iterator[Violation]:
    for i in indices:
        for name, value in spec.arms[i].open.items():
            if isinstance(value, Range):
                text = "a value or {values: [...]}: only method search samples a range, and not in a baseline"
                yield Violation(("arms", i, "loss", name), text)


def _choosing(spec: StudyKeys, method: ChoosingMethod) -> Iterator[Violation]:
    """Yield what breaks the rules of the methods that choose, then those of the method itself."""
    if spec.seeds is not None:
        text = f"no seeds here with method {method.name}: it has method.{method.seeds_key} and method.confirm_seeds"
        yield Violation(("seeds",), text)
    names = [arm.name for arm in spec.arms]
    for i, name in enumerate(method.baselines):
        if name not in names:
            yield Violation(("method", "baselines", i), f"the name of an arm: {', '.join(names)}{closest(name, names)}")
    baselines = tuple(i for i, name in enumerate(names) if name in method.baselines)
    chosen_from = tuple(i for i in range(len(names)) if i not in baselines)
    yield from _no_ranges(spec, baselines)
    if not method.samples_ranges:
        yield from _no_ranges(spec, chosen_from)
    configurations = sum(spec.arms[i].size for i in chosen_from)
    if configurations <= 1 and not any(isinstance(v, Range) for i in chosen_from for v in spec.arms[i].open.values()):
        yield Violation(("arms",), "at least two configurations to choose from, the baselines not counted")
    yield from _comparable(spec, chosen_from)
    yield from _enough(spec, method, configurations)
    for at, allowed in method.violations(configurations, spec.training.epochs):
        yield Violation(("method", *at), allowed)


def _comparable(spec: StudyKeys, indices: tuple[int, ...]) -> Iterator[Violation]:
    """Yield what makes the accuracies of the arms incomparable."""
    subsets = dict.fromkeys(name for i in indices for name in spec.arms[i].subsets)
    if spec.select_on == "validation" and len(subsets) > 1:
        text = (
            f"verified, where subsets are chosen from ({', '.join(subsets)}): each holds out its own validation clips"
        )
        yield Violation(("select_on",), text)
    if spec.select_on == "verified":
        for i in indices:
            if "noisy" in spec.arms[i].subsets:
                yield Violation(("arms", i, "subset"), "a subset with verified clips, as select_on is verified")


def _adaptive_arms(spec: StudyKeys) -> list[Arm]:
    return [arm for arm in spec.arms if getattr(arm.loss, "name", None) == "adaptive_gce"]


def grid_controls(spec: StudyKeys) -> Counter[str]:
    """Return the maximum number of controls on each subset of a grid: each arm's best configuration has them."""
    arms = _adaptive_arms(spec) if spec.controls else []
    return Counter(subset for arm in arms for subset in arm.subsets for _ in spec.seed_list)


def control_runs(spec: StudyKeys) -> int:
    """Return the maximum number of controls in a study.

    The confirmed adaptive configurations have one for each seed; in a grid, the best of each adaptive arm on a subset.
    """
    if not spec.controls:
        return 0
    if isinstance(spec.method, Grid):
        return grid_controls(spec).total()
    adaptive = _adaptive_arms(spec)
    baselines = [arm for arm in adaptive if arm.name in spec.method.baselines]
    chosen = spec.method.confirm_best if adaptive != baselines else 0
    return spec.method.confirm_seeds * (chosen + sum(arm.size for arm in baselines))


def confirming_runs(spec: StudyKeys, method: ChoosingMethod) -> int:
    """Return the maximum number of runs that confirm a study's choice and baselines, controls included."""
    baselines = sum(arm.size for arm in spec.arms if arm.name in method.baselines)
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
