"""What an exploring figure shows, before it is drawn: runs placed on two axes, in panels, in groups of a colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.dashboard.explore.columns import numbers, texts
from analysis.results.runs_table import Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.dashboard.explore.brush import Brush
    from analysis.dashboard.explore.choices import Choices
    from analysis.dashboard.explore.columns import Column
    from analysis.statistics.arrays import Floats, Integers

    Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

MAX_GROUPS = 8  # colours that a reader can tell apart; with more values the rest share one
MAX_PANELS = 12
STEPS = 4  # groups of a number with many values
SPREAD = 0.28  # of dots at one text on an axis, as a part of the distance to the next


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        title: what it shows, with the unit.
        ticks: the texts at 0, 1, 2 and so on; empty for an axis of numbers.
        log: whether it is logarithmic.
        share: whether its values are percentages, of which means are cut to 0 and 100.

    """

    title: str
    ticks: tuple[str, ...] = ()
    log: bool = False
    share: bool = False


@dataclass(frozen=True)
class Groups:
    """The groups that rows fall into by one column: its texts, or ranges of its numbers.

    Attributes:
        title: of the column; empty if it makes no groups.
        names: of the groups.
        codes: the group of each row, shape (N,), indices into ``names``.
        ordered: whether the groups are numbers in ascending order.
        others: whether the last group holds several texts.

    """

    title: str
    names: tuple[str, ...]
    codes: Integers
    ordered: bool = False
    others: bool = False

    def of(self, rows: Bools) -> Groups:
        """Return the groups of some rows, under the same names."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True)
class Scene:
    """Runs, placed.

    Attributes:
        runs: the runs, one row each.
        x: the axis; ``y`` likewise.
        xs: shape (N,) for N runs, or (E,) for learning curves of E epochs.
        ys: shape (N,), or (N, E); NaN where a run has no value.
        panels: the panel of each run.
        colours: the colour of each run.
        omitted: runs without a value on the y axis, or without a positive one on a logarithmic axis.
        levels: the runs that have a value on the y axis and none on an axis of numbers, as a scene without ``xs``.

    """

    runs: pd.DataFrame
    x: Axis
    y: Axis
    xs: Floats
    ys: Floats
    panels: Groups
    colours: Groups
    omitted: int
    levels: Scene | None = None

    @property
    def has_curves(self) -> bool:
        """Whether the runs are drawn as curves over epochs."""
        return self.ys.ndim > 1

    def brushed(self, brush: Brush | None) -> pd.DataFrame:
        """Return the runs inside a selected area: the dot of a run, or a point of its curve."""
        if brush is None:
            return self.runs
        if self.has_curves:
            inside = brush.inside(np.broadcast_to(self.xs, self.ys.shape), self.ys).any(axis=1)
        else:
            inside = brush.inside(self.xs, self.ys)
        rows = np.flatnonzero(inside & (self.panels.codes == brush.panel - 1))
        return self.runs.iloc[rows]


def scene_of_dots(runs: pd.DataFrame, columns: Mapping[str, Column], choices: Choices) -> Scene:
    """Place each run by two of its columns; runs without a value on the y axis are omitted."""
    x, xs = _placed(runs, columns[choices.x], log=choices.xlog == "1")
    y, ys = _placed(runs, columns[choices.y], log=choices.ylog == "1")
    kept = np.isfinite(xs) & np.isfinite(ys)
    kept &= ((xs > 0) | (not x.log)) & ((ys > 0) | (not y.log))
    level = np.isnan(xs) & np.isfinite(ys) & ((ys > 0) | (not y.log)) & (not x.ticks)
    some = kept | level
    omitted, runs, xs, ys, kept, level = int((~some).sum()), runs[some], xs[some], ys[some], kept[some], level[some]
    panels, colours = _panels(runs, columns, choices), _colours(runs, columns, choices)

    def scene(rows: Bools, levels: Scene | None = None) -> Scene:
        return Scene(runs[rows], x, y, xs[rows], ys[rows], panels.of(rows), colours.of(rows), omitted, levels)

    return scene(kept, scene(level))


def scene_of_curves(
    runs: pd.DataFrame, curves: pd.DataFrame, measure: Column, columns: Mapping[str, Column], choices: Choices
) -> Scene:
    """Place each run's curve over epochs; runs without a value of the measure are omitted.

    Args:
        runs: the runs.
        curves: the study's curves table.
        measure: its column to draw.
        columns: of the runs.
        choices: the reader's choices.

    """
    of_row, ids = pd.factorize(runs["run_id"])  # arms may share a run
    rows = curves["run_id"].map(pd.Series(np.arange(len(ids)), index=ids)).to_numpy(dtype=np.float64)
    values = curves[measure.name].to_numpy(dtype=np.float64) * measure.scale
    epochs = curves["epoch"].to_numpy(dtype=np.int64)
    usable = np.isfinite(rows) & np.isfinite(values)
    last = int(epochs[usable].max(initial=1))
    by_id = np.full((len(ids), last), np.nan)
    by_id[rows[usable].astype(np.int64), epochs[usable] - 1] = values[usable]
    ys = by_id[of_row]
    if choices.ylog == "1":
        ys[~(ys > 0)] = np.nan
    kept = np.isfinite(ys).any(axis=1)
    shown = runs[kept]
    panels, colours = _panels(shown, columns, choices), _colours(shown, columns, choices)
    y = Axis(measure.heading, (), choices.ylog == "1", measure.kind == "share")
    xs = np.arange(1, last + 1, dtype=np.float64)
    return Scene(shown, Axis("Epoch", (), choices.xlog == "1"), y, xs, ys[kept], panels, colours, int((~kept).sum()))


def configurations(runs: pd.DataFrame, *more: Integers) -> Integers:
    """Return the number of each run's configuration, shape (N,): runs of one number also share each of ``more``."""
    key = pd.MultiIndex.from_arrays([*(runs[name].astype(str) for name in Key._fields), *more])
    return np.asarray(pd.factorize(key)[0])


