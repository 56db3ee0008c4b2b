"""Draw accuracies with plotly: against a parameter, per arm and subset, per epoch. The theme is in ``theme``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analysis.theme import (
    CUTS,
    INK,
    MOST_DRAWN,
    Style,
    axis_ends,
    axis_title,
    empty,
    epoch_range,
    escaped,
    faint,
    finite,
    first_of_each,
    label_axis,
    style,
)
from trainables.labels import symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from analysis.figure_data import Box, Curve, Cut, Line, Sweep


def draw_sweep(data: Sweep, arms: Sequence[str]) -> go.Figure:
    """Draw accuracy (%) against the varied parameter; the axis is logarithmic for T and linear for the others.

    ``arms`` are all the study's arms, here and below: they keep their colours and markers from figure to figure.
    """
    figure = empty(height=460)
    logarithmic = data.parameter == "temperature"
    left, right = axis_ends([x for line in data.lines for x in line.x], logarithmic=logarithmic)
    for index, line in enumerate(data.lines):
        look = style(arms, line.arm, sum(earlier.arm == line.arm for earlier in data.lines[:index]))
        if line.x:
            add_line(figure, line, look, symbol(data.parameter))
        else:
            _add_level(figure, line, look, (left, right))
    label_axis(figure, data.parameter, (left, right))
    figure.update_yaxes(title_text=axis_title(data.metric), range=percent_range(data.lines))
    return figure


def add_strip(figure: go.Figure, spans: Sequence[tuple[float, float]], parameter: str, x: Sequence[float]) -> None:
    """Mark spans of the parameter by a strip that lies on the horizontal axis.

    Args:
        figure: of ``draw_sweep``.
        spans: least and greatest value of each, as ``figure_data.may_be_best`` returns them.
        parameter: what makes the axis.
        x: every value on it, which says how far a strip reaches beyond its ends.

    """
    logarithmic = parameter == "temperature"
    places = [math.log10(value) if logarithmic else value for value in x]
    reach = 0.02 * (max(places) - min(places))
    for span in spans:
        ends = [math.log10(end) if logarithmic else end for end in span]
        low, high = ends[0] - reach, ends[1] + reach
        sides = {"x0": 10**low, "x1": 10**high} if logarithmic else {"x0": low, "x1": high}
        figure.add_shape(type="rect", yref="paper", y0=0, y1=0.03, fillcolor=INK, opacity=0.75, line_width=0, **sides)


def percent_range(lines: Sequence[Line], more: Sequence[float] = ()) -> tuple[float, float] | None:
    """Return the axis' ends in % for all of these and more accuracies: what leaves 0 to 100 is cut there."""
    values = [*more]
    values += [dot.accuracy for line in lines for dot in line.dots]
    values += [end for line in lines for i in line.intervals for end in (i.low, i.high) if end is not None]
    if not values:
        return None
    low, high = max(0.0, 100 * min(values)), min(100.0, 100 * max(values))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def draw_boxes(data: Sequence[Box], metric: str, arms: Sequence[str]) -> go.Figure:
    """Draw accuracy (%) per subset, one box per arm with every run beside it."""
    figure = empty(height=460)
    for arm in dict.fromkeys(box.key.arm for box in data):
        look = style(arms, arm)
        own = [box for box in data if box.key.arm == arm]
        figure.add_box(
            x=[box.key.subset for box in own for _ in box.accuracies],
            y=[100 * value for box in own for value in box.accuracies],
            customdata=[[escaped(box.key.configuration), seed] for box in own for seed in box.seeds],
            hovertemplate="%{customdata[0]}<br>seed %{customdata[1]}: %{y:.1f} %<extra></extra>",
            name=escaped(arm),
            offsetgroup=escaped(arm),  # published numbers stand in the same column
            boxpoints="all",
            pointpos=0,
            jitter=0.35,
            marker={"color": look.colour, "symbol": look.marker, "size": 6, "opacity": 0.7},
            line={"width": 1.5},
            fillcolor="rgba(0,0,0,0)",
        )
    order = list(dict.fromkeys(box.key.subset for box in data))
    figure.update_layout(boxmode="group", boxgap=0.25, boxgroupgap=0.2)
    figure.update_xaxes(title_text="Training subset", type="category", categoryorder="array", categoryarray=order)
    figure.update_yaxes(title_text=axis_title(metric))
    return figure


def draw_curves(accuracy: Sequence[Curve], loss: Sequence[Curve], arms: Sequence[str]) -> go.Figure:
    """Draw validation accuracy (%) above and training loss below, per epoch: thin lines are runs, thick ones means.

    Marks above show where runs ended that are not complete.

    The curves are of one subset, because validation accuracies do not compare across subsets.
    """
    panels = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure = empty(height=680, base=panels)
    for row, data in enumerate((accuracy, loss), start=1):
        for curve in data:
            _add_curve(figure, curve, style(arms, curve.key.arm), row)
    shown = {(curve.key.configuration, seed) for curve in accuracy for seed, _, _ in curve.runs[:MOST_DRAWN]}
    add_cuts(figure, [cut for curve in accuracy for cut in curve.cuts if (cut.configuration, cut.seed) in shown])
    figure.update_yaxes(title_text=axis_title("validation"), row=1, col=1)
    figure.update_yaxes(title_text="Training loss", row=2, col=1)
    drawn = [epochs for curve in accuracy for epochs in (curve.epochs, *(epochs for _, epochs, _ in curve.runs))]
    last = [epochs[-1] for epochs in drawn if epochs]
    figure.update_xaxes(range=epoch_range(max(last, default=1)))
    figure.update_xaxes(title_text="Epoch", row=2, col=1)
    return figure


