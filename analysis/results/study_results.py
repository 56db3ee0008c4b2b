"""From a study's plan and its records to tidy tables: one row per planned run, one per epoch, one per configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from analysis.results.clip_labels import read_labels
from analysis.results.gpu_costs import spending
from analysis.results.measures import MEASURES, NOTHING_FROM_LABELS, measured_values, tested_by, values_from_labels
from analysis.results.runs_table import WAITING, Key, differing_settings, selected_on
from analysis.results.study_state import Progress, has_ended, progress_of
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.naming import PARAMETERS, axis_of, label, number, ordered, symbol
from trainables.plans import PlannedRun, StudyPlan, read_plan
from trainables.records import Epoch, Record, read_record, record_path, uncollected
from trainables.storage.documents import DamagedError, is_outage
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from analysis.results.clip_labels import ClipLabels
    from trainables.records import SelectionMetric
    from trainables.storage.types import Location

_NO_PROGRESS = Progress()


@dataclass(frozen=True)
class StudyResults:
    """A study and what is recorded of it.

    ``runs`` has one row per planned run: run_id, stage (``trainables.records.Stage``), arm, series (the arm with what
    is varied beside the axis), configuration (a label such as ``adaptive T=1000``), loss, subset, seed, parameter and
    value (the varied number that makes the axis; empty and NaN if nothing is varied), one column per parameter of a
    loss or network, one per training setting that differs between runs (``differing_settings``), status (of the record;
    without one ``waiting``, or ``missing`` once the study has ended; ``damaged`` if it is not what was written;
    ``unreadable`` if its file cannot be opened, or another version wrote it), the columns of ``measures.MEASURES``
    (validation_accuracy is over patches, the others are over clips; NaN when absent), epochs, wall_s, cpu_s, error
    (empty without one), gpu_hours and price (NaN without a record, and where the study file states no price). A
    parameter or setting with the name of another column is called ``loss.NAME`` or ``training.NAME``.

    ``curves`` has one row per recorded epoch: run_id and the fields of ``trainables.records.Epoch``.

    ``labels`` are the clips' labels; None where the storage location does not keep them, or ``labels_problem`` states
    why they cannot be used.

    ``ended`` is whether the study has all the runs that it will get (``study_state.has_ended``). ``test_hidden`` is
    whether the tests of the records were removed because it has not.

    ``metric`` is the metric on test clips that texts, tables and figures report, one of ``reported_metric.REPORTABLE``.
    """

    plan: StudyPlan
    records: dict[str, Record]
    runs: pd.DataFrame
    curves: pd.DataFrame
    labels: ClipLabels | None = None
    labels_problem: str = ""
    ended: bool = True
    test_hidden: bool = False
    metric: str = "accuracy"

    @property
    def tested_by(self) -> str:
        """The measured value on test clips that is reported: ``test``, or ``test_macro_f1`` and so on."""
        return tested_by(self.metric)


class Unread(NamedTuple):
    """Why a run's record is not read: the run's status instead, and a line that names the file."""

    status: Literal["damaged", "unreadable"]
    reason: str


def load_results(storage: Location | Path | str, name: str, *, show_test: bool = False) -> StudyResults:
    """Read a study's plan and the records of its runs from a storage location.

    A run whose record cannot be read has the status ``damaged`` or ``unreadable``, and its ``error`` names the file.

    Args:
        storage: the storage location.
        name: the study's name.
        show_test: whether to keep the tests of a study that has not ended; by default they are hidden.

    Raises:
        FileNotFoundError: the storage location holds no study of that name.
        OSError: an object store cannot be reached.
        ValueError: two different runs share arm, configuration, subset, seed and fold, so a mean would mix two things;
            or the storage location is a URL of another form than ``trainables.storage.location.URL_FORM``.
        DamagedError, OtherVersionError: the plan cannot be read.

    """
    root = location(storage)
    plan = read_plan(root, name)
    records: dict[str, Record] = {}
    unread: dict[str, Unread] = {}
    with uncollected():
        run_ids = list(dict.fromkeys(planned.run.run_id for planned in plan.runs))
        outcomes = root.map(lambda run_id: read_or_explain(root, run_id), run_ids)
        for run_id, outcome in zip(run_ids, outcomes, strict=True):
            if isinstance(outcome, Record):
                records[run_id] = outcome
            elif outcome is not None:
                unread[run_id] = outcome
        progress = progress_of(root, plan)
        return with_kept_labels(study_results(plan, records, unread, progress, show_test=show_test), root)


def with_kept_labels(results: StudyResults, storage: Location) -> StudyResults:
    """Add the labels that a storage location keeps of a study's data set."""
    try:
        labels = read_labels(storage, results.plan)
    except (ValueError, OSError) as error:
        return replace(results, labels_problem=str(error))
    return results if labels is None else with_labels(results, labels)