def _placed(runs: pd.DataFrame, column: Column, *, log: bool) -> tuple[Axis, Floats]:
    """Return the axis of a column and the place of each run on it; NaN where it has none."""
    values = runs[column.name]
    if column.kind != "text":
        share = column.kind == "share"
        return Axis(column.heading, (), log, share), numbers(values).to_numpy() * column.scale
    codes, names = pd.factorize(texts(values))
    turn = runs.groupby(codes).cumcount().to_numpy() if len(runs) else np.zeros(0)
    jitter = (turn * 0.618034) % 1 - 0.5  # evenly spread, and the same each time
    return Axis(column.heading, tuple(map(str, names))), np.asarray(codes + 2 * SPREAD * jitter, dtype=np.float64)


def _panels(runs: pd.DataFrame, columns: Mapping[str, Column], choices: Choices) -> Groups:
    return groups_of(runs, columns.get(choices.facet), MAX_PANELS)


def _colours(runs: pd.DataFrame, columns: Mapping[str, Column], choices: Choices) -> Groups:
    return groups_of(runs, columns.get(choices.colour), MAX_GROUPS)


def groups_of(runs: pd.DataFrame, column: Column | None, most: int) -> Groups:
    """Group runs by a column: a group for each value where they are few, else ranges of numbers, or the rest as one.

    Args:
        runs: the runs.
        column: the column; None for a single group.
        most: groups at most.

    """
    if column is None or runs.empty:
        return Groups("", ("",), np.zeros(len(runs), dtype=np.int64))
    if column.kind != "text":
        return _ranges(numbers(runs[column.name]) * column.scale, column.heading, most)
    codes, names = pd.factorize(texts(runs[column.name]))
    named = [str(name) or "none" for name in names]
    if len(named) <= most:
        return Groups(column.heading, tuple(named), np.asarray(codes))
    rest = f"{len(named) - most + 1} others"
    return Groups(column.heading, (*named[: most - 1], rest), np.minimum(codes, most - 1), others=True)


def _ranges(values: pd.Series[float], title: str, most: int) -> Groups:
    """Group numbers; those that are missing form the last group."""
    array = values.to_numpy()
    distinct = np.unique(array[np.isfinite(array)])
    if len(distinct) < most:
        codes, names = np.searchsorted(distinct, array), [f"{value:.6g}" for value in distinct]
    else:
        ends = np.unique(np.quantile(array[np.isfinite(array)], np.linspace(0, 1, STEPS + 1)))
        codes = np.clip(np.searchsorted(ends, array, side="right") - 1, 0, len(ends) - 2)
        names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(ends)]
    missing = ~np.isfinite(array)
    if missing.any():
        codes[missing] = len(names)
        names.append("none")
    return Groups(title, tuple(names), np.asarray(codes, dtype=np.int64), ordered=True)
