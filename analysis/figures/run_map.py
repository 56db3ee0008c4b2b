"""All runs at a glance: data first, the drawing below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.class_matrix import axis_names, class_sizes, colour_bar
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
MAX_NAME = 34  # letters of a configuration's name
MAX_GAPS = 60  # columns that have gaps between them
ROW, TOP = 26, 56  # pixels: of a row, at most, and above
ROUNDING = 1e-6  # a tick at the very end of a colour bar is not drawn
LEAST = 0.3  # how far the lowest accuracy stands out from the paper, as a share of the scale
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
    """Draw the runs' accuracies (%) as shades, and a mark on every run that is not complete.

    Labels that would overlap are left out by plotly, at any width.
    """
    labels = axis_names(list(names(data.rows).values()), MAX_NAME)
    columns = [f"{s}, {escaped(f)}" if f else str(s) for s, f in zip(data.seeds, data.folds, strict=True)]
    row, font = class_sizes(len(labels))
    below = 100 if data.left_out else 60
    figure = empty(height=TOP + min(row, ROW) * len(labels) + below)
    values = [[None if value is None else round(100 * value, 1) for value in of_row] for of_row in data.accuracies]
    known = [value for of_row in values for value in of_row if value is not None]
    low, high = min(known, default=0.0), max(known, default=100.0)
    figure.add_heatmap(
        z=values,
        x=columns,
        y=labels,
        zmin=low - LEAST * ((high - low) or 1.0),
        zmax=high,
        colorbar=colour_bar(above=True, tickvals=[low, high - ROUNDING], ticktext=[f"{low:.1f} %", f"{high:.1f} %"]),
        xgap=int(len(columns) <= MAX_GAPS),
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{y}, seed %{x}: %{z:.1f} %<extra></extra>",
    )
    for status, mark in MARKS.items():
        cells = [(row, column) for row, column, reason in data.left_out if reason == status]
        if cells:
            # The paper's colour under the ink's, so that the mark shows on every shade.
            for colour, width in ((PAPER, 4.5), (INK, 2)):
                figure.add_scatter(
                    x=[columns[column] for _, column in cells],
                    y=[labels[row] for row, _ in cells],
                    mode="markers",
                    marker={"symbol": mark, "size": 11, "color": colour, "line": {"width": width, "color": colour}},
                    name=status,
                    showlegend=colour == INK,
                    hovertemplate=f"%{{y}}, seed %{{x}}: {status}<extra></extra>",
                )
    title = "Seed, fold" if any(data.folds) else "Seed"
    shared = {"type": "category", "categoryorder": "array", "showgrid": False, "ticks": "", "ticklabelstandoff": 4}
    ends = [-0.5, len(columns) - 0.5]
    figure.update_xaxes(title_text=title, categoryarray=columns, range=ends, autotickangles=[0, 90], **shared)
    ends = [len(labels) - 0.5, -0.5]
    figure.update_yaxes(categoryarray=labels, range=ends, tickfont_size=font, **shared)
    figure.update_layout(margin={"t": TOP, "b": below, "r": 24})
    return figure


def run_map(results: StudyResults) -> tuple[Figure, ...]:
    """Draw every planned run's status and accuracy; nothing when no run is complete."""
    data = run_map_data(results.runs)
    if complete_runs(results.runs)["selection_score"].isna().all():
        return ()
    metric = selected_on(results.plan)
    caption = f"{metric_name(metric)} of every planned run: the stronger the colour, the higher."
    if data.left_out:
        caption += " A mark shows that a run is not complete, and why; its colour is then its last accuracy."
    more = ["Cells in the colour of the paper are not planned." if _has_gaps(data) else ""]
    if len(subsets(results.runs)) > 1 and not on_verified(metric):
        more.append("Compare colours within a subset only.")
    if data.dropped:
        more.append(f"{data.dropped} further configurations are not drawn; runs.csv has them.")
    title = "All runs: configurations and seeds"
    return (Figure("runs", title, caption, draw_run_map(data), " ".join(filter(None, more))),)


def _has_gaps(data: RunMap) -> bool:
    """Return whether some configuration has no run planned for a seed of another."""
    marked = {(row, column) for row, column, _ in data.left_out}
    cells = ((i, j) for i, row in enumerate(data.accuracies) for j, value in enumerate(row) if value is None)
    return any(cell not in marked for cell in cells)
