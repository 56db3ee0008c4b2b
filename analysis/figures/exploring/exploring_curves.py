"""Every exploring run epoch by epoch, and where it was stopped: data first, the drawing below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.sweep_data import Pick
from analysis.plotting.class_matrix import shortened
from analysis.plotting.curve_panels import Cut, add_cuts
from analysis.plotting.figure import Figure, named, panels
from analysis.plotting.styles import styles
from analysis.plotting.theme import MAX_DRAWN, axis_title, empty, epoch_range, escaped, faint, finite, first_of_each
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
    accuracies: tuple[float, ...]
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


def draw_exploring_curves(
    data: Sequence[Trail], metric: str, looks: Mapping[str, Style], pick: Pick | None = None
) -> go.Figure:
    """Draw accuracy (%) per epoch: full lines for complete runs, dotted ones with a mark at the end for the others.

    Args:
        data: the runs; those of an arm share a trace.
        metric: what the accuracies are.
        looks: arm -> how it is drawn in every figure of the study.
        pick: the study's choice, whose runs stand out.

    """
    chosen = pick and pick.key
    figure = empty(height=460)
    figure.update_layout(margin_t=12, legend={"xref": "container", "itemclick": False, "itemdoubleclick": False})
    for arm in dict.fromkeys(trail.key.arm for trail in data):
        look = looks[arm]
        of_arm = [trail for trail in data if trail.key.arm == arm]
        groups = {
            (0.45, 1.2, "dot"): [trail for trail in of_arm if trail.cut is not None],
            (0.45, 1.2, "solid"): [trail for trail in of_arm if trail.cut is None and trail.key != chosen],
            (1.0, 3.0, "solid"): [trail for trail in of_arm if trail.cut is None and trail.key == chosen],
        }
        for (alpha, width, dash), trails in groups.items():
            if trails:
                line = {"width": width, "color": faint(look.colour, alpha), "dash": dash}
                _add_trails(figure, trails, look, line)
        line = {"width": 2, "color": look.colour}
        marker = {"symbol": look.marker, "color": look.colour, "size": 8}
        figure.add_scatter(
            x=[None], y=[None], mode="lines+markers", line=line, marker=marker, name=escaped(shortened(arm))
        )
    add_cuts(figure, [trail.cut for trail in data if trail.cut is not None])
    if pick is not None:
        _name_pick(
            figure, [trail for trail in data if trail.key == pick.key and trail.cut is None][:1], looks, pick.word
        )
    figure.update_xaxes(title_text="Epoch", range=epoch_range(max(trail.epochs[-1] for trail in data)))
    figure.update_yaxes(title_text=axis_title(metric))
    return figure


def _name_pick(figure: go.Figure, trails: Sequence[Trail], looks: Mapping[str, Style], word: str) -> None:
    """Write a word above the end of a run."""
    for trail in trails:
        place = {"x": trail.epochs[-1], "y": 100 * trail.accuracies[-1], "yanchor": "bottom", "yshift": 6}
        font = {"size": 13, "color": looks[trail.key.arm].colour}
        figure.add_annotation(text=f"<b>{word}</b>", showarrow=False, font=font, **place)


def _add_trails(figure: go.Figure, trails: Sequence[Trail], look: Style, line: Mapping[str, object]) -> None:
    """Add runs of one arm and one look as one trace with gaps; the last epoch of complete ones bears a mark."""
    end = 0 if trails[0].cut else 7
    figure.add_scatter(
        x=[epoch for trail in trails for epoch in (*trail.epochs, None)],
        y=[value for trail in trails for value in (*finite(trail.accuracies, 100), None)],
        text=[escaped(trail.key.configuration) for trail in trails for _ in (*trail.epochs, None)],
        mode="lines+markers" if end else "lines",
        marker={
            "size": [end if epoch == trail.epochs[-1] else 0 for trail in trails for epoch in (*trail.epochs, None)],
            "symbol": look.marker,
            "color": line["color"],
            "line": {"width": 0},
        },
        line=line,
        name=escaped(shortened(trails[0].key.arm)),
        showlegend=False,
        hovertemplate="%{text}<br>epoch %{x}: %{y:.1f} %<extra></extra>",
    )


def exploring_curves(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw the exploring runs per epoch, a figure per subset."""
    metric, results = finding.selected_on, finding.results
    caption = (
        "Lines: exploring runs. Dotted lines are not complete; the mark at their end shows why: a stopped run was cut "
        "because others were better after the same number of epochs."
    )
    figures = []
    for where, runs in panels(finding.explored.runs, "test" if on_verified(metric) else metric):
        if data := exploring_curves_data(runs, results.curves, metric):
            shown = first_of_each(data, [(trail.key.arm, trail.key == finding.chosen) for trail in data])
            more = f"Of each arm, the first {MAX_DRAWN} runs in the plan's order are drawn." if shown != data else ""
            title = f"{metric_name(metric)} of the exploring runs per epoch{where}"
            drawing = draw_exploring_curves(shown, metric, styles(results.runs), Pick.of(finding))
            figures.append(Figure(named("exploring curves", where), title, caption, drawing, more=more))
    return tuple(figures)
