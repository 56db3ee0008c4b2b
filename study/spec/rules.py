"""The rules of a study file that concern several keys at once: what a method needs of arms, seeds and training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from study.spec.arms import Range
from trainables.settings import Grid, Search, Settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.arms import Arm
    from study.spec.study import StudySpec

MAX_RUNS = 100_000
CONTROL = ".fixed_q"  # appended to an adaptive arm's name, it names the arm of its controls


class Violation(NamedTuple):
    """A value that breaks a rule: its path, and what would be allowed there."""

    at: tuple[str | int, ...]
    allowed: str


def violations(spec: StudySpec) -> list[Violation]:
    """Return every rule that a study breaks."""
    of_method = _grid(spec) if isinstance(spec.method, Grid) else _choosing(spec, spec.method)
    return [*of_method, *_controls(spec)]


def _grid(spec: StudySpec) -> Iterator[Violation]:
    yield from _no_ranges(spec, tuple(range(len(spec.arms))))
    if spec.seeds is None:
        yield Violation(("seeds",), "how many seeds (1 to 1000), or a list of distinct seeds, with method grid")
    elif (runs := sum(arm.size for arm in spec.arms) * len(spec.seed_list)) > MAX_RUNS:
        yield Violation(("seeds",), f"at most {MAX_RUNS} runs in a study (this one names {runs})")


def _no_ranges(spec: StudySpec, indices: tuple[int, ...]) -> Iterator[Violation]:
    for i in indices:
        for name, value in spec.arms[i].open.items():
            if isinstance(value, Range):
                text = "a value or {values: [...]}: only method search samples a range, and not in a baseline"
                yield Violation(("arms", i, "loss", name), text)


def _choosing(spec: StudySpec, method: Settle | Search) -> Iterator[Violation]:
    """Yield what breaks the rules that settle and search share, then those of search."""
    if spec.seeds is not None:
        key = "start_seeds" if isinstance(method, Settle) else "seeds"
        text = f"no seeds here with method {method.name}: it has method.{key} and method.confirm_seeds"
        yield Violation(("seeds",), text)
    names = [arm.name for arm in spec.arms]
    for i, name in enumerate(method.baselines):
        if name not in names:
            yield Violation(("method", "baselines", i), f"the name of an arm: {', '.join(names)}")
    baselines = tuple(i for i, name in enumerate(names) if name in method.baselines)
    chosen_from = tuple(i for i in range(len(names)) if i not in baselines)
    yield from _no_ranges(spec, baselines)
    if isinstance(method, Settle):
        yield from _no_ranges(spec, chosen_from)
    several = sum(spec.arms[i].size for i in chosen_from) > 1
    if not several and not any(isinstance(v, Range) for i in chosen_from for v in spec.arms[i].open.values()):
        yield Violation(("arms",), "at least two configurations to choose from, the baselines not counted")
    yield from _comparable(spec, chosen_from)
    yield from _enough(spec, method, chosen_from)
    if isinstance(method, Search):
        yield from _halving(spec, method)


def _comparable(spec: StudySpec, indices: tuple[int, ...]) -> Iterator[Violation]:
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


def _halving(spec: StudySpec, method: Search) -> Iterator[Violation]:
    if method.asha is None:
        return
    most = spec.training.epochs
    if method.asha.max_epochs is not None and method.asha.max_epochs > most:
        yield Violation(("method", "asha", "max_epochs"), f"at most training.epochs ({most})")
    last = min(most, method.asha.max_epochs or most)
    if method.asha.grace_period >= last:
        text = f"fewer epochs than a whole run has ({last}); or asha: null, which stops no run"
        yield Violation(("method", "asha", "grace_period"), text)


def _adaptive_arms(spec: StudySpec) -> list[Arm]:
    return [arm for arm in spec.arms if getattr(arm.loss, "name", None) == "adaptive_gce"]


def control_runs(spec: StudySpec) -> int:
    """Return how many controls a study needs at most: one for each adaptive run that enters means."""
    if not spec.controls:
        return 0
    adaptive = _adaptive_arms(spec)
    if isinstance(spec.method, Grid):
        return sum(arm.size for arm in adaptive) * len(spec.seed_list)
    baselines = [arm for arm in adaptive if arm.name in spec.method.baselines]
    chosen = (spec.method.confirm_best if isinstance(spec.method, Search) else 1) if adaptive != baselines else 0
    return spec.method.confirm_seeds * (chosen + sum(arm.size for arm in baselines))


def confirming_runs(spec: StudySpec, method: Settle | Search) -> int:
    """Return how many runs a study needs at most to confirm its choice beside its baselines, controls included."""
    chosen = method.confirm_best if isinstance(method, Search) else 1
    baselines = sum(arm.size for arm in spec.arms if arm.name in method.baselines)
    return method.confirm_seeds * (chosen + baselines) + control_runs(spec)


def _enough(spec: StudySpec, method: Settle | Search, chosen_from: tuple[int, ...]) -> Iterator[Violation]:
    """Yield a budget that does not cover the runs to start with and those reserved for the confirmation."""
    if isinstance(method, Search):
        start = method.seeds
    else:
        start = method.start_seeds * sum(spec.arms[i].size for i in chosen_from)
    confirm = confirming_runs(spec, method)
    if isinstance(method, Settle) and method.max_runs is not None and method.max_runs < start:
        yield Violation(("method", "max_runs"), f"at least {start}, the runs to start with")
    if spec.budget.max_runs is not None and spec.budget.max_runs < start + confirm:
        text = f"at least {start + confirm} runs: {start} to start with and {confirm} to confirm the choice"
        yield Violation(("budget", "max_runs"), text)


def _controls(spec: StudySpec) -> Iterator[Violation]:
    adaptive = [arm.name for arm in _adaptive_arms(spec)]
    if spec.controls and not adaptive:
        yield Violation(("controls",), "fixed_q only beside an arm whose loss is adaptive_gce")
    for i, arm in enumerate(spec.arms):
        if spec.controls and arm.name in {name + CONTROL for name in adaptive}:
            yield Violation(("arms", i, "name"), f"a name that does not end in {CONTROL}: the controls have it")
