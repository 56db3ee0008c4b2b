"""Selections from the runs table: by configuration, arm, subset, status and metric."""

from __future__ import annotations

from collections import Counter
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from analysis.results.measures import metric_column
from trainables.config import Training
from trainables.naming import fold_order, label
from trainables.settings import selection_metric

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import pandas as pd

    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import SelectionMetric

METRICS = ("validation", "test")
WAITING = "waiting"  # the status of a run without a record while its study has not ended; afterwards it is missing
LEFT_OUT = ("stopped", "diverged", "failed", "missing", "damaged", "unreadable")  # from every mean; not the waiting
UNRECORDED = (WAITING, "missing", "damaged", "unreadable")


class Key(NamedTuple):
    """What identifies a configuration in tables. The label of one arm's configuration may recur on another subset."""

    arm: str
    configuration: str
    subset: str


def curve_points(curves: pd.DataFrame, quantity: str, run_ids: Collection[str]) -> dict[str, dict[int, float]]:
    """Return run_id -> epoch -> value, in the table's order, of the runs that have a curve.

    Args:
        curves: a study's curves table.
        quantity: one of its columns of numbers.
        run_ids: the runs to include; a large study has too many points to go through all of them.

    """
    rows = curves[curves["run_id"].isin(list(run_ids))]
    points: dict[str, dict[int, float]] = {}
    columns = [rows[name].tolist() for name in ("run_id", "epoch", quantity)]
    for run_id, epoch, value in zip(*columns, strict=True):
        points.setdefault(run_id, {})[epoch] = value
    return points


def key_of(planned: PlannedRun) -> Key:
    """Return the configuration that a run belongs to."""
    return Key(planned.arm, label(planned), planned.run.configuration.subset)


def differing_settings(plan: StudyPlan) -> list[str]:
    """Return the training settings that a study leaves open, or that differ between its runs."""
    trainings = {planned.run.configuration.training for planned in plan.runs}
    varied = {name for planned in plan.runs for name in planned.varied}
    return [
        name
        for name in Training.model_fields
        if name in varied or len({getattr(training, name) for training in trainings}) > 1
    ]


def names(configurations: Sequence[Key]) -> dict[Key, str]:
    """Return what to call configurations that are compared: ``X on S`` if they are on several subsets, else ``X``."""
    several = len({key.subset for key in configurations}) > 1
    return {key: f"{key.configuration} on {key.subset}" if several else key.configuration for key in configurations}


def selected_on(plan: StudyPlan) -> SelectionMetric:
    """Return the metric that a study chooses by, such as ``validation``: accuracy on validation clips."""
    return selection_metric(plan.settings.select_on)


def complete_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that may enter means, intervals and selections."""
    return runs[runs["status"] == "complete"]


def recorded_count(runs: pd.DataFrame) -> int:
    """Return how many rows have a record, of whatever status."""
    return int((~runs["status"].isin(UNRECORDED)).sum())


def runs_of(runs: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Return the rows of one configuration on one subset, whatever their status."""
    return runs[
        (runs["arm"] == key.arm) & (runs["configuration"] == key.configuration) & (runs["subset"] == key.subset)
    ]


def scores(runs: pd.DataFrame, metric: str) -> dict[Key, dict[int, float]]:
    """Return configuration -> seed -> value of a metric, of the complete runs, in the plan's order.

    Where each fold is the test set in turn, the value of a seed is the mean over the folds: their test clips are tested
    once each. A seed that lacks a fold has none, as folds differ in how hard they are.

    ``metric`` is the name of a measured value, such as ``test`` or ``verified_macro_f1``, or ``selection``; a
    configuration without it is absent.
    """
    every = len(folds_of(runs)) or 1
    by_configuration: dict[Key, dict[int, float]] = {}
    for key, by_seed in scores_of_folds(runs, metric).items():
        whole = {seed: fmean(by_fold.values()) for seed, by_fold in by_seed.items() if len(by_fold) == every}
        if whole:
            by_configuration[key] = whole
    return by_configuration


def scores_of_folds(runs: pd.DataFrame, metric: str) -> dict[Key, dict[int, dict[str, float]]]:
    """Return configuration -> seed -> fold -> value of a metric, of the complete runs; the fold is "" without folds."""
    by_configuration: dict[Key, dict[int, dict[str, float]]] = {}
    column = metric_column(runs, metric)
    complete = complete_runs(runs).dropna(subset=[column])
    columns = [complete[name].tolist() for name in (*Key._fields, "seed", "fold", column)]
    for arm, configuration, subset, seed, fold, value in zip(*columns, strict=True):
        by_seed = by_configuration.setdefault(Key(arm, configuration, subset), {})
        by_seed.setdefault(int(seed), {})[str(fold)] = float(value)
    return by_configuration


def folds_of(runs: pd.DataFrame) -> list[str]:
    """Return the folds of a runs table that are the test set in turn, in their order; empty without folds."""
    return sorted({str(fold) for fold in runs["fold"]} - {""}, key=fold_order)


def keys(runs: pd.DataFrame) -> list[Key]:
    """Return the configurations of a runs table, in the plan's order."""
    return [Key(*map(str, row)) for row in runs[list(Key._fields)].drop_duplicates().itertuples(index=False)]


def arms(runs: pd.DataFrame) -> list[str]:
    """Return the arms of a runs table, in the plan's order."""
    return list(dict.fromkeys(map(str, runs["arm"])))


def subsets(runs: pd.DataFrame) -> list[str]:
    """Return the subsets of a runs table, in the plan's order."""
    return list(dict.fromkeys(map(str, runs["subset"])))


def reported_metric(runs: pd.DataFrame, tested_by: str = "test") -> str:
    """Return what is reported of a study: ``tested_by`` when a complete run has it, else ``validation``."""
    tested = complete_runs(runs)[metric_column(runs, tested_by)].notna().any()
    return tested_by if tested else "validation"


def left_out_count(statuses: pd.Series[str]) -> int:
    """Return how many runs enter no mean for good; those that still wait to be trained do not count."""
    return int(statuses.isin(LEFT_OUT).sum())


def status_counts(statuses: Iterable[str]) -> str:
    """Write the counts of what was left out, as in ``2 failed, 1 missing``; empty when nothing was."""
    counts = Counter(statuses)
    return ", ".join(f"{counts[status]:,} {status}" for status in LEFT_OUT if status in counts)
