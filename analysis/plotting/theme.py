"""How every figure of a report looks: one theme, colours safe for colour-blind readers, shapes that survive grey.

Every name that a study file or a data set brought is escaped, because plotly reads a part of HTML in texts.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from analysis.results.measures import metric_name
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


T = TypeVar("T")
# Okabe and Ito's palette without yellow, which is lost on white; black comes last.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down", "pentagon")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, PAPER, GRID, SHADE = "#1b1f24", "#ffffff", "#e3e6ea", "rgba(27,31,36,0.10)"
SCALE = "Cividis"  # its lightness rises evenly, for colour-blind readers and in grey
# Steps of that scale from what stands out most to what stands out least, on white paper; on dark paper in reverse.
STRENGTHS = tuple(
    "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
    for rgb in sample_colorscale(SCALE, [0.2 + 0.04 * step for step in range(16)], colortype="tuple")
)
SOFT = "#8c8c8c"  # of what matters less; it stands out from white and from dark paper
# What marks the end of a run that is not complete, by its status.
CUTS = {"stopped": "x-thin", "diverged": "y-up-open", "failed": "square-x-open"}
MAX_DRAWN = 50  # runs of a configuration that are drawn one by one: tens of thousands of marks make a browser slow


class Style(NamedTuple):
    """How an arm is drawn in every figure of a report: by its place among the study's arms."""

    colour: str
    marker: str
    dash: str


def style(arms: Sequence[str], arm: str, turn: int = 0) -> Style:
    """Return an arm's colour and marker, and the dash of its line number ``turn`` within one figure, from 0."""
    place = arms.index(arm)
    return Style(COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)], DASHES[(place + turn) % len(DASHES)])


def empty(*, height: int, base: go.Figure | None = None) -> go.Figure:
    """Return an empty figure in the report's theme, the legend below so that a narrow screen keeps its width."""
    figure = go.Figure() if base is None else base
    axis: dict[str, Any] = {"gridcolor": GRID, "linecolor": INK, "ticks": "outside", "zeroline": False}
    axis |= {"tickcolor": INK, "showline": True, "automargin": True, "title": {"standoff": 8}}
    template = go.layout.Template()
    template.layout = go.Layout(
        font={"family": FONT, "size": 14, "color": INK},
        paper_bgcolor=PAPER,
        plot_bgcolor=PAPER,
        xaxis=axis,
        yaxis=axis,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        hoverlabel={"font": {"family": FONT, "color": INK}, "bgcolor": PAPER, "bordercolor": INK},
        margin={"l": 60, "r": 16, "t": 34, "b": 110},
    )
    strokes = {"marker": {"line": {"color": INK}}}  # of marks that are strokes, such as "x-thin"
    template.data.scatter = [go.Scatter(strokes)]
    template.data.heatmap = [go.Heatmap(colorbar={"tickcolor": INK, "outlinecolor": INK})]
    figure.update_layout(template=template, height=height, showlegend=True)
    return figure


def axis_title(metric: str) -> str:
    """Return an accuracy axis' title with its unit."""
    return f"{metric_name(metric)} (%)"


def escaped(text: str) -> str:
    """Return text that plotly shows as it is.

    Markup and the template sign % become entities. Quotes stay: plotly would show their entities literally.
    """
    return html.escape(visible(text), quote=False).replace("%", "&#37;")


def faint(colour: str, alpha: float) -> str:
    """Return a colour ``#rrggbb`` with an opacity from 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def strength(share: float) -> str:
    """Return the colour of a line that stands out from the paper by a share from 0 to 1."""
    return STRENGTHS[round((1 - share) * (len(STRENGTHS) - 1))]


def first_of_each(drawn: Sequence[T], group: Sequence[Hashable]) -> list[T]:
    """Return what is to be drawn: of each group, that is of each configuration, the first ``MAX_DRAWN``."""
    count: Counter[Hashable] = Counter()
    first = []
    for item, its_group in zip(drawn, group, strict=True):
        count[its_group] += 1
        if count[its_group] <= MAX_DRAWN:
            first.append(item)
    return first


def finite(values: Sequence[float], scale: float) -> list[float | None]:
    """Scale values and leave a gap where one is not finite: a diverged run's loss."""
    return [scale * value if math.isfinite(value) else None for value in values]


def epoch_range(last: int) -> tuple[float, float]:
    """Return the ends of an axis of epochs from 1 to the last, with room for marks on both."""
    margin = 0.02 * (last - 1) or 0.5
    return 1 - margin, last + margin
