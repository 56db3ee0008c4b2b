"""Many marks drawn as few: those in one small cell of a plot share a mark, which is larger the more it stands for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_MARKS = 2000  # of a figure that are drawn one by one; more make a browser slow
COLUMNS, ROWS = 48, 24  # cells of a plot
GROWTH = 4.0  # pixels that a mark gains where it stands for ten times as many


@dataclass(frozen=True)
class Bins:
    """The cells that hold something, by columns: where the middle of each is, and how much it holds."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    counts: tuple[int, ...]

    def sizes(self, least: float) -> list[float]:
        """Return the diameters of the marks in pixels; ``least`` is that of one."""
        return [float(least + GROWTH * np.log10(count)) for count in self.counts]


def binned(x: Sequence[float], y: Sequence[float], *, logarithmic: bool) -> Bins:
    """Return the cells of a plot that hold marks.

    Args:
        x: of the marks; above 0 on a logarithmic axis.
        y: of the marks.
        logarithmic: whether the horizontal axis is.

    """
    across, columns = _cells(np.log10(x) if logarithmic else np.asarray(x, dtype=float), COLUMNS)
    up, rows = _cells(np.asarray(y, dtype=float), ROWS)
    counts = Counter(zip(columns.tolist(), rows.tolist(), strict=True))
    cells = sorted(counts)
    places = [float(across[column]) for column, _ in cells]
    return Bins(
        tuple(10**place for place in places) if logarithmic else tuple(places),
        tuple(float(up[row]) for _, row in cells),
        tuple(counts[cell] for cell in cells),
    )


def _cells(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], cells: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return the middles of evenly spaced cells from the least value to the greatest, and the cell of each value."""
    edges = np.linspace(values.min(), values.max(), cells + 1)
    return (edges[:-1] + edges[1:]) / 2, np.clip(np.searchsorted(edges, values, side="right") - 1, 0, cells - 1)
