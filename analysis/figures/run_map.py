"""All runs at a glance: data first, the drawing below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.figure import Figure
from analysis.plotting.theme import CUTS, INK, PAPER, empty, escaped
from analysis.results.measures import metric_name, on_verified
from analysis.results.runs_table import (
    WAITING,
    Key,
    complete_runs,
    folds_of,
    keys,
    names,
    runs_of,
    selected_on,
    subsets,
)

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analysis.results.study_results import StudyResults

MAX_ROWS = 60  # configurations in the map of runs
ROW = 24  # pixels
UNSCORED = "complete, not scored"
MARKS = {
    **CUTS,
    UNSCORED: "line-ew",
    WAITING: "circle-open",
    "missing": "circle-open",
    "damaged": "asterisk-open",
    "unreadable": "asterisk-open",
}


@dataclass(frozen=True)
class RunMap:
    """Every planned run: configurations down, seeds across; with folds in turn as test set, the folds of each seed.

    Attributes:
        rows: configurations, in the plan's order.
        seeds: of the columns, in increasing order.
        folds: of the columns, in order within a seed; empty texts without folds.
        accuracies: of each row and seed, a fraction; None without one, or if no such run is planned.
        left_out: (row, column, status) of the planned runs that are not complete, or have no accuracy to choose by.
        dropped: configurations beyond MAX_ROWS.

    """

    rows: tuple[Key, ...]
    seeds: tuple[int, ...]
    folds: tuple[str, ...]
    accuracies: tuple[tuple[float | None, ...], ...]
    left_out: tuple[tuple[int, int, str], ...]
    dropped: int


def run_map_data(runs: pd.DataFrame) -> RunMap:
    """Return the map of a study's runs, by the accuracy that the study chooses by."""
    configurations = keys(runs)
    shown = configurations[:MAX_ROWS]
    folds = folds_of(runs) or [""]
    columns = [(seed, fold) for seed in sorted({int(seed) for seed in runs["seed"]}) for fold in folds]
    place = {column: i for i, column in enumerate(columns)}
    accuracies, left_out = [], []
    for i, key in enumerate(shown):
        rows = runs_of(runs, key)
        cells: list[float | None] = [None] * len(columns)
        shown_columns = (rows[name] for name in ("seed", "fold", "status", "selection_score"))
        for seed, fold, status, accuracy in zip(*shown_columns, strict=True):
            column = place[int(seed), str(fold)]
            cells[column] = float(accuracy) if math.isfinite(accuracy) else None
            if status != "complete" or cells[column] is None:
                left_out.append((i, column, UNSCORED if status == "complete" else str(status)))
        accuracies.append(tuple(cells))
    seeds, of_columns = zip(*columns, strict=True) if columns else ((), ())
    dropped = len(configurations) - len(shown)
    return RunMap(tuple(shown), seeds, of_columns, tuple(accuracies), tuple(left_out), dropped)


def draw_run_map(data: RunMap) -> go.Figure:
    """Draw the runs' accuracies (%) as shades, and a mark on every run that is not complete."""
    labels = list(map(escaped, names(data.rows).values()))
    blocks = [f"seed {s}, fold {escaped(f)}" if f else f"seed {s}" for s, f in zip(data.seeds, data.folds, strict=True)]
    figure = empty(height=200 + ROW * len(labels))
    figure.add_heatmap(
        z=[[None if value is None else 100 * value for value in row] for row in data.accuracies],
        x=list(range(len(data.seeds))),
        y=list(range(len(labels))),
        customdata=[[[label, block] for block in blocks] for label in labels],
        colorbar={"title": {"text": "%"}},
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{customdata[0]}, %{customdata[1]}: %{z:.1f} %<extra></extra>",
    )
    for status, mark in MARKS.items():
        cells = [(row, column) for row, column, reason in data.left_out if reason == status]
        if cells:
            # The paper's colour under the ink's, so that the mark shows on every shade.
            for colour, width in ((PAPER, 4.5), (INK, 2)):
                figure.add_scatter(
                    x=[column for _, column in cells],
                    y=[row for row, _ in cells],
                    text=[f"{labels[row]}, {blocks[column]}: {status}" for row, column in cells],
                    mode="markers",
                    marker={"symbol": mark, "size": 11, "color": colour, "line": {"width": width, "color": colour}},
                    name=status,
                    showlegend=colour == INK,
                    hovertemplate="%{text}<extra></extra>",
                )
    step = math.ceil(len(data.seeds) / 24)
    columns = list(range(0, len(data.seeds), step))
    folded = any(data.folds)
    ticks = [f"{data.seeds[i]}, {escaped(data.folds[i])}" if folded else str(data.seeds[i]) for i in columns]
    title = "Seed, fold" if folded else "Seed"
    figure.update_xaxes(title_text=title, tickvals=columns, ticktext=ticks, showgrid=False)
    ends = [len(labels) - 0.5, -0.5]
    figure.update_yaxes(tickvals=list(range(len(labels))), ticktext=labels, range=ends, showgrid=False)
    if not data.left_out:
        figure.update_layout(margin_b=60)  # there is no legend
    return figure


def run_map(results: StudyResults) -> tuple[Figure, ...]:
    """Draw every planned run's status and accuracy; nothing when no run is complete."""
    data = run_map_data(results.runs)
    if complete_runs(results.runs)["selection_score"].isna().all():
        return ()
    metric = selected_on(results.plan)
    caption = (
        f"{metric_name(metric)} (%) of every planned run; brighter is higher. A mark shows that the run is not "
        "complete, and why; its shade is then its last accuracy. Empty cells without a mark are not planned."
    )
    if len(subsets(results.runs)) > 1 and not on_verified(metric):
        caption += " Compare shades within a subset only."
    if data.dropped:
        caption += f" {data.dropped} further configurations are not drawn; runs.csv has them."
    return (Figure("runs", "All runs: configurations and seeds", caption, draw_run_map(data)),)
