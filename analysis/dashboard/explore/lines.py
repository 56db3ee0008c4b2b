"""Learning curves as lines to draw: smoothed runs, means with intervals, or quantile bands of many runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.dashboard.explore.scene import configurations
from analysis.results.runs_table import Key
from analysis.statistics.intervals import LEVEL, MIN_SEEDS

if TYPE_CHECKING:
    from analysis.dashboard.explore.scene import Scene
    from analysis.statistics.arrays import Floats, Integers

MAX_LINES = 20  # of a colour in a panel; more of them are drawn as bands
BANDS = ((0.1, 0.9), (0.25, 0.75))


@dataclass(frozen=True)
class Line:
    """One line over epochs.

    Attributes:
        panel: number of the panel, from 0; ``group`` of the colour likewise.
        name: what it shows, for readers.
        run: place of the run in the scene; of a mean, of its first run.
        values: shape (E,); NaN where it has none.
        raw: the same before smoothing; None without smoothing.
        low: lower end of the interval of a mean, shape (E,); None without one. ``high`` likewise.
        n: runs in a mean; 0 for a single run.

    """

    panel: int
    group: int
    name: str
    run: int
    values: Floats
    raw: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None
    n: int = 0


@dataclass(frozen=True)
class Band:
    """The quantiles of many lines of one colour in one panel, at each epoch; arrays of shape (E,)."""

    panel: int
    group: int
    n: int
    median: Floats
    ends: tuple[tuple[Floats, Floats], ...]  # of the outer band first


def smoothed(values: Floats, weight: float) -> Floats:
    """Return the exponential mean of curves without its bias towards the start, as TensorBoard and W&B draw it.

    The mean after epoch t is (1 - w) times the sum of w^(t - s) times the values up to t, divided by 1 - w^t, where
    epochs without a value are skipped.

    Args:
        values: shape (N, E); NaN where a curve has no value, which remains NaN.
        weight: of the mean so far, in [0, 1).

    """
    if not weight:
        return values
    result = np.full_like(values, np.nan)
    mean, total = np.zeros(values.shape[0]), np.zeros(values.shape[0])
    for epoch in range(values.shape[1]):
        column = values[:, epoch]
        present = np.isfinite(column)
        mean[present] = weight * mean[present] + (1 - weight) * column[present]
        total[present] = weight * total[present] + (1 - weight)
        result[present, epoch] = mean[present] / total[present]
    return result


def lines_of(scene: Scene, *, means: bool, smoothing: int) -> list[Line]:
    """Return the lines of a scene of curves: one for each run, or the mean of each configuration.

    A mean is over the complete runs while all of them train. Its interval is Student's, from ``MIN_SEEDS`` runs on.

    Args:
        scene: of learning curves.
        means: whether to average each configuration.
        smoothing: weight of the exponential mean in percent.

    """
    values = smoothed(scene.ys, smoothing / 100)
    raw = scene.ys if smoothing else None
    panels, groups = scene.panels.codes, scene.colours.codes
    names = _names(scene)
    if not means:
        return [
            Line(int(panels[i]), int(groups[i]), names[i], i, values[i], None if raw is None else raw[i])
            for i in range(len(values))
        ]
    complete = (scene.runs["status"] == "complete").to_numpy()
    codes = configurations(scene.runs, panels, groups)
    return [
        _mean(scene, np.flatnonzero((codes == code) & complete), values, raw)
        for code in range(codes.max(initial=-1) + 1)
        if ((codes == code) & complete).any()
    ]


def _mean(scene: Scene, rows: Integers, values: Floats, raw: Floats | None) -> Line:
    """Return the mean of some runs while all of them train."""
    first, n = int(rows[0]), len(rows)
    trained = np.cumprod(np.isfinite(values[rows]).all(axis=0)).astype(bool)

    def averaged(curves: Floats) -> Floats:
        return np.where(trained, curves[rows].mean(axis=0), np.nan)

    mean = averaged(values)
    low = high = None
    if n >= MIN_SEEDS:
        quantile = float(special.stdtrit(n - 1, (1 + LEVEL) / 2))
        half = quantile * values[rows].std(axis=0, ddof=1) / np.sqrt(n)
        low, high = mean - half, mean + half
        if scene.y.share:
            low, high = np.clip(low, 0, 100), np.clip(high, 0, 100)
    row = scene.runs.iloc[first]
    name = f"{row['configuration']}, {row['subset']}"
    panel, group = int(scene.panels.codes[first]), int(scene.colours.codes[first])
    return Line(panel, group, name, first, mean, None if raw is None else averaged(raw), low, high, n)


def bundled(lines: list[Line]) -> tuple[list[Line], list[Band]]:
    """Return the lines to draw one by one, and bands instead of more than ``MAX_LINES`` of a colour in a panel."""
    bundles: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        bundles.setdefault((line.panel, line.group), []).append(line)
    drawn, bands = [], []
    for (panel, group), members in bundles.items():
        if len(members) <= MAX_LINES:
            drawn += members
            continue
        values = np.array([line.values for line in members])
        some = np.isfinite(values).any(axis=0)
        quantiles = np.full((5, values.shape[1]), np.nan)
        levels = [0.5, *BANDS[0], *BANDS[1]]
        quantiles[:, some] = np.nanquantile(values[:, some], levels, axis=0)
        ends = ((quantiles[1], quantiles[2]), (quantiles[3], quantiles[4]))
        bands.append(Band(panel, group, len(members), quantiles[0], ends))
    return drawn, bands


def _names(scene: Scene) -> list[str]:
    columns = [scene.runs[name] for name in (*Key._fields[1:], "seed")]
    return [f"{name}, {subset}, seed {seed}" for name, subset, seed in zip(*columns, strict=True)]
