"""The runs of a study: planned from its file, and how many are left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from study.spec.candidates import candidates
from study.spec.differences import dump
from study.spec.rules.between_keys import Load, confirming_runs, control_runs, grid_controls
from trainables.config import SEMANTICS_VERSION
from trainables.metrics import split_name
from trainables.naming import control_arm, counted
from trainables.plans import DataSummary, PlannedRun, StudyPlan
from trainables.plugins.loading import has_current_code
from trainables.records import recorded as recorded_in
from trainables.settings import Grid

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from study.spec.study import StudySpec
    from trainables.storage.types import Location


def planned_runs(spec: StudySpec, dataset_fingerprint: str, folds: Collection[str] = ()) -> list[PlannedRun]:
    """Return every run of a grid on the data set with this fingerprint; an empty list if the method plans its own runs.

    All configurations of the first seed, and of its first fold, come first, so that a study cut short has compared like
    with like.

    Args:
        spec: the study.
        dataset_fingerprint: of its data set.
        folds: the folds that are the test set in turn, if any.

    """
    chosen = candidates(spec)
    return [
        candidate.planned(seed, dataset_fingerprint, fold=fold)
        for seed in spec.seed_list
        for fold in folds or (None,)
        for candidate in chosen
    ]


def runs_left(spec: StudySpec, plan: StudyPlan, recorded: set[str]) -> int:
    """Return how many runs a study still needs: exactly for a grid that has planned its controls, else at most."""
    named = {p.run.run_id for p in plan.runs}
    if isinstance(spec.method, Grid):
        most = len(named) + (0 if plans_controls(plan) else control_runs(spec, len(plan.dataset.folds)))
    else:
        explored = [c for c in candidates(spec) if c.arm not in spec.method.baselines]
        most = spec.method.most_exploring(len(explored)) + confirming_runs(spec, spec.method)
    return max(0, min(most, spec.budget.max_runs or most) - len(named & recorded))


def plans_controls(plan: StudyPlan) -> bool:
    """Return whether a study has planned its controls, which it does when all its other runs are recorded."""
    return any(planned.stage == "control" for planned in plan.runs)


def of_other_code(earlier: StudyPlan | None, storage: Location) -> str:
    """State how many records of a study do not count because the code of a plugin has changed.

    Args:
        earlier: the stored plan, if any.
        storage: the storage location.

    Returns:
        A sentence, or an empty text if there are no such records.

    """
    old = {p.run.run_id: p.run.code for p in earlier.runs if not has_current_code(p.run)} if earlier else {}
    left = old.keys() & recorded_in(storage) if old else set()
    if not left:
        return ""
    names = ", ".join(sorted({code.name for run_id in left for code in old[run_id]}))
    come, do, runs = ("comes", "does", "its run is") if len(left) == 1 else ("come", "do", "their runs are")
    return f"{counted(len(left), 'record')} {come} from other code of {names} and {do} not count: {runs} trained again"


def superseded(earlier: StudyPlan | None, storage: Location) -> str:
    """State how many records of a study do not count because they are of an earlier version of the training.

    Args:
        earlier: the stored plan, if any.
        storage: the storage location.

    Returns:
        A sentence, or an empty text if there are no such records.

    """
    old = {p.run.run_id for p in earlier.runs if p.run.semantics < SEMANTICS_VERSION} if earlier else set()
    count = len(old & recorded_in(storage)) if old else 0
    if not count:
        return ""
    are, do, their = ("record is", "does", "its") if count == 1 else ("records are", "do", "their")
    return (
        f"{count} {are} of an earlier version of the training and {do} not count, because {their} validation accuracy "
        "is over patches instead of clips: the study is trained again"
    )


def without_metric(spec: StudySpec, records: int) -> Iterator[str]:
    """State how many records do not count because an earlier version did not measure what the study chooses by."""
    if records:
        lack, do, runs = ("lacks", "does", "its run is") if records == 1 else ("lack", "do", "their runs are")
        what = f"{counted(records, 'record')} of an earlier version {lack} {split_name(spec.selected_on)[1].words}"
        yield f"{what} and {do} not count: {runs} trained again"


def planned_loads(spec: StudySpec, plan: StudyPlan, recorded: Collection[str]) -> Counter[Load]:
    """Return how many planned runs of each load are not recorded; networks count as their arm's largest."""
    networks = {name: arm.largest_network() for arm in spec.open_arms for name in (arm.name, control_arm(arm.name))}
    waiting = {p.run.run_id: p for p in plan.runs if p.run.run_id not in recorded}
    return Counter(
        Load(p.run.configuration.subset, p.run.configuration.training.epochs, networks[p.arm]) for p in waiting.values()
    )


def loads_left(spec: StudySpec, plan: StudyPlan, recorded: Collection[str]) -> Counter[Load]:
    """Return how many planned runs of each load are not recorded, and the most controls that a grid has yet to plan.

    For a study that chooses, ``runs_left`` may be larger: the loads of the runs that it will plan are not known.
    """
    planned = planned_loads(spec, plan, recorded)
    return (
        planned + grid_controls(spec, len(plan.dataset.folds))
        if isinstance(spec.method, Grid) and not plans_controls(plan)
        else planned
    )


def study_plan(spec: StudySpec, dataset: DataSummary, earlier: StudyPlan | None = None) -> StudyPlan:
    """Return a study's plan, as the storage location keeps it: the file, the data, every run.

    Args:
        spec: the study.
        dataset: the summary of its data.
        earlier: the stored plan, if any; a method that plans its own runs continues from them, unless they are of an
            earlier version of the training, or of other code of a plugin.

    """
    runs = planned_runs(spec, dataset.fingerprint, dataset.folds)
    named = {p.run.run_id for p in runs}
    current = (
        [p for p in earlier.runs if p.run.semantics == SEMANTICS_VERSION and has_current_code(p.run)] if earlier else []
    )
    kept = [p for p in current if p.stage and p.run.run_id not in named]
    return StudyPlan(
        name=spec.name,
        description=spec.description,
        method=spec.method.name,
        spec=dump(spec),
        dataset=dataset,
        runs=[*runs, *kept],
    )
