"""An area of a figure that a reader selected: a box or a lasso, in the units of its axes; to and from text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from analysis.statistics.arrays import Floats

Mask: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
MAX_CORNERS = 40  # of a lasso; assets/runs.js thins one with more
CORNERS = 2  # of a box
_FORM = re.compile(r"(box|lasso)(\d{1,3})((?:[ _]-?[0-9.]+(?:e[+-]?[0-9]+)?)+)")


@dataclass(frozen=True)
class Brush:
    """A selected area of one panel.

    Attributes:
        panel: number of the panel, from 1.
        x: of the corners, in the unit of the axis: two of a box, three or more of a lasso.
        y: likewise.
        lasso: whether it is a lasso.

    """

    panel: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    lasso: bool = False

    @classmethod
    def parse(cls, text: str) -> Brush | None:
        """Return the brush that a text such as ``box1_0_10_0.5_0.7`` describes; None if it is malformed."""
        if (match := _FORM.fullmatch(text)) is None:
            return None
        numbers = tuple(_float(part) for part in re.split("[ _]", match[3])[1:])
        half, rest = divmod(len(numbers), 2)
        fits = half == CORNERS if match[1] == "box" else CORNERS < half <= MAX_CORNERS
        if rest or not fits or not all(map(math.isfinite, numbers)) or match[2] == "0":
            return None
        return cls(int(match[2]), numbers[:half], numbers[half:], match[1] == "lasso")

    def __str__(self) -> str:
        """Return the brush as text for an address, each number with five digits."""
        numbers = "_".join(f"{value:.5g}" for value in (*self.x, *self.y))
        return f"{'lasso' if self.lasso else 'box'}{self.panel}_{numbers}"

    def inside(self, x: Floats, y: Floats) -> Mask:
        """Return which points lie inside; shape (N,).

        Args:
            x: of the points, shape (N,), in the unit of the axis; NaN lies outside.
            y: likewise.

        """
        if not self.lasso:
            return np.asarray((x >= min(self.x)) & (x <= max(self.x)) & (y >= min(self.y)) & (y <= max(self.y)))
        inside = np.zeros(x.shape, dtype=bool)
        corners = list(zip(self.x, self.y, strict=True))
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if y0 == y1:  # no ray to the right crosses it
                continue
            crosses = ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
            inside ^= crosses
        return inside

    def drawn(self) -> dict[str, Any]:
        """Return plotly's selection, for the layout of a figure."""
        axis = "" if self.panel == 1 else str(self.panel)
        where = {"xref": f"x{axis}", "yref": f"y{axis}"}
        if self.lasso:
            corners = [f"{x:.6g},{y:.6g}" for x, y in zip(self.x, self.y, strict=True)]
            return where | {"type": "path", "path": f"M{'L'.join(corners)}Z"}
        return where | {"type": "rect", "x0": self.x[0], "x1": self.x[1], "y0": self.y[0], "y1": self.y[1]}


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
