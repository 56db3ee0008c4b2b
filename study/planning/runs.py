"""From a study to the runs it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.arms import Range
from study.method_specs import Grid, Settle, most_exploring, most_sampled
from study.methods.method import Candidate
from study.reading import dump
from study.rules import confirming_runs, control_runs
from trainables.config import Configuration
from trainables.records import DataSummary, PlannedRun, StudyPlan

if TYPE_CHECKING:
    from study.spec import StudySpec


def candidates(spec: StudySpec) -> list[Candidate]:
    """Return every configuration with its arm's name and what the arm had left open, in the order of the file.

    The parameters' values and the subset are keyed by their names in the file: ``q``, ``temperature``, ``subset``. An
    arm with a range names none.
    """
    return [
        Candidate(
            arm.name, choice.varied, Configuration(loss=choice.loss, subset=choice.subset, training=spec.training)
        )
        for arm in spec.arms
        if not any(isinstance(value, Range) for value in arm.open.values())
        for choice in arm.choices()
    ]


def planned_runs(spec: StudySpec, dataset_fingerprint: str) -> list[PlannedRun]:
    """Return every run of a grid on the data set with this fingerprint; none of a study whose method plans its own.

    All configurations of the first seed come first, so that a study cut short has compared like with like.
    """
    chosen = candidates(spec)
    return [candidate.planned(seed, dataset_fingerprint) for seed in spec.seed_list for candidate in chosen]


def runs_left(spec: StudySpec, plan: StudyPlan, recorded: set[str]) -> int:
    """Return how many runs a study still needs: exactly for a grid without controls, else at most."""
    named = {p.run.run_id for p in plan.runs}
    if isinstance(spec.method, Grid):
        most = len({p.run.run_id for p in plan.runs if not p.stage}) + control_runs(spec)
    else:
        own = [c for c in candidates(spec) if c.arm not in spec.method.baselines]
        explore = (
            most_exploring(spec.method, len(own)) if isinstance(spec.method, Settle) else most_sampled(spec.method)
        )
        most = explore + confirming_runs(spec, spec.method)
    return max(0, min(most, spec.budget.max_runs or most) - len(named & recorded))


def study_plan(spec: StudySpec, dataset: DataSummary, earlier: StudyPlan | None = None) -> StudyPlan:
    """Return what the storage location keeps of a study: the file, the data, every run it names.

    Args:
        spec: the study.
        dataset: what is to be said of its data.
        earlier: the plan that is kept already, whose runs a method that plans its own goes on from.

    """
    runs = planned_runs(spec, dataset.fingerprint)
    named = {p.run.run_id for p in runs}
    kept = [p for p in earlier.runs if p.stage and p.run.run_id not in named] if earlier else []
    return StudyPlan(
        name=spec.name,
        description=spec.description,
        method=spec.method.name,
        spec=dump(spec),
        dataset=dataset,
        runs=[*runs, *kept],
    )
