"""From a study file to the method that chooses its runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from study.methods.budgeted import BudgetedMethod
from study.methods.controls import ControlledMethod
from study.methods.grid import Grid
from study.methods.search_space import ArmSpace, SampledChoices, SampledRange
from study.spec.arms import Range
from study.spec.candidates import candidates
from study.spec.rules import confirming_runs, control_runs
from trainables.config import Configuration
from trainables.plans import study_folder
from trainables.settings import Search as SearchSpec
from trainables.settings import Settle as SettleSpec
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from study.methods.method import Method
    from study.spec.arms import Arm
    from study.spec.study import StudySpec
    from trainables.plans import PlannedRun

JOURNAL = "optuna.log"  # in the study's folder: a search's trials, for optuna-dashboard


def make_method(
    spec: StudySpec, dataset: str, asked: Sequence[PlannedRun]
) -> tuple[BudgetedMethod, Callable[[], None]]:
    """Return a study's method, with its controls and under its budget; and what is to be called when it has changed.

    Args:
        spec: the study.
        dataset: fingerprint of its data set.
        asked: the runs that its plan names already, which are all of them for a grid.

    """
    inner, on_change = _choosing(spec, dataset, [planned for planned in asked if planned.stage != "control"])
    if spec.controls:
        inner = ControlledMethod(inner, asked, control_runs(spec))
    return BudgetedMethod(inner, spec.budget), on_change


def _choosing(spec: StudySpec, dataset: str, asked: Sequence[PlannedRun]) -> tuple[Method, Callable[[], None]]:
    method = spec.method
    if not isinstance(method, SettleSpec | SearchSpec):
        return Grid(asked), lambda: None
    fixed = [c for c in candidates(spec) if c.arm in method.baselines]
    # Runs that confirmed an earlier choice, before the budget was raised, stay in the plan.
    earlier = sum(planned.stage == "confirm" and planned.arm not in method.baselines for planned in asked)
    most = spec.budget.max_runs
    limits: dict[str, Any] = {
        "select_on": spec.select_on,
        "asked": asked,
        "most_runs": None if most is None else most - confirming_runs(spec, method) - earlier,
    }
    if isinstance(method, SettleSpec):
        from study.methods.settle import Settle  # noqa: PLC0415 -- scipy, which a grid need not wait for

        # In an order that the file's does not change.
        chosen_from = sorted((c for c in candidates(spec) if c.arm not in method.baselines), key=lambda c: c.arm)
        return Settle(chosen_from, fixed, method, dataset, **limits), lambda: None
    from study.methods.optuna_journal import Journal  # noqa: PLC0415 -- optuna, which only a search needs
    from study.methods.search import Search  # noqa: PLC0415

    sampled = spaces(spec, method)
    search = Search(sampled, fixed, method, spec.training.epochs, dataset, **limits)
    journal = Journal(study_folder(location(spec.storage), spec.name) / JOURNAL, spec.name, sampled)
    return search, lambda: journal.sync(search.history())


def spaces(spec: StudySpec, method: SearchSpec) -> list[ArmSpace]:
    """Return what a search samples: the open parameters of each arm that is no baseline."""

    def sampled(value: Any) -> SampledRange | SampledChoices:  # noqa: ANN401 -- Values or Range
        if isinstance(value, Range):
            return SampledRange(value.min, value.max, value.scale == "log")
        return SampledChoices(value.values)

    return [
        ArmSpace(arm.name, {name: sampled(value) for name, value in arm.open.items()}, partial(_built, spec, arm))
        for arm in sorted(spec.arms, key=lambda arm: arm.name)  # in an order that the file's does not change
        if arm.name not in method.baselines
    ]


def _built(spec: StudySpec, arm: Arm, varied: Mapping[str, float | str]) -> Configuration:
    choice = arm.choice(varied)
    return Configuration(loss=choice.loss, subset=choice.subset, training=spec.training)