def with_labels(results: StudyResults, labels: ClipLabels) -> StudyResults:
    """Add the labels of a study's clips, and the test metrics that follow from them and the runs' predictions."""
    of_runs = values_from_labels(results.records, labels)
    values = [of_runs.get(run_id, NOTHING_FROM_LABELS) for run_id in results.runs["run_id"]]
    columns = {name: [value[name] for value in values] for name in NOTHING_FROM_LABELS}
    return replace(results, labels=labels, runs=results.runs.assign(**columns))


def read_or_explain(root: Location, run_id: str) -> Record | Unread | None:
    """Return a run's record, or why it is not read; None if there is no file.

    Raises:
        OSError: an object store cannot be reached.

    """
    try:
        return read_record(root, run_id)
    except FileNotFoundError:
        return None
    except DamagedError as error:
        return Unread("damaged", str(error))
    except OSError as error:
        if is_outage(root, error):
            raise
        return Unread("unreadable", f"{record_path(root, run_id)}: {error.strerror}" if error.strerror else str(error))


def study_results(
    plan: StudyPlan,
    records: dict[str, Record],
    unread: Mapping[str, Unread] = MappingProxyType({}),
    progress: Progress = _NO_PROGRESS,
    *,
    show_test: bool = True,
) -> StudyResults:
    """Tabulate a plan and its records; a run that the plan names twice in one arm counts once.

    Args:
        plan: the study's plan.
        records: run_id -> record; a run without one is waiting, or missing if the study has ended.
        unread: run_id -> why its record is not read.
        progress: the study's progress file.
        show_test: whether to keep the tests of a study that has not ended.

    Raises:
        ValueError: two different runs share arm, configuration, subset, seed and fold, or runs are of several versions
            of the training.

    """
    _ = plan.semantics  # raises for several versions, whose accuracies must not enter one mean
    missing = sum(p.run.run_id not in records and p.run.run_id not in unread for p in plan.runs)
    ended = has_ended(plan, records.values(), missing, progress)
    hidden = not (ended or show_test)
    if hidden:
        records = {run_id: record.model_copy(update={"test": None}) for run_id, record in records.items()}
    chosen_by, prices = selected_on(plan), plan.settings.resources.price_per_gpu_hour
    absent = "missing" if ended else WAITING
    settings = differing_settings(plan)

    def row(planned: PlannedRun) -> dict[str, Any]:
        run_id = planned.run.run_id
        record = records.get(run_id)
        outcome = _outcome(record, chosen_by) if record else _unrecorded(unread.get(run_id), absent)
        identity, measured = _identity(planned), outcome | spending(record, prices)
        return identity | _settings(planned.run.configuration, settings, {*identity, *measured}) | measured

    rows = [row(planned) for planned in plan.runs or [_ANY_RUN]]  # without runs, for its columns
    columns = list(dict.fromkeys(column for row in rows for column in row))
    runs = pd.DataFrame(rows[: len(plan.runs)], columns=columns).drop_duplicates(
        [*Key._fields, "run_id"], ignore_index=True
    )
    twice = runs[runs.duplicated([*Key._fields, "seed", "fold"])]
    if len(twice):
        first = twice.iloc[0]
        msg = (
            f"study {plan.name!r} names two different runs as {first['configuration']!r} on {first['subset']} with "
            f"seed {first['seed']}; give their arms different names"
        )
        raise ValueError(msg)
    recorded = {run_id: records[run_id].epochs for run_id in dict.fromkeys(runs["run_id"]) if run_id in records}
    return StudyResults(plan, records, runs, _curves(recorded), ended=ended, test_hidden=hidden)


