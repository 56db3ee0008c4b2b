"""Build the method that a study file describes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from study.methods.budgeted import BudgetedMethod
from study.methods.controls import ControlledMethod
from study.methods.grid import Grid
from study.methods.search_space import ArmSpace, SampledChoices, SampledRange
from study.spec.candidates import candidates
from study.spec.differences import dump
from study.spec.open_models import Range
from study.spec.rules.between_keys import confirming_runs, control_runs, explored_epochs
from trainables.plans import DataSummary, StudyPlan, study_folder
from trainables.settings import Grid as GridSpec
from trainables.settings import Search as SearchSpec
from trainables.settings import Settle as SettleSpec
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from analysis.results.runs_table import Key
    from study.methods.method import Method
    from study.spec.candidates import Candidate
    from study.spec.open_models import Values
    from study.spec.study import StudySpec
    from trainables.plans import PlannedRun
    from trainables.records import Record
    from trainables.settings import ChoosingMethod

JOURNAL = "optuna.log"  # in the study's folder: the trials of a search, for optuna-dashboard


@dataclass(frozen=True)
class StudyMethod:
    """A study's method, with its controls and budget.

    Attributes:
        method: the method.
        write_journal: brings the journal for Optuna's tools up to date; None unless the study is a search.

    """

    method: BudgetedMethod
    write_journal: Callable[[], None] | None


def make_method(spec: StudySpec, dataset: str, earlier: Sequence[PlannedRun], folds: int = 0) -> StudyMethod:
    """Return a study's method.

    Args:
        spec: the study.
        dataset: the data set's fingerprint.
        earlier: the runs that the plan names already; for a grid, these are all its runs.
        folds: how many folds are the test set in turn; 0 without folds.

    """
    inner, write_journal = _unlimited(spec, dataset, [planned for planned in earlier if planned.stage != "control"])
    if spec.controls:
        inner = ControlledMethod(inner, earlier, control_runs(spec, folds), partial(representatives, spec))
    return StudyMethod(BudgetedMethod(inner, spec.budget), write_journal)


def representatives(spec: StudySpec, planned: Sequence[PlannedRun], records: Mapping[str, Record]) -> frozenset[Key]:
    """Return the configuration that stands for each arm on each subset in the study's report.

    Args:
        spec: the study.
        planned: its runs.
        records: run_id -> record.

    """
    from analysis.findings.method_finding import method_finding  # noqa: PLC0415 -- imports pandas, needed at the end
    from analysis.results.study_results import study_results  # noqa: PLC0415 -- as above

    data = DataSummary(name="", kind="", fingerprint="", classes=[], clips={})  # the ranking does not read it
    plan = StudyPlan(
        name=spec.name, description="", method=spec.method.name, spec=dump(spec), dataset=data, runs=list(planned)
    )
    return frozenset(method_finding(study_results(plan, dict(records))).representatives)


def _unlimited(
    spec: StudySpec, dataset: str, earlier: Sequence[PlannedRun]
) -> tuple[Method, Callable[[], None] | None]:
    """Return the method without controls and budget, and the function that writes its journal."""
    match method := spec.method:
        case GridSpec():
            return Grid(earlier), None
        case SettleSpec():
            from study.methods.settle import Settle  # noqa: PLC0415 -- imports scipy, which a grid does not need

            # Sorted, so that the order of the arms in the file has no effect.
            choices = sorted((c for c in candidates(spec) if c.arm not in method.baselines), key=lambda c: c.arm)
            options = _options(spec, method, earlier)
            baselines = _baselines(spec, method)
            return Settle(choices, baselines, method, dataset, **options), None
        case SearchSpec():
            from study.methods.optuna_journal import Journal  # noqa: PLC0415 -- imports optuna: only a search needs it
            from study.methods.search import Search  # noqa: PLC0415

            space, epochs, options = (
                spaces(spec, method),
                explored_epochs(spec, method),
                _options(spec, method, earlier),
            )
            search = Search(space, _baselines(spec, method), method, epochs, dataset, **options)
            journal = Journal(study_folder(location(spec.storage), spec.name) / JOURNAL, spec.name, space)
            return search, lambda: journal.sync(search.history())
    assert_never(method)


def _baselines(spec: StudySpec, method: ChoosingMethod) -> list[Candidate]:
    return [candidate for candidate in candidates(spec) if candidate.arm in method.baselines]


def _options(spec: StudySpec, method: ChoosingMethod, earlier: Sequence[PlannedRun]) -> dict[str, Any]:
    """Return the arguments that the methods that choose share."""
    # Runs that confirmed another choice, before the budget was raised, stay in the plan.
    confirmed = sum(planned.stage == "confirm" and planned.arm not in method.baselines for planned in earlier)
    max_runs = spec.budget.max_runs
    return {
        "select_on": spec.selected_on,
        "collapse": spec.collapse,
        "earlier": earlier,
        "exploring_budget": None if max_runs is None else max_runs - confirming_runs(spec, method) - confirmed,
    }


def spaces(spec: StudySpec, method: SearchSpec) -> list[ArmSpace]:
    """Return what a search samples: the open parameters of every arm except the baselines."""
    return [
        ArmSpace(
            arm.name,
            {name: _sampled(value) for name, value in arm.open.items()},
            arm.configuration,
            spec.features,
        )
        for arm in sorted(spec.open_arms, key=lambda arm: arm.name)  # the order in the file has no effect
        if arm.name not in method.baselines
    ]


def _sampled(value: Values | Range) -> SampledRange | SampledChoices:
    if not isinstance(value, Range):
        return SampledChoices(value.values)
    return SampledRange(value.min, value.max, value.scale == "log", integer=isinstance(value.min, int))
