"""Runs as dots to draw: one for each run, squares that stand for many of them, and means of configurations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.dashboard.explore.scene import configurations
from analysis.statistics.intervals import accuracy_interval, difference_interval

if TYPE_CHECKING:
    from analysis.dashboard.explore.scene import Scene
    from analysis.statistics.arrays import Floats, Integers

MAX_MARKS = 2000  # of a figure; with more runs, near ones of a colour share a mark, so that a browser stays fast
CELLS = ((160, 80), (120, 60), (80, 40), (60, 30), (40, 20), (24, 12), (12, 6))  # columns and rows of a panel


@dataclass(frozen=True)
class Marks:
    """Marks, each of one run or of near ones; arrays of shape (M,).

    Attributes:
        x: where; ``y`` likewise.
        panels: number of the panel, from 0; ``groups`` of the colour likewise.
        first: place of the first run in the scene.
        counts: runs of each mark.
        cell: width and height of the area that a mark stands for; 0 for single runs. On a logarithmic axis, of log10.

    """

    x: Floats
    y: Floats
    panels: Integers
    groups: Integers
    first: Integers
    counts: Integers
    cell: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Mean:
    """The mean of a configuration's complete runs; ``low`` and ``high`` are None without an interval."""

    panel: int
    group: int
    name: str
    first: int
    x: float
    y: float
    low: float | None
    high: float | None
    n: int


def marks_of(scene: Scene, most: int = MAX_MARKS) -> Marks:
    """Return the marks of a scene of dots; where there would be more than ``most``, near runs of a colour share one."""
    panels, groups = scene.panels.codes, scene.colours.codes
    every = np.arange(len(scene.xs))
    marks = Marks(scene.xs, scene.ys, panels, groups, every, np.ones_like(every))
    if len(every) <= most:
        return marks
    for columns, rows in CELLS:
        column, x, width = _cells(scene.xs, columns, log=scene.x.log)
        row, y, height = _cells(scene.ys, rows, log=scene.y.log)
        key = ((panels * len(scene.colours.names) + groups) * columns + column) * rows + row
        _, first, counts = np.unique(key, return_index=True, return_counts=True)
        marks = Marks(x[first], y[first], panels[first], groups[first], first, counts, (width, height))
        if len(first) <= most:
            break
    return marks


def _cells(values: Floats, count: int, *, log: bool) -> tuple[Integers, Floats, float]:
    """Return the cell of each value, from 0, the centre of that cell, and the width of the cells."""
    scaled = np.log10(values) if log else values
    low, high = float(scaled.min()), float(scaled.max())
    width = (high - low) / count or 1.0
    cells = np.minimum(((scaled - low) / width).astype(np.int64), count - 1)
    centres = low + (cells + 0.5) * width
    return cells, 10**centres if log else centres, width


def means_of(scene: Scene) -> list[Mean]:
    """Return the mean of each configuration's complete runs, with Student's interval where there are enough runs.

    The list is empty if the y axis shows text.
    """
    complete = np.flatnonzero((scene.runs["status"] == "complete").to_numpy())
    if not len(complete) or scene.y.ticks:
        return []
    panels, groups = scene.panels.codes, scene.colours.codes
    codes = configurations(scene.runs, panels, groups)[complete]
    order = complete[np.argsort(codes, kind="stable")]
    starts = np.flatnonzero(np.diff(np.sort(codes), prepend=-1))
    return [_mean(scene, rows) for rows in np.split(order, starts[1:])]


def _mean(scene: Scene, rows: Integers) -> Mean:
    first, values = int(rows[0]), scene.ys[rows]
    interval = accuracy_interval(values / 100) if scene.y.share else difference_interval(values.tolist())
    scale = 100 if scene.y.share else 1
    x = float(np.round(scene.xs[rows[0]])) if scene.x.ticks else float(scene.xs[rows].mean())
    row = scene.runs.iloc[first]
    low, high = (interval.low, interval.high) if not interval.values else (None, None)
    return Mean(
        int(scene.panels.codes[first]),
        int(scene.colours.codes[first]),
        f"{row['configuration']}, {row['subset']}",
        first,
        x,
        scale * interval.mean,
        None if low is None else scale * low,
        None if high is None else scale * high,
        len(rows),
    )
