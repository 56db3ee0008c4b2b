"""Levels of an exploring figure: means of configurations without a place on the x axis, as lines with their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.dashboard.explore.panels import short
from analysis.plotting.direct_labels import MAX_LABELS
from analysis.plotting.theme import INK, escaped, faint
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.dashboard.explore.dots import Mean
    from analysis.dashboard.explore.panels import Panels
    from analysis.plotting.styles import Style
    from analysis.statistics.arrays import Floats

NEAR = 0.06  # of the range of values: levels nearer than that have their names at different ends


def add_levels(panels: Panels, levels: Sequence[Mean], looks: Sequence[Style]) -> None:
    """Add the means of configurations that have no place on the x axis, as lines across it with their names."""
    scene = panels.scene
    if scene.levels is None:
        return
    ends, runs = [float(scene.xs.min()), float(scene.xs.max())], scene.levels.runs
    one_subset = runs["subset"].nunique() == 1
    for level, end in zip(levels, named_ends(levels, scene.ys), strict=True):
        name = str(runs["configuration"].iloc[level.first]) if one_subset else level.name
        shown = f"<b>{escaped(short(name))}</b>"
        panels.add(
            "scatter",
            level.panel,
            level.group,
            x=ends,
            y=[level.y, level.y],
            customdata=2 * [[str(runs["run_id"].iloc[level.first]), -1, -1]],
            text=2 * [f"{escaped(level.name)}<br>mean of {counted(level.n, 'run')}"],
            mode="lines" if end is None else "lines+markers+text",
            marker={"size": 7, "color": faint(INK, 0), "line": {"width": 0}},  # keeps the name off the line
            texttemplate=None if end is None else [shown if end == place else "" for place in range(2)],
            textposition=["top right", "top left"],
            textfont={"size": 12, "color": looks[level.group].colour},
            line={"color": looks[level.group].colour, "width": 2, "dash": looks[level.group].dash},
            hovertemplate=f"%{{text}}<br>{escaped(scene.y.title)}: %{{y:.4~g}}<extra></extra>",
        )


def named_ends(levels: Sequence[Mean], ys: Floats) -> list[int | None]:
    """Return the end of each level at which its name stands: 1 is the right one, 0 the left one of a near neighbour.

    In a panel of more than ``MAX_LABELS`` levels they have no names; the legend has their colours.
    """
    known = [*ys[np.isfinite(ys)].tolist(), *(level.y for level in levels)]
    near = NEAR * (max(known) - min(known)) if known else 0.0
    named: list[int | None] = [None] * len(levels)
    for panel in {level.panel for level in levels}:
        own = sorted((i for i, level in enumerate(levels) if level.panel == panel), key=lambda i: levels[i].y)
        for before, place in zip([None, *own[:-1]], own, strict=True) if len(own) <= MAX_LABELS else ():
            is_near = before is not None and levels[place].y - levels[before].y < near
            named[place] = 1 - (named[before] or 0) if before is not None and is_near else 1
    return named
