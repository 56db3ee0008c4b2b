"""Draw the report's figures with plotly: one theme, colours safe for colour-blind readers, shapes that survive grey.

Every name that a study file or a data set brought is escaped, because plotly reads a part of HTML in texts.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from trainables.labels import symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.figure_data import Box, Curve, Line, Sweep

# Okabe and Ito's palette without yellow, which is lost on white; black comes last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down", "pentagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, GRID = "#1b1f24", "#e3e6ea"


class Style(NamedTuple):
    """How an arm is drawn in every figure of a report: by its place among the study's arms."""

    colour: str
    marker: str
    dash: str


def style(arms: Sequence[str], arm: str, turn: int = 0) -> Style:
    """Return an arm's colour and marker, and the dash of its line number ``turn`` within one figure, from 0."""
    place = arms.index(arm)
    return Style(COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)], DASHES[(place + turn) % len(DASHES)])


def draw_sweep(data: Sweep, arms: Sequence[str]) -> go.Figure:
    """Draw accuracy (%) against the varied parameter; the axis is logarithmic for T and linear for the others.

    ``arms`` are all the study's arms, here and below: they keep their colours and markers from figure to figure.
    """
    figure = _figure(height=460)
    logarithmic = data.parameter == "temperature"
    left, right = _range([x for line in data.lines for x in line.x], logarithmic=logarithmic)
    for index, line in enumerate(data.lines):
        look = style(arms, line.arm, sum(earlier.arm == line.arm for earlier in data.lines[:index]))
        if line.x:
            _add_line(figure, line, look, symbol(data.parameter))
        else:
            _add_level(figure, line, look, (left, right))
    title = f"Temperature {symbol(data.parameter)}" if logarithmic else symbol(data.parameter)
    figure.update_xaxes(title_text=escaped(title))
    if logarithmic:
        figure.update_xaxes(type="log", range=[math.log10(left), math.log10(right)], dtick=1, exponentformat="power")
    else:
        figure.update_xaxes(range=[left, right])
    figure.update_yaxes(title_text=axis_title(data.metric), range=_percent_range(data.lines))
    return figure


