"""A figure laid out for paper or slides: what is changed in it for its size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.plotting.direct_labels import keep_apart
from analysis.report.formats import CSS_PX_PER_INCH, MM_PER_INCH, TEXT_PX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import plotly.graph_objects as go

    from analysis.report.formats import Size

SMALLEST = 0.95  # of the text's size: no other text is smaller
MANY_LETTERS = 36  # of the labels below a horizontal axis: a column has no room for more
HEIGHT = 460  # CSS pixels of a figure without a height of its own
LEAST_HEIGHT = 0.6  # of a figure that is too tall for a page: its rows are not pushed together further


@dataclass(frozen=True)
class Layout:
    """A figure as plain data, laid out for a size.

    Attributes:
        figure: ``data`` and ``layout`` for plotly.js.
        width: of the layout, in CSS pixels.
        height: of the layout, in CSS pixels.
        size: the size that it is laid out for.

    """

    figure: dict[str, Any]
    width: float
    height: float
    size: Size

    @property
    def height_mm(self) -> float:
        """Height on paper."""
        return self.height * self.size.scale / CSS_PX_PER_INCH * MM_PER_INCH

    def pixels(self, dpi: int) -> tuple[int, int]:
        """Return width and height in pixels of an image with so many dots per inch."""
        return round(self.size.width_mm / MM_PER_INCH * dpi), round(self.height_mm / MM_PER_INCH * dpi)


def laid_out(drawing: go.Figure, size: Size, most_mm: float = math.inf) -> Layout:
    """Lay a figure out for a size.

    A single panel is no taller than ``size.tallest`` of the width; several rows of panels, and rows with a label each,
    keep the height that they need. Beyond ``most_mm`` they are pushed together, down to ``LEAST_HEIGHT`` of it.
    """
    figure = drawing.to_plotly_json()
    height = float(drawing.layout.height or HEIGHT)
    if not _has_rows(figure):
        height = min(height, size.tallest * size.layout_width)
    most = most_mm / MM_PER_INCH * CSS_PX_PER_INCH / size.scale
    height = max(min(height, most), LEAST_HEIGHT * height)
    keep_apart(figure["layout"], height)
    for name, axis in figure["layout"].items():
        if name.startswith(("xaxis", "yaxis")) and isinstance(axis.get("title"), dict):
            axis["title"].setdefault("font", {}).setdefault("size", TEXT_PX)  # plotly's own is a fifth larger
    for font in _fonts(figure):
        font["size"] = max(font["size"], SMALLEST * TEXT_PX)
    return Layout(figure, size.layout_width, height, size)


def needs_both_columns(drawing: go.Figure) -> bool:
    """Return whether a figure is too wide for a column: panels beside one another, or many labels below its axis."""
    starts = {(axis.domain or (0.0,))[0] for axis in drawing.select_xaxes()}
    letters = max((sum(map(len, axis.ticktext or ())) for axis in drawing.select_xaxes()), default=0)
    return len(starts) > 1 or letters > MANY_LETTERS


def _has_rows(figure: Mapping[str, Any]) -> bool:
    """Return whether the height follows from rows: of panels, or of labels on the vertical axis."""
    axes = [axis for name, axis in figure["layout"].items() if name.startswith("yaxis")]
    starts = {(axis.get("domain") or (0.0,))[0] for axis in axes if not axis.get("overlaying")}
    labelled = any(axis.get("type") == "category" or axis.get("ticktext") is not None for axis in axes)
    return len(starts) > 1 or labelled or any(trace["type"] == "heatmap" for trace in figure["data"])


def _fonts(value: object) -> Iterator[dict[str, Any]]:
    """Return every font with a size of its own, at any depth."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name.endswith("font") and isinstance(part, dict) and isinstance(part.get("size"), int | float):
                yield part
            yield from _fonts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _fonts(part)
