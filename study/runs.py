"""From a study to the runs it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.reading import dump
from trainables.config import Configuration, Run
from trainables.records import DataSummary, PlannedRun, StudyPlan

if TYPE_CHECKING:
    from study.spec import StudySpec


def configurations(spec: StudySpec) -> list[tuple[str, dict[str, float | str], Configuration]]:
    """Return every configuration with its arm's name and what the arm had left open, in the order of the file.

    The parameters' values and the subset are keyed by their names in the file: ``q``, ``temperature``, ``subset``.
    """
    return [
        (arm.name, choice.varied, Configuration(loss=choice.loss, subset=choice.subset, training=spec.training))
        for arm in spec.arms
        for choice in arm.choices()
    ]


def planned_runs(spec: StudySpec, dataset_fingerprint: str) -> list[PlannedRun]:
    """Return every run of a study on the data set with this fingerprint.

    All configurations of the first seed come first, so that a study cut short has compared like with like.
    """
    chosen = configurations(spec)
    return [
        PlannedRun(arm=arm, varied=varied, run=Run(configuration=configuration, seed=seed, dataset=dataset_fingerprint))
        for seed in spec.seed_list
        for arm, varied, configuration in chosen
    ]


def study_plan(spec: StudySpec, dataset: DataSummary) -> StudyPlan:
    """Return what the storage location keeps of a study: the file, the data, every run it names."""
    return StudyPlan(
        name=spec.name,
        description=spec.description,
        method=spec.method.name,
        spec=dump(spec),
        dataset=dataset,
        runs=planned_runs(spec, dataset.fingerprint),
    )