def add_line(figure: go.Figure, line: Line, look: Style, sign: str, mode: str = "lines+markers") -> None:
    """Add a series that varies the parameter: dots for runs, then the means with their intervals, joined or not."""
    name = escaped(line.label)
    dots = first_of_each(line.dots, [dot.x for dot in line.dots])
    figure.add_scatter(
        x=[dot.x for dot in dots],
        y=[100 * dot.accuracy for dot in dots],
        customdata=[dot.seed for dot in dots],
        mode="markers",
        marker={"symbol": f"{look.marker}-open", "size": 7, "color": faint(look.colour, 0.55)},
        name=name,
        legendgroup=name,
        showlegend=False,
        hovertemplate=f"{name}<br>{escaped(sign)} = %{{x:~g}}, seed %{{customdata}}: %{{y:.1f}} %<extra></extra>",
    )
    figure.add_scatter(
        x=list(line.x),
        y=[100 * interval.mean for interval in line.intervals],
        error_y={
            "type": "data",
            "array": [None if i.half_width is None else 100 * i.half_width for i in line.intervals],
            "thickness": 1.8,
            "width": 5,
        },
        customdata=[f"{interval.percent()} % ({interval.label()})" for interval in line.intervals],
        mode=mode,
        marker={"symbol": look.marker, "size": 10, "color": look.colour},
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        name=name,
        legendgroup=name,
        hovertemplate=f"{name}<br>{escaped(sign)} = %{{x:~g}}<br>%{{customdata}}<extra></extra>",
    )


def _add_level(figure: go.Figure, line: Line, look: Style, ends: tuple[float, float]) -> None:
    """Add an arm that does not vary the parameter: a level with its band, and its runs at the right edge."""
    name, interval, dots = escaped(line.label), line.intervals[0], line.dots[:MOST_DRAWN]
    if interval.low is not None and interval.high is not None:
        low, high = 100 * interval.low, 100 * interval.high
        figure.add_scatter(
            x=[ends[0], ends[1], ends[1], ends[0]],
            y=[low, low, high, high],
            fill="toself",
            fillcolor=faint(look.colour, 0.13),
            mode="lines",
            line={"width": 0},
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[ends[1]] * len(dots),
        y=[100 * dot.accuracy for dot in dots],
        customdata=[dot.seed for dot in dots],
        mode="markers",
        marker={"symbol": f"{look.marker}-open", "size": 7, "color": faint(look.colour, 0.55)},
        legendgroup=name,
        showlegend=False,
        cliponaxis=False,
        hovertemplate=f"{name}<br>seed %{{customdata}}: %{{y:.1f}} %<extra></extra>",
    )
    figure.add_scatter(
        x=list(ends),
        y=[100 * interval.mean] * 2,
        mode="lines",
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        name=name,
        legendgroup=name,
        hovertemplate=f"{name}<br>{interval.percent()} % ({interval.label()})<extra></extra>",
    )


def _add_curve(figure: go.Figure, curve: Curve, look: Style, row: int) -> None:
    """Add one configuration to one panel (accuracy above, loss below): runs as one trace with gaps, then the mean."""
    name = escaped(curve.key.configuration)
    scale = 100 if row == 1 else 1
    epochs: list[int | None] = []
    values: list[float | None] = []
    for _, own, found in curve.runs[:MOST_DRAWN]:
        epochs += [*own, None]
        values += [*finite(found, scale), None]
    shared = {"legendgroup": name, "row": row, "col": 1, "name": name, "mode": "lines"}
    thin = {"color": faint(look.colour, 0.35), "width": 1}
    figure.add_scatter(x=epochs, y=values, line=thin, showlegend=False, hoverinfo="skip", **shared)
    figure.add_scatter(
        x=list(curve.epochs),
        y=finite(curve.means, scale),
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        showlegend=row == 1,
        hovertemplate=f"{name}<br>epoch %{{x}}: %{{y:.3~f}} (mean, n = {curve.n})<extra></extra>",
        **shared,
    )


def add_cuts(figure: go.Figure, cuts: Sequence[Cut]) -> None:
    """Mark where runs ended that are not complete, one mark per status."""
    for status, mark in CUTS.items():
        own = [cut for cut in cuts if cut.status == status]
        if own:
            figure.add_scatter(
                x=[cut.epoch for cut in own],
                y=finite([cut.value for cut in own], 100),
                customdata=[[escaped(cut.configuration), cut.seed] for cut in own],
                mode="markers",
                marker={"symbol": mark, "size": 10, "color": INK, "line": {"width": 2}},
                name=status,
                cliponaxis=False,
                hovertemplate=f"%{{customdata[0]}}, seed %{{customdata[1]}}<br>{status}, epoch %{{x}}<extra></extra>",
            )
