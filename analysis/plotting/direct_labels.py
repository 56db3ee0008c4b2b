"""Names beside the right ends of lines, in place of a legend; they are pushed apart where they would overlap."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import isotonic_regression

from analysis.plotting.class_matrix import shortened
from analysis.plotting.theme import escaped
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go
    from plotly.graph_objs import Layout

NAME = "end of a line"  # of the annotations
MAX_LABELS = 8  # lines with a label each; more have a legend
SIZE, LINE = 13, 16  # pixels: of the letters, and from line to line
LETTER = 8.2  # pixels: width of a bold letter, on average
LONGEST = 30  # letters of a name; more are cut in its middle
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
        parts = _Parts(WIDTH, max_lines=LINES, placeholder="…", break_on_hyphens=False)
        lines = parts.wrap(shortened(visible(self.name), LONGEST)) or [""]
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


def add_end_labels(figure: go.Figure, labels: Sequence[EndLabel], limits: tuple[float, float]) -> None:
    """Write every label at the right of the plot, at its height or as near as there is room; widen the margin.

    Args:
        figure: with its height and its upper and lower margins as they will be drawn; its first panel is labelled.
        labels: in any order.
        limits: the ends of the vertical axis.

    """
    if not labels:
        return
    low, high = limits
    for label in labels:
        figure.add_annotation(
            name=NAME,
            x=1,
            xref="paper",
            xanchor="left",
            xshift=10,
            y=min(max(label.at, low), high),
            yref="y",
            yanchor="middle",
            text=label.text,
            showarrow=False,
            align="left",
            font={"size": SIZE, "color": label.colour},
        )
    longest = max(len(line) for label in labels for line in label.lines)
    figure.update_layout(margin_r=round(16 + LETTER * longest), showlegend=False, yaxis_range=limits)
    keep_apart(figure.layout, figure.layout.height)


def keep_apart(layout: Layout | dict[str, Any], height: float) -> None:
    """Shift the labels at the ends of lines so that they do not overlap in a figure of another height.

    Args:
        layout: of the figure, or the same as plain data; it is modified.
        height: of the figure, in pixels.

    """
    every = (layout["annotations"] if "annotations" in layout else None) or ()  # noqa: SIM401 -- plotly has no get
    notes = [note for note in every if "name" in note and note["name"] == NAME]
    if not notes:
        return
    axis = layout["yaxis"]
    bottom, top = (axis["domain"] if "domain" in axis else None) or (0.0, 1.0)  # noqa: SIM401 -- as above
    low, high = axis["range"]
    room = (top - bottom) * (height - layout["margin"]["t"] - layout["margin"]["b"])
    ideal = [room * (note["y"] - low) / (high - low) for note in notes]
    centres = spread(ideal, [LINE * (note["text"].count("<br>") + 1) for note in notes], room)
    for note, wanted, centre in zip(notes, ideal, centres, strict=True):
        note["yshift"] = centre - wanted
