"""Names beside the right ends of lines, in place of a legend; they are pushed apart where they would overlap."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import isotonic_regression

from analysis.plotting.theme import escaped
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

MAX_LABELS = 8  # lines with a label each; more have a legend
SIZE, LINE = 13, 16  # pixels: of the letters, and from line to line
LETTER = 7.6  # pixels: width of a bold letter, on average
WIDTH, LINES = 13, 3  # letters in a line, and lines: longer names are shortened, so that a narrow screen has room


class _Parts(textwrap.TextWrapper):
    """Wraps names behind their dots and underscores too."""

    wordsep_simple_re = re.compile(r"(\s+|(?<=[._])(?=\S))")


@dataclass(frozen=True)
class EndLabel:
    """A name with the height (in the axis' unit) and the colour of the line that it belongs to.

    Attributes:
        name: as it is, of any length; it is wrapped, shortened and escaped here.
        at: height of the line's end.
        colour: of the line.
        value: a number to write behind the name, such as ``74.2``.

    """

    name: str
    at: float
    colour: str
    value: str = ""

    @property
    def lines(self) -> list[str]:
        """The label's lines, without markup; the value is the end of the last one."""
        lines = _Parts(WIDTH, max_lines=LINES, placeholder="…", break_on_hyphens=False).wrap(visible(self.name)) or [""]
        if not self.value:
            return lines
        fits = len(lines[-1]) + 1 + len(self.value) <= WIDTH
        return [*lines[:-1], f"{lines[-1]} {self.value}"] if fits else [*lines, self.value]

    @property
    def text(self) -> str:
        """The label as plotly's markup: the name bold, the value plain."""
        *first, last = self.lines
        name, value = (last.removesuffix(self.value), self.value) if self.value else (last, "")
        bold = [f"<b>{escaped(line)}</b>" for line in (*first, name.rstrip()) if line]
        text = "<br>".join(bold)
        return text + (" " if name else "<br>") * bool(value) + escaped(value)


def spread(centres: Sequence[float], sizes: Sequence[float], room: float) -> list[float]:
    """Return the centres nearest to the given ones, by least squares, at which nothing overlaps; the order is kept.

    Args:
        centres: where the middle of each label belongs, from 0 to ``room``.
        sizes: how much each label takes.
        room: all there is; if that is too little, what is above the room sticks out.

    """
    order = np.argsort(centres, kind="stable")
    size = np.asarray(sizes, dtype=float)[order]
    offsets = np.cumsum(size) - size / 2
    fitted = isotonic_regression(np.asarray(centres, dtype=float)[order] - offsets).x
    placed = np.empty(len(order))
    placed[order] = np.clip(fitted, 0, max(0.0, room - float(size.sum()))) + offsets
    return [float(place) for place in placed]


def add_end_labels(
    figure: go.Figure, labels: Sequence[EndLabel], limits: tuple[float, float], room: float | None = None
) -> None:
    """Write every label at the right of the plot, at its height or as near as there is room; widen the margin.

    Args:
        figure: with its height and its upper and lower margins as they will be drawn.
        labels: in any order.
        limits: the ends of the vertical axis.
        room: length of that axis in pixels; None if it is the figure's only one.

    """
    if not labels:
        return
    low, high = limits
    layout = figure.layout
    room = layout.height - layout.margin.t - layout.margin.b if room is None else room
    ideal = [room * (min(max(label.at, low), high) - low) / (high - low) for label in labels]
    centres = spread(ideal, [LINE * len(label.lines) for label in labels], room)
    for label, wanted, centre in zip(labels, ideal, centres, strict=True):
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="left",
            xshift=10,
            y=min(max(label.at, low), high),
            yref="y",
            yanchor="middle",
            yshift=centre - wanted,
            text=label.text,
            showarrow=False,
            align="left",
            font={"size": SIZE, "color": label.colour},
        )
    longest = max(len(line) for label in labels for line in label.lines)
    figure.update_layout(margin_r=round(16 + LETTER * longest), showlegend=False)