def _percent_range(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return the axis' ends for accuracies in %: an interval that leaves 0 to 100 is cut there."""
    values = [dot.accuracy for line in lines for dot in line.dots]
    values += [end for line in lines for i in line.intervals for end in (i.low, i.high) if end is not None]
    if not values:
        return None
    low, high = max(0.0, 100 * min(values)), min(100.0, 100 * max(values))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def draw_boxes(data: Sequence[Box], metric: str, arms: Sequence[str]) -> go.Figure:
    """Draw accuracy (%) per subset, one box per arm with every run beside it."""
    figure = _figure(height=460)
    for arm in dict.fromkeys(box.key.arm for box in data):
        look = style(arms, arm)
        own = [box for box in data if box.key.arm == arm]
        figure.add_box(
            x=[box.key.subset for box in own for _ in box.accuracies],
            y=[100 * value for box in own for value in box.accuracies],
            customdata=[[escaped(box.key.configuration), seed] for box in own for seed in box.seeds],
            hovertemplate="%{customdata[0]}<br>seed %{customdata[1]}: %{y:.1f} %<extra></extra>",
            name=escaped(arm),
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

    The curves are of one subset, because validation accuracies do not compare across subsets.
    """
    panels = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure = _figure(height=680, base=panels)
    for row, data in enumerate((accuracy, loss), start=1):
        for curve in data:
            _add_curve(figure, curve, style(arms, curve.key.arm), row)
    figure.update_yaxes(title_text=axis_title("validation"), row=1, col=1)
    figure.update_yaxes(title_text="Training loss", row=2, col=1)
    figure.update_xaxes(title_text="Epoch", row=2, col=1)
    return figure


def axis_title(metric: str) -> str:
    """Return an accuracy axis' title with its unit."""
    return f"{metric.capitalize()} accuracy (%)"


def escaped(text: str) -> str:
    """Return text that plotly shows as it is.

    Markup and the template sign % become entities. Quotes stay: plotly would show their entities literally.
    """
    return html.escape(text, quote=False).replace("%", "&#37;")


def _faint(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _figure(*, height: int, base: go.Figure | None = None) -> go.Figure:
    """Return an empty figure in the report's theme, the legend below so that a narrow screen keeps its width."""
    figure = go.Figure() if base is None else base
    axis: dict[str, Any] = {"gridcolor": GRID, "linecolor": INK, "ticks": "outside", "zeroline": False}
    axis |= {"showline": True, "automargin": True, "title": {"standoff": 8}}
    template = go.layout.Template()
    template.layout = go.Layout(
        font={"family": FONT, "size": 14, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        xaxis=axis,
        yaxis=axis,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        hoverlabel={"font": {"family": FONT}},
        margin={"l": 60, "r": 16, "t": 34, "b": 110},
    )
    figure.update_layout(template=template, height=height, showlegend=True)
    return figure


def _range(values: Sequence[float], *, logarithmic: bool) -> tuple[float, float]:
    """Return the axis' ends, a little outside the values, so that a level can be drawn from side to side."""
    if not values:
        return (1.0, 10.0)
    scaled = [math.log10(value) for value in values] if logarithmic else list(values)
    margin = 0.08 * (max(scaled) - min(scaled)) or 0.5
    left, right = min(scaled) - margin, max(scaled) + margin
    return (10**left, 10**right) if logarithmic else (left, right)


def _add_line(figure: go.Figure, line: Line, look: Style, sign: str) -> None:
    """Add a series that varies the parameter: dots for runs, then the mean line with its intervals."""
    name = escaped(line.label)
    figure.add_scatter(
        x=[dot.x for dot in line.dots],
        y=[100 * dot.accuracy for dot in line.dots],
        customdata=[dot.seed for dot in line.dots],
        mode="markers",
        marker={"symbol": f"{look.marker}-open", "size": 7, "color": _faint(look.colour, 0.55)},
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
        mode="lines+markers",
        marker={"symbol": look.marker, "size": 10, "color": look.colour},
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        name=name,
        legendgroup=name,
        hovertemplate=f"{name}<br>{escaped(sign)} = %{{x:~g}}<br>%{{customdata}}<extra></extra>",
    )


def _add_level(figure: go.Figure, line: Line, look: Style, ends: tuple[float, float]) -> None:
    """Add an arm that does not vary the parameter: a level with its band, and its runs at the right edge."""
    name, interval = escaped(line.label), line.intervals[0]
    if interval.low is not None and interval.high is not None:
        low, high = 100 * interval.low, 100 * interval.high
        figure.add_scatter(
            x=[ends[0], ends[1], ends[1], ends[0]],
            y=[low, low, high, high],
            fill="toself",
            fillcolor=_faint(look.colour, 0.13),
            mode="lines",
            line={"width": 0},
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[ends[1]] * len(line.dots),
        y=[100 * dot.accuracy for dot in line.dots],
        customdata=[dot.seed for dot in line.dots],
        mode="markers",
        marker={"symbol": f"{look.marker}-open", "size": 7, "color": _faint(look.colour, 0.55)},
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
    for _, own, found in curve.runs:
        epochs += [*own, None]
        values += [*_finite(found, scale), None]
    shared = {"legendgroup": name, "row": row, "col": 1, "name": name, "mode": "lines"}
    thin = {"color": _faint(look.colour, 0.35), "width": 1}
    figure.add_scatter(x=epochs, y=values, line=thin, showlegend=False, hoverinfo="skip", **shared)
    figure.add_scatter(
        x=list(curve.epochs),
        y=_finite(curve.means, scale),
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        showlegend=row == 1,
        hovertemplate=f"{name}<br>epoch %{{x}}: %{{y:.3~f}} (mean, n = {curve.n})<extra></extra>",
        **shared,
    )


def _finite(values: Sequence[float], scale: int) -> list[float | None]:
    """Scale values and leave a gap where one is not finite: a diverged run's loss."""
    return [scale * value if math.isfinite(value) else None for value in values]
