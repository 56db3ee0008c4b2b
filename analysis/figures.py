"""Draw the report's figures with plotly: one theme, colours safe for colour-blind readers, shapes that survive grey.

Every name that a study file or a data set brought is escaped, because plotly reads a part of HTML in texts.
"""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.frames import symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.figure_data import Box, Curve, Line, Sweep

# Okabe and Ito's palette without yellow, which is lost on white; black comes last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down", "pentagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, GRID = "#1b1f24", "#e3e6ea"


def draw_sweep(data: Sweep) -> go.Figure:
    """Draw accuracy (%) against the varied parameter; the axis is logarithmic for T and linear for the others."""
    figure = _figure(height=460)
    logarithmic = data.parameter == "temperature"
    left, right = _range([x for line in data.lines for x in line.x], logarithmic=logarithmic)
    for index, line in enumerate(data.lines):
        if line.x:
            _add_line(figure, line, index, symbol(data.parameter))
        else:
            _add_level(figure, line, index, (left, right))
    title = f"Temperature {symbol(data.parameter)}" if logarithmic else symbol(data.parameter)
    figure.update_xaxes(title_text=escaped(title))
    if logarithmic:
        figure.update_xaxes(type="log", range=[math.log10(left), math.log10(right)], dtick=1, exponentformat="power")
    else:
        figure.update_xaxes(range=[left, right])
    figure.update_yaxes(title_text=axis_title(data.metric))
    return figure


def draw_boxes(data: Sequence[Box], metric: str) -> go.Figure:
    """Draw accuracy (%) per subset, one box per arm with every run beside it."""
    figure = _figure(height=460)
    for index, arm in enumerate(dict.fromkeys(box.key.arm for box in data)):
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
            marker={"color": _of(COLOURS, index), "symbol": _of(MARKERS, index), "size": 6, "opacity": 0.7},
            line={"width": 1.5},
            fillcolor="rgba(0,0,0,0)",
        )
    order = list(dict.fromkeys(box.key.subset for box in data))
    figure.update_layout(boxmode="group", boxgap=0.25, boxgroupgap=0.2)
    figure.update_xaxes(title_text="Training subset", type="category", categoryorder="array", categoryarray=order)
    figure.update_yaxes(title_text=axis_title(metric))
    return figure


def draw_curves(accuracy: Sequence[Curve], loss: Sequence[Curve]) -> go.Figure:
    """Draw validation accuracy (%) above and training loss below, per epoch: thin lines are runs, thick ones means."""
    panels = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure = _figure(height=680, base=panels)
    several = len({curve.key.subset for curve in accuracy}) > 1
    for row, data in enumerate((accuracy, loss), start=1):
        for index, curve in enumerate(data):
            name = f"{curve.key.configuration} · {curve.key.subset}" if several else curve.key.configuration
            _add_curve(figure, curve, index, row, escaped(name))
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


def _of(choices: tuple[str, ...], index: int) -> str:
    return choices[index % len(choices)]


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


def _add_line(figure: go.Figure, line: Line, index: int, sign: str) -> None:
    """Add a series that varies the parameter: dots for runs, then the mean line with its intervals."""
    colour, marker, name = _of(COLOURS, index), _of(MARKERS, index), escaped(line.label)
    figure.add_scatter(
        x=[dot.x for dot in line.dots],
        y=[100 * dot.accuracy for dot in line.dots],
        customdata=[dot.seed for dot in line.dots],
        mode="markers",
        marker={"symbol": f"{marker}-open", "size": 7, "color": _faint(colour, 0.55)},
        name=name,
        legendgroup=str(index),
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
        marker={"symbol": marker, "size": 10, "color": colour},
        line={"color": colour, "width": 2.5, "dash": _of(DASHES, index)},
        name=name,
        legendgroup=str(index),
        hovertemplate=f"{name}<br>{escaped(sign)} = %{{x:~g}}<br>%{{customdata}}<extra></extra>",
    )


def _add_level(figure: go.Figure, line: Line, index: int, ends: tuple[float, float]) -> None:
    """Add an arm that does not vary the parameter: a level with its band, and its runs at the right edge."""
    colour, name, interval = _of(COLOURS, index), escaped(line.label), line.intervals[0]
    if interval.low is not None and interval.high is not None:
        low, high = 100 * interval.low, 100 * interval.high
        figure.add_scatter(
            x=[ends[0], ends[1], ends[1], ends[0]],
            y=[low, low, high, high],
            fill="toself",
            fillcolor=_faint(colour, 0.13),
            mode="lines",
            line={"width": 0},
            legendgroup=str(index),
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[ends[1]] * len(line.dots),
        y=[100 * dot.accuracy for dot in line.dots],
        customdata=[dot.seed for dot in line.dots],
        mode="markers",
        marker={"symbol": f"{_of(MARKERS, index)}-open", "size": 7, "color": _faint(colour, 0.55)},
        legendgroup=str(index),
        showlegend=False,
        cliponaxis=False,
        hovertemplate=f"{name}<br>seed %{{customdata}}: %{{y:.1f}} %<extra></extra>",
    )
    figure.add_scatter(
        x=list(ends),
        y=[100 * interval.mean] * 2,
        mode="lines",
        line={"color": colour, "width": 2.5, "dash": _of(DASHES, index)},
        name=name,
        legendgroup=str(index),
        hovertemplate=f"{name}<br>{interval.percent()} % ({interval.label()})<extra></extra>",
    )


def _add_curve(figure: go.Figure, curve: Curve, index: int, row: int, name: str) -> None:
    """Add one configuration to one panel (accuracy above, loss below): runs as one trace with gaps, then the mean."""
    colour = _of(COLOURS, index)
    scale = 100 if row == 1 else 1
    epochs: list[int | None] = []
    values: list[float | None] = []
    for _, own, found in curve.runs:
        epochs += [*own, None]
        values += [*_finite(found, scale), None]
    shared = {"legendgroup": str(index), "row": row, "col": 1, "name": name, "mode": "lines"}
    thin = {"color": _faint(colour, 0.35), "width": 1}
    figure.add_scatter(x=epochs, y=values, line=thin, showlegend=False, hoverinfo="skip", **shared)
    figure.add_scatter(
        x=list(curve.epochs),
        y=_finite(curve.means, scale),
        line={"color": colour, "width": 2.5, "dash": _of(DASHES, index)},
        showlegend=row == 1,
        hovertemplate=f"{name}<br>epoch %{{x}}: %{{y:.3~f}} (mean, n = {curve.n})<extra></extra>",
        **shared,
    )


def _finite(values: Sequence[float], scale: int) -> list[float | None]:
    """Scale values and leave a gap where one is not finite: a diverged run's loss."""
    return [scale * value if math.isfinite(value) else None for value in values]
