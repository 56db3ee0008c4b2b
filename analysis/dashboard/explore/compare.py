"""A few runs side by side: the settings that differ, and how well each run did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.dashboard.explore.rows import cell
from analysis.tables.table import NONE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analysis.dashboard.explore.table import RunsTable


def chosen_runs(table: RunsTable, run_ids: Sequence[str]) -> pd.DataFrame:
    """Return the rows of some runs in their given order, each once, with ``run``: what to call it."""
    runs = table.runs.drop_duplicates("run_id").set_index("run_id", drop=False)
    runs = runs.loc[[run_id for run_id in run_ids if run_id in runs.index]]
    several = len(set(runs["subset"])) > 1
    names = [
        f"{name}, {subset}, seed {seed}" if several else f"{name}, seed {seed}"
        for name, subset, seed in zip(runs["configuration"], runs["subset"], runs["seed"], strict=True)
    ]
    folds = [f", fold {fold}" if fold else "" for fold in runs["fold"]]
    return runs.assign(run=[f"{name}{fold}" for name, fold in zip(names, folds, strict=True)])


def side_by_side(table: RunsTable, runs: pd.DataFrame, settings: Sequence[Mapping[str, str]]) -> Table:
    """Tabulate what differs between runs, a column for each: settings, then status, metrics and cost.

    Args:
        table: that the runs are from.
        runs: of ``chosen_runs``.
        settings: of each run, by name.

    """
    names = dict.fromkeys(name for one in settings for name in one)
    rows = [(name, *(one.get(name, NONE) for one in settings)) for name in names]
    rows = [row for row in rows if len(set(row[1:])) > 1]
    shared = len(names) - len(rows)
    for name, column in table.columns.items():
        if column.group in ("Metrics", "Cost") or name == "status":
            values = [cell(value, column) for value in runs[name]]
            if set(values) != {NONE}:
                rows.append((column.heading, *values))
    note = f"Settings that differ, then status, metrics and cost. {shared} settings are the same."
    return Table("Side by side", ("", *map(str, runs["run"])), tuple(rows), note)
