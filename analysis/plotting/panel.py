"""A figure, or a part of one, whose horizontal axis is a parameter: where its marks stand, and what is marked there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from analysis.plotting.theme import faint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.plotting.parameter_axis import ParameterAxis
    from analysis.plotting.styles import Style

GOLDEN = (math.sqrt(5) - 1) / 2  # the multiples of it, modulo 1, are evenly spread, however many there are


class Lane(NamedTuple):
    """Where one of several series stands beside the values that they share, in distances between neighbours."""

    number: int  # from 0
    of: int

    @property
    def middle(self) -> float:
        """How far to the right of its values a series stands."""
        return 0.7 * ((self.number + 0.5) / self.of - 0.5)

    @property
    def reach(self) -> float:
        """How far runs are strewn to either side."""
        return min(0.16, 0.3 / self.of)


ONLY = Lane(0, 1)


@dataclass(frozen=True)
class Panel:
    """A figure, or a part of one, whose horizontal axis is a parameter.

    Attributes:
        figure: to draw in.
        axis: the parameter's axis.
        at: ``row`` and ``col`` in a figure of several panels.

    """

    figure: go.Figure
    axis: ParameterAxis
    at: Mapping[str, int] = field(default_factory=dict)

    def scatter(self, **trace: object) -> None:
        """Add a trace of marks or lines."""
        self.figure.add_scatter(**trace, **self.at)

    def shape(self, **shape: object) -> None:
        """Add a shape."""
        self.figure.add_shape(**shape, **self.at)

    def note(self, **annotation: object) -> None:
        """Add an annotation; plotly wants the logarithm of its ``x`` on a logarithmic axis."""
        self.figure.add_annotation(**annotation, **self.at)


def jitter(seed: int) -> float:
    """Return where a run is drawn beside its value, from -1 to 1: the same for a seed in every figure."""
    return 2 * math.modf((seed + 1) * GOLDEN)[0] - 1


def shade(panel: Panel, spans: Sequence[tuple[float, float]], colour: str) -> None:
    """Shade spans of the parameter, each from halfway to its neighbours."""
    on, values = panel.axis, sorted(set(panel.axis.x))
    left, right = on.ends
    for low, high in spans:
        before = max((value for value in values if value < low), default=None)
        after = min((value for value in values if value > high), default=None)
        panel.shape(
            type="rect",
            x0=left if before is None else on.between(before, low),
            x1=right if after is None else on.between(high, after),
            y0=0,
            y1=1,
            yref="y domain",
            fillcolor=faint(colour, 0.08),
            line_width=0,
            layer="below",
        )


def point_at(panel: Panel, x: float, ends: tuple[float, float], look: Style, word: str) -> None:
    """Write a word above the plot, with a line down to the mark of the choice that ends above its interval.

    Args:
        panel: where to draw.
        x: place of the mark.
        ends: of the line, in the unit of the vertical axis: the upper end of the interval, and that of the axis.
        look: of the arm.
        word: what to write.

    """
    panel.shape(type="line", x0=x, x1=x, y0=ends[0], y1=ends[1], line={"color": look.colour, "width": 1, "dash": "dot"})
    panel.note(
        x=math.log10(x) if panel.axis.logarithmic else x,
        y=1,
        yref="y domain",
        yanchor="bottom",
        text=f"<b>{word}</b>",
        showarrow=False,
        font={"size": 13, "color": look.colour},
    )
