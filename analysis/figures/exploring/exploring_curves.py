"""Every exploring run epoch by epoch, and where it was stopped: data first, the drawing below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.curve_panels import Cut, add_cuts
from analysis.plotting.figure import Figure, named, panels
from analysis.plotting.styles import styles
from analysis.plotting.theme import axis_title, empty, epoch_range, escaped, faint, finite
from analysis.results.measures import metric_column, metric_name, on_verified
from analysis.results.runs_table import Key, curve_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.findings.method_finding import SearchFinding
    from analysis.plotting.styles import Style


@dataclass(frozen=True)
class Trail:
    """One run's accuracy over its epochs, as fractions in [0, 1]; ``cut`` is None when it is complete."""

    key: Key
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    cut: Cut | None


def exploring_curves_data(runs: pd.DataFrame, epochs: pd.DataFrame, metric: str) -> list[Trail]:
    """Return the curve of every run that has one, in the plan's order.

    Args:
        runs: a study's runs table, or a part of it.
        epochs: the study's curves table.
        metric: ``validation`` or ``verified``.

    """
    quantity = metric_column(epochs, metric)
    points = curve_points(epochs.dropna(subset=[quantity]), quantity, list(runs["run_id"]))
    trails = []
    for run in runs.itertuples():
        curve = points.get(str(run.run_id))
        if curve is None:
            continue
        at, values = tuple(curve), tuple(curve.values())
        key = Key(str(run.arm), str(run.configuration), str(run.subset))
        ended = Cut(key.configuration, int(str(run.seed)), str(run.status), at[-1], values[-1])
        trails.append(Trail(key, at, values, None if run.status == "complete" else ended))
    return trails


def draw_exploring_curves(data: Sequence[Trail], metric: str, looks: Mapping[str, Style]) -> go.Figure:
    """Draw accuracy (%) per epoch: full lines for complete runs, dotted ones with a mark at the end for the others."""
    figure = empty(height=460)
    for arm in dict.fromkeys(trail.key.arm for trail in data):
        look = looks[arm]
        lines = {True: {"width": 1.2, "color": faint(look.colour, 0.6)}}
        lines[False] = {"width": 1.2, "color": faint(look.colour, 0.6), "dash": "dot"}
        for complete, line in lines.items():
            trails = [trail for trail in data if trail.key.arm == arm and (trail.cut is None) == complete]
            if not trails:
                continue
            name = escaped(arm) if complete else f"{escaped(arm)}, cut"
            # Only the end bears the arm's mark, so that many runs do not become a blot.
            sizes = [0 if epoch != trail.epochs[-1] else 7 for trail in trails for epoch in (*trail.epochs, None)]
            figure.add_scatter(
                x=[epoch for trail in trails for epoch in (*trail.epochs, None)],
                y=[value for trail in trails for value in (*finite(trail.values, 100), None)],
                text=[escaped(trail.key.configuration) for trail in trails for _ in (*trail.epochs, None)],
                mode="lines+markers" if complete else "lines",
                marker={"size": sizes, "symbol": look.marker, "color": look.colour, "line": {"width": 0}},
                line=line,
                name=name,
                hovertemplate="%{text}<br>epoch %{x}: %{y:.1f} %<extra></extra>",
            )
    add_cuts(figure, [trail.cut for trail in data if trail.cut is not None])
    figure.update_xaxes(title_text="Epoch", range=epoch_range(max(trail.epochs[-1] for trail in data)))
    figure.update_yaxes(title_text=axis_title(metric))
    return figure


def exploring_curves(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw every exploring run per epoch, a figure per subset."""
    metric, results = finding.selected_on, finding.results
    caption = (
        "Every line is an exploring run. Dotted lines are runs that are not complete; the mark at the end "
        "shows why: a stopped run was cut because others were better after the same number of epochs."
    )
    figures = []
    for where, runs in panels(finding.explored.runs, "test" if on_verified(metric) else metric):
        if data := exploring_curves_data(runs, results.curves, metric):
            title = f"{metric_name(metric)} of the exploring runs per epoch{where}"
            drawing = draw_exploring_curves(data, metric, styles(results.runs))
            figures.append(Figure(named("exploring curves", where), title, caption, drawing))
    return tuple(figures)