def _curves(recorded: Mapping[str, Sequence[Epoch]]) -> pd.DataFrame:
    names = list(Epoch.model_fields)
    numbers = attrgetter(*names)
    points = [numbers(point) for epochs in recorded.values() for point in epochs]
    # All as one array of numbers, None as NaN: for the 400,000 points of 10,000 records pandas would check each type.
    curves = pd.DataFrame(np.array(points, dtype=np.float64).reshape(-1, len(names)), columns=names)
    curves["epoch"] = curves["epoch"].astype(np.int64)
    curves.insert(0, "run_id", [run_id for run_id, epochs in recorded.items() for _ in epochs])
    return curves


def reported(results: StudyResults) -> StudyResults:
    """Return a study without the runs that only explored: what means, intervals and test accuracies rest on."""
    return replace(results, runs=results.runs[results.runs["stage"] != "explore"].reset_index(drop=True))


def explored(results: StudyResults) -> StudyResults:
    """Return a study's exploring runs alone: those that led to a choice and enter no reported interval."""
    return replace(results, runs=results.runs[results.runs["stage"] == "explore"].reset_index(drop=True))


_ANY_RUN = PlannedRun(arm="", varied={}, run=Run(configuration=Configuration(loss=CCE(name="cce")), seed=0, dataset=""))


def _labels(planned: PlannedRun) -> dict[str, Any]:
    """Name the series and the configuration, and pick the number that makes the figure's axis."""
    varied, axis = ordered(planned.varied), axis_of(planned.varied)
    series = [planned.arm, *(f"{symbol(name)}={number(value)}" for name, value in varied.items() if name != axis)]
    return {
        "series": " ".join(series),
        "configuration": label(planned),
        "parameter": axis,
        "value": float(varied[axis]) if axis else float("nan"),
    }


def _identity(planned: PlannedRun) -> dict[str, Any]:
    configuration = planned.run.configuration
    return {
        "run_id": planned.run.run_id,
        "stage": planned.stage,
        "arm": planned.arm,
        **_labels(planned),
        "loss": configuration.loss.name,
        "network": configuration.network.name,
        "subset": configuration.subset,
        "seed": planned.run.seed,
        "fold": planned.run.fold or "",
    }


def _settings(configuration: Configuration, differing: Collection[str], taken: Collection[str]) -> dict[str, Any]:
    """Return the parameters of loss and network, and the training settings that differ, by their columns.

    The content of a file is named by a digest, as in tables.
    """
    parameters = dict.fromkeys(PARAMETERS) | configuration.parameters()
    training = {name: getattr(configuration.training, name) for name in differing}
    return {
        f"{part}.{name}" if name in taken else name: number(value) if isinstance(value, str) else value
        for part, values in (("loss", parameters), ("training", training))
        for name, value in values.items()
    }


def _unrecorded(unread: Unread | None, absent: str) -> dict[str, Any]:
    nan = float("nan")
    status, reason = unread or (absent, "")
    return {"status": status, **dict.fromkeys(MEASURES, nan), "epochs": 0, "wall_s": nan, "cpu_s": nan, "error": reason}


def _outcome(record: Record, chosen_by: SelectionMetric) -> dict[str, Any]:
    return {
        "status": record.status,
        **measured_values(record, chosen_by),
        "epochs": len(record.epochs),
        "wall_s": record.cost.wall_s,
        "cpu_s": record.cost.cpu_s,
        "error": record.error or "",
    }
