"""The rows of the grid of runs: sorted, in blocks, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.dashboard.explore.columns import numbers, texts
from analysis.results.measures import plain_column
from analysis.tables.table import NONE
from trainables.characters import visible
from trainables.naming import number

if TYPE_CHECKING:
    import pandas as pd

    from analysis.dashboard.explore.columns import Column
    from analysis.dashboard.explore.table import RunsTable

PROBLEMS = ("failed", "diverged", "damaged", "unreadable")  # the statuses that a reader must see at once
FIRST_COLUMNS = ("configuration", "subset", "seed", "fold", "stage", "status")
LAST_COLUMNS = ("epochs", "wall_s", "error")


def shown_columns(table: RunsTable, chosen: tuple[str, ...]) -> list[str]:
    """Return the columns of the grid: the chosen ones, else identity, status, the main metrics, cost and error."""
    if kept := [name for name in chosen if name in table.columns]:
        return kept
    metrics = [name for name, column in table.columns.items() if column.group == "Metrics"]
    scores = dict.fromkeys([*metrics[:1], "validation", plain_column(table.results.tested_by)])
    constant = {name for name in ("subset", "stage") if len(set(table.runs[name])) <= 1}
    names = [*(name for name in FIRST_COLUMNS if name not in constant), *scores, *LAST_COLUMNS]
    return [name for name in names if name in table.columns]


def in_order(runs: pd.DataFrame, table: RunsTable, order: list[tuple[str, bool]]) -> pd.DataFrame:
    """Sort runs; without an order, those with a problem come first, the others in the plan's order.

    Args:
        runs: the runs.
        table: they are from.
        order: columns, each with whether in descending order; unknown ones are ignored.

    """
    known = [(name, descending) for name, descending in order if name in table.columns]
    if not known:
        return runs.iloc[np.argsort(~runs["status"].isin(PROBLEMS).to_numpy(), kind="stable")]
    for name, descending in reversed(known):  # each sort is stable
        column = table.columns[name]
        values = (texts if column.kind == "text" else numbers)(runs[name])
        values = values.reset_index(drop=True).sort_values(ascending=not descending, kind="stable", na_position="last")
        runs = runs.iloc[values.index]
    return runs


def rows_of(runs: pd.DataFrame, columns: list[Column]) -> list[dict[str, Any]]:
    """Return runs as rows of the grid: the texts of some columns, and what identifies and marks each row.

    ``row`` differs between the rows: arms may share a run.
    """
    shown = [[cell(value, column) for value in runs[column.name]] for column in columns]
    names = [column.name for column in columns]
    places = runs.index.tolist()
    return [
        dict(zip(names, cells, strict=True)) | {"row": f"{run_id}.{place}", "run_id": run_id, "status": status}
        for place, run_id, status, *cells in zip(places, runs["run_id"], runs["status"], *shown, strict=True)
    ]


def cell(value: Any, column: Column) -> str:  # noqa: ANN401 -- a value of any column
    """Return a value as it is shown; a dash where a run has none."""
    if value is None or value != value or value == "":  # noqa: PLR0124 -- NaN differs from itself
        return "" if column.kind == "text" else NONE
    if column.kind in ("share", "seconds"):
        return f"{column.scale * value:.1f}"
    if column.group in {"Metrics", "Cost"} and value % 1:  # measured, so the other digits mean nothing
        return f"{value:.3f}"
    return visible(value) if isinstance(value, str) else str(value) if isinstance(value, int) else number(value)


def status_counts(runs: pd.DataFrame) -> dict[str, int]:
    """Count runs by status, problems first."""
    counts = runs["status"].value_counts()
    order = [*(name for name in PROBLEMS if name in counts), *(name for name in counts.index if name not in PROBLEMS)]
    return {str(name): int(counts[name]) for name in order}
