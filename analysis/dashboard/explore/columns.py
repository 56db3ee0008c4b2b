"""The columns of a study's runs that a reader can choose as an axis, a colour or a column, and use in a filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analysis.results.measures import MEASURES, SELECTION, VALIDATION, metric_column, metric_name, plain_column
from analysis.results.runs_table import UNRECORDED, selected_on
from trainables.naming import symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.dashboard.snapshot import Live
    from analysis.results.study_results import StudyResults

Kind = Literal["text", "number", "share", "seconds"]
IDENTITY = ("configuration", "arm", "series", "loss", "network", "subset", "seed", "fold", "stage", "status")
COST = ("epochs", "wall_s", "cpu_s", "gpu_hours", "price")
TITLES = {"wall_s": "Training time", "cpu_s": "CPU time", "gpu_hours": "GPU hours", "price": "Price", "error": "Error"}
EPOCH_TITLES = {
    "train_loss": "Training loss",
    "validation_loss": "Validation loss",
    "learning_rate": "Learning rate",
    "q_mean": "Mean q",
    "q_sd": "Standard deviation of q",
}
UNUSED = (
    "value",
    "parameter",
    "validation_accuracy",
    "validation_clip_accuracy",
    SELECTION,
)  # columns that others stand for


@dataclass(frozen=True)
class Column:
    """A column of the runs.

    Attributes:
        name: in the table, and in filters and addresses.
        title: what a reader sees.
        kind: text; a number; a share from 0 to 1, shown in percent; or seconds, shown in minutes.
        group: ``Run``, ``Metrics``, ``Settings`` or ``Cost``.

    """

    name: str
    title: str
    kind: Kind
    group: str

    @property
    def scale(self) -> float:
        """What a value is multiplied by to be shown."""
        return {"share": 100.0, "seconds": 1 / 60}.get(self.kind, 1.0)

    @property
    def unit(self) -> str:
        """The unit in which a value is shown; empty without one."""
        return {"share": "%", "seconds": "min"}.get(self.kind, "")

    @property
    def heading(self) -> str:
        """The title with the unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


def with_running(runs: pd.DataFrame, live: Live) -> pd.DataFrame:
    """Return the runs table with ``validation``, and with status, epoch and accuracy of the runs in training.

    ``validation`` is over clips, in studies of the first version of the training over patches.
    """
    runs = runs.assign(validation=runs[metric_column(runs, "validation")])
    in_flight = {flight.run_id: flight for flight in live.flights}
    now = runs["run_id"].isin(in_flight) & runs["status"].isin(UNRECORDED)
    if not now.any():
        return runs
    runs.loc[now, "status"] = "running"
    runs.loc[now, "epochs"] = [in_flight[run_id].epoch for run_id in runs.loc[now, "run_id"]]
    accuracy = [in_flight[run_id].validation_accuracy for run_id in runs.loc[now, "run_id"]]
    runs.loc[now, "validation"] = np.array(accuracy, dtype=float)
    return runs


def columns_of(results: StudyResults, runs: pd.DataFrame) -> dict[str, Column]:
    """Return the columns that hold a value in some run, by name: identity, metrics, settings, cost, error.

    Args:
        results: the study.
        runs: its runs, see ``with_running``.

    """
    chosen_by = selected_on(results.plan)
    metrics = {"validation": metric_name("validation")}
    metrics |= {name: metric_name(_measured(name)) for name in MEASURES if name not in UNUSED}
    if chosen_by != "validation":  # what the study chooses by comes first
        first = plain_column(chosen_by)
        metrics = {first: metrics.get(first, metric_name(chosen_by))} | metrics
    known = {*IDENTITY, *metrics, *MEASURES, *COST, *UNUSED, "run_id", "error"}
    settings = [str(name) for name in runs.columns if name not in known]
    columns = [Column(name, name.capitalize(), kind_of(runs[name]), "Run") for name in IDENTITY]
    columns += [Column(name, title, _metric_kind(name), "Metrics") for name, title in metrics.items()]
    columns += [Column(name, _setting_title(name), kind_of(runs[name]), "Settings") for name in settings]
    columns += [Column(name, TITLES.get(name, name.capitalize()), _cost_kind(name), "Cost") for name in COST]
    columns.append(Column("error", TITLES["error"], "text", "Run"))
    return {column.name: column for column in columns if column.name in runs and _has_values(runs[column.name])}


def epoch_measures(results: StudyResults) -> dict[str, Column]:
    """Return what learning curves can show, by its name in an address: the columns of the curves that hold a value."""
    curves = results.curves
    metrics = {name: metric_name(_measured(name)) for name in VALIDATION if name not in UNUSED}
    measures = {
        "validation": Column(metric_column(curves, "validation"), metric_name("validation"), "share", "Metrics")
    }
    measures |= {name: Column(name, title, "share", "Metrics") for name, title in metrics.items()}
    measures |= {name: Column(name, title, "number", "Epochs") for name, title in EPOCH_TITLES.items()}
    return {name: column for name, column in measures.items() if curves[column.name].notna().any()}


def hidden_columns(results: StudyResults) -> set[str]:
    """Return the names of the columns that are hidden because the study has not ended."""
    return {name for name in MEASURES if name.startswith("test_")} if results.test_hidden else set()


def numbers(column: pd.Series) -> pd.Series:
    """Return a column as numbers of float64; NaN where it has none."""
    return pd.to_numeric(column, errors="coerce").astype(np.float64)


def kind_of(column: pd.Series) -> Kind:
    """Return whether a column holds numbers or text; missing values do not count."""
    if pd.api.types.is_bool_dtype(column):
        return "text"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    present = column.dropna()
    numeric = present.map(lambda value: isinstance(value, int | float) and not isinstance(value, bool))
    return "number" if len(present) and numeric.all() else "text"


def texts(column: pd.Series) -> pd.Series:
    """Return a column as texts; empty where it has no value."""
    return column.map(lambda value: "" if value is None or value is pd.NA or value != value else str(value))  # noqa: PLR0124 -- NaN differs from itself


def titles(columns: Mapping[str, Column]) -> dict[str, list[Column]]:
    """Return the columns by their group, in order."""
    groups: dict[str, list[Column]] = {}
    for column in columns.values():
        groups.setdefault(column.group, []).append(column)
    return groups


def _measured(column: str) -> str:
    """Return the name of a measured value from its column: ``test`` for ``test_accuracy``."""
    return column.removesuffix("_accuracy") if column in ("test_accuracy", "verified_accuracy") else column


def _metric_kind(name: str) -> Kind:
    return "number" if name.endswith(("log_loss",)) else "share"


def _cost_kind(name: str) -> Kind:
    return "seconds" if name in ("wall_s", "cpu_s") else "number"


def _setting_title(name: str) -> str:
    return symbol(name) if "." not in name else name


def _has_values(column: pd.Series) -> bool:
    present = column.dropna()
    return bool(len(present)) and bool((present != "").any())
