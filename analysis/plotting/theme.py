"""How every figure looks: plotly's templates ``gce_light`` and ``gce_dark``, and what figures share.

A figure is drawn once, for white paper; ``analysis.plotting.dark`` changes its template and the colours of its marks.
Every name that a study file or a data set brought is escaped, because plotly reads a part of HTML in texts.
"""

from __future__ import annotations

import html
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import plotly.graph_objects as go
import plotly.io as pio

from analysis.plotting import palette
from analysis.plotting.palette import DIVERGING, HUES, SEQUENTIAL, scale
from analysis.results.measures import metric_name
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


T = TypeVar("T")
LIGHT, DARK = "gce_light", "gce_dark"
COLOURS = tuple(shades[0].light for shades in HUES.values())  # of what is no arm
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, PAPER, GRID, SOFT = (pair.light for pair in (palette.INK, palette.PAPER, palette.GRID, palette.SOFT))
STRENGTHS = tuple(pair.light for pair in palette.STRENGTHS)
# What marks the end of a run that is not complete, by its status.
CUTS = {"stopped": "x-thin", "diverged": "y-up-open", "failed": "square-x-open"}
MAX_DRAWN = 50  # runs of a configuration that are drawn one by one: tens of thousands of marks make a browser slow


def _template(*, dark: bool) -> go.layout.Template:
    """Return the template of figures on one paper."""
    ink, paper, grid = palette.INK[dark], palette.PAPER[dark], palette.GRID[dark]
    sequential, diverging = scale(SEQUENTIAL, dark=dark), scale(DIVERGING, dark=dark)
    axis: dict[str, Any] = {"gridcolor": grid, "linecolor": ink, "ticks": "outside", "zeroline": False}
    axis |= {"tickcolor": ink, "showline": True, "automargin": True, "title": {"standoff": 8}}
    template = go.layout.Template()
    template.layout = go.Layout(
        font={"family": FONT, "size": 14, "color": ink},
        paper_bgcolor=paper,
        plot_bgcolor=paper,
        colorway=[shades[0][dark] for shades in HUES.values()],
        colorscale={"sequential": sequential, "sequentialminus": sequential, "diverging": diverging},
        xaxis=axis,
        yaxis=axis,
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        hoverlabel={"font": {"family": FONT, "color": ink}, "bgcolor": paper, "bordercolor": ink, "align": "left"},
        margin={"l": 60, "r": 16, "t": 34, "b": 110},
        separators=".,",
    )
    bar = {"tickcolor": ink, "outlinewidth": 0, "thickness": 14}
    strokes = {"marker": {"line": {"color": ink}}}  # of marks that are strokes, such as "x-thin"
    template.data.scatter = [go.Scatter(strokes)]
    template.data.heatmap = [go.Heatmap(colorscale=sequential, colorbar=bar)]
    return template


for _name in (LIGHT, DARK):
    pio.templates[_name] = _template(dark=_name == DARK)


def templates() -> dict[str, Any]:
    """Return the templates by their names, as plain data."""
    return {name: pio.templates[name].to_plotly_json() for name in (LIGHT, DARK)}


def empty(*, height: int, base: go.Figure | None = None) -> go.Figure:
    """Return an empty figure for white paper, the legend below so that a narrow screen keeps its width."""
    figure = go.Figure() if base is None else base
    figure.update_layout(template=LIGHT, height=height, showlegend=True)
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
    return STRENGTHS[round(share * (len(STRENGTHS) - 1))]


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
