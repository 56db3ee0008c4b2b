"""The figure of the Explore tab: runs as dots with means, or as curves with bands, in panels that share their axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.dashboard.explore.dots import marks_of, means_of
from analysis.dashboard.explore.levels import add_levels
from analysis.dashboard.explore.lines import bundled, lines_of
from analysis.dashboard.explore.panels import Panels, coordinates, looks_of
from analysis.plotting.theme import escaped, faint
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.dashboard.explore.brush import Brush
    from analysis.dashboard.explore.dots import Marks, Mean
    from analysis.dashboard.explore.lines import Band, Line
    from analysis.dashboard.explore.scene import Scene
    from analysis.plotting.styles import Style
    from analysis.statistics.arrays import Floats

UNUSUAL = "x-thin-open"  # the mark of a run that is not complete


@dataclass(frozen=True)
class Drawn:
    """A figure with the sentences that explain what it shows."""

    figure: go.Figure
    note: str


def draw(  # noqa: PLR0913 -- a reader chooses that much
    scene: Scene,
    arms: Mapping[str, Style],
    *,
    means: bool,
    smoothing: int = 0,
    brush: Brush | None = None,
    narrow: bool = False,
) -> Drawn:
    """Draw a scene.

    Args:
        scene: what to draw.
        arms: the style of each name that has one of its own, where colours are arms; else empty.
        means: whether to draw the mean of each configuration beside or instead of its runs.
        smoothing: weight in percent of the exponential mean of curves.
        brush: the selected area, which is drawn too.
        narrow: whether the window is narrow.

    """
    panels = Panels(scene, narrow=narrow)
    looks = looks_of(scene.colours, arms)
    if scene.has_curves:
        lines, bands = bundled(lines_of(scene, means=means, smoothing=smoothing))
        for band in bands:
            _add_band(panels, band, looks[band.group].colour)
        _add_lines(panels, lines, looks)
        note = _note_of_curves(lines, bands, means=means, smoothing=smoothing)
    else:
        marks, centres = marks_of(scene), means_of(scene) if means else []
        _add_marks(panels, marks, looks, soft={mean.group for mean in centres})
        levels = means_of(scene.levels) if means and scene.levels is not None and len(scene.xs) else []
        add_levels(panels, levels, looks)
        _add_means(panels, centres, looks)
        note = _note_of_dots(scene, marks, centres)
        if levels:
            note.append("A horizontal line is the mean of runs without a value on the x axis.")
    if brush is not None and brush.panel <= len(scene.panels.names):
        panels.figure.update_layout(selections=[brush.drawn()])
    if scene.omitted:
        note.append(f"Not drawn, for lack of a value here: {counted(scene.omitted, 'run')}.")
    return Drawn(panels.figure, " ".join(note))


def _add_marks(panels: Panels, marks: Marks, looks: Sequence[Style], *, soft: Collection[int]) -> None:
    """Add the marks of runs: dots, or squares where one may stand for many, stronger with their number.

    Those of the colours in ``soft`` are faint, below means, which stand for them in the legend.
    """
    runs = panels.scene.runs
    ids, status = runs["run_id"].to_numpy(), runs["status"].to_numpy()
    labels = _labels(panels.scene)
    binned = marks.cell != (0.0, 0.0)
    for panel, group in _pairs(marks.panels, marks.groups):
        own = np.flatnonzero((marks.panels == panel) & (marks.groups == group))
        counts, first = marks.counts[own], marks.first[own]
        texts = [labels[i] if n == 1 else f"{n:,} runs" for i, n in zip(first, counts, strict=True)]
        opacity = np.clip(0.3 + 0.7 * np.log1p(counts) / np.log1p(marks.counts.max()), 0, 1) if binned else None
        usual = np.where(status[first] == "complete", looks[group].marker, UNUSUAL)
        marker: dict[str, Any] = {"color": faint(looks[group].colour, 0.45) if group in soft else looks[group].colour}
        marker |= {"symbol": "square", "size": 6, "opacity": opacity.tolist()} if opacity is not None else {}
        stroke = {"width": np.where(usual == UNUSUAL, 1.5, 0).tolist(), "color": looks[group].colour}
        marker |= {} if binned else {"symbol": usual.tolist(), "size": 6 if group in soft else 8, "line": stroke}
        panels.add(
            "scatter",
            panel,
            group,
            x=marks.x[own].tolist(),
            y=marks.y[own].tolist(),
            customdata=[[str(ids[i]) if n == 1 else "", *marks.cell] for i, n in zip(first, counts, strict=True)],
            text=texts,
            mode="markers",
            marker=marker,
            legend=group not in soft,
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.25}},
            hovertemplate="%{text}<br>" + coordinates(panels.scene) + "<extra></extra>",
        )


def _add_means(panels: Panels, means: Sequence[Mean], looks: Sequence[Style]) -> None:
    for panel, group in _pairs([m.panel for m in means], [m.group for m in means]):
        own = [mean for mean in means if (mean.panel, mean.group) == (panel, group)]
        up = [None if m.high is None else m.high - m.y for m in own]
        down = [None if m.low is None else m.y - m.low for m in own]
        bars = {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.6, "width": 4}
        panels.add(
            "scatter",
            panel,
            group,
            x=[m.x for m in own],
            y=[m.y for m in own],
            error_y=bars,
            customdata=[[str(panels.scene.runs["run_id"].iloc[m.first]), -1, -1] for m in own],
            text=[f"{escaped(m.name)}<br>mean of {counted(m.n, 'run')}" for m in own],
            mode="markers",
            marker={"color": looks[group].colour, "symbol": looks[group].marker, "size": 11},
            unselected={"marker": {"opacity": 1}},
            hovertemplate="%{text}<br>" + coordinates(panels.scene) + "<extra></extra>",
        )


def _add_lines(panels: Panels, lines: Sequence[Line], looks: Sequence[Style]) -> None:
    """Add lines: those of a colour in a panel as one trace with gaps; unsmoothed ones and intervals faint below."""
    epochs = panels.scene.xs
    ids = panels.scene.runs["run_id"].to_numpy()
    for panel, group in _pairs([line.panel for line in lines], [line.group for line in lines]):
        own = [line for line in lines if (line.panel, line.group) == (panel, group)]
        colour = looks[group].colour
        intervals = [(line.low, line.high) for line in own if line.low is not None and line.high is not None]
        if intervals:
            _add_areas(panels, (panel, group), intervals, faint(colour, 0.16))
        if raw := [line.raw for line in own if line.raw is not None]:
            x, y = _joined(epochs, raw)
            shape = {"color": faint(colour, 0.3), "width": 1}
            panels.add("scatter", panel, group, x=x, y=y, mode="lines", line=shape, hoverinfo="skip", legend=False)
        x, y = _joined(epochs, [line.values for line in own])
        single = len(epochs) == 1
        panels.add(
            "scatter",
            panel,
            group,
            x=x,
            y=y,
            customdata=[[str(ids[line.run]), *_stands_for(line)] for line in own for _ in range(len(epochs) + 1)],
            text=[_line_name(line) for line in own for _ in range(len(epochs) + 1)],
            mode="lines+markers" if single else "lines",
            line={"color": colour, "width": 2.2 if own[0].n else 1.3, "dash": looks[group].dash},
            hovertemplate="%{text}<br>" + coordinates(panels.scene) + "<extra></extra>",
        )


def _stands_for(line: Line) -> tuple[int, int]:
    """Return the last two numbers of ``customdata``: what a click on a line opens, see assets/runs.js."""
    return (-1, -1) if line.n else (0, 0)


def _line_name(line: Line) -> str:
    return f"{escaped(line.name)}<br>mean of {counted(line.n, 'run')}" if line.n else escaped(line.name)


def _add_band(panels: Panels, band: Band, colour: str) -> None:
    for ends, alpha in zip(band.ends, (0.14, 0.24), strict=True):
        _add_areas(panels, (band.panel, band.group), [ends], faint(colour, alpha))
    panels.add(
        "scatter",
        band.panel,
        band.group,
        x=panels.scene.xs.tolist(),
        y=_gaps(band.median),
        mode="lines",
        line={"color": colour, "width": 2.4},
        hovertemplate=f"median of {band.n:,} curves<br>{coordinates(panels.scene)}<extra></extra>",
    )


def _add_areas(panels: Panels, place: tuple[int, int], areas: Sequence[tuple[Floats, Floats]], colour: str) -> None:
    """Add the areas between lower and upper ends, as one trace."""
    x: list[float | None] = []
    y: list[float | None] = []
    for low, high in areas:
        some = np.isfinite(low) & np.isfinite(high)
        epochs = panels.scene.xs[some]
        x += [*epochs.tolist(), *epochs[::-1].tolist(), None]
        y += [*high[some].tolist(), *low[some][::-1].tolist(), None]
    panels.add(
        "scatter", *place, x=x, y=y, mode="lines", line={"width": 0}, fill="toself", fillcolor=colour, hoverinfo="skip",
        legend=False,
    )  # fmt: skip


def _joined(epochs: Floats, curves: Sequence[Floats]) -> tuple[list[float | None], list[float | None]]:
    """Return the coordinates of curves with a gap after each."""
    x = [value for _ in curves for value in (*epochs.tolist(), None)]
    return x, [value for curve in curves for value in (*_gaps(curve), None)]


def _gaps(values: Floats) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]


def _pairs(panels: Any, groups: Any) -> list[tuple[int, int]]:  # noqa: ANN401 -- sequences of whole numbers
    return sorted({(int(panel), int(group)) for panel, group in zip(panels, groups, strict=True)})


def _labels(scene: Scene) -> list[str]:
    """Return the text shown when a reader points at a run's dot."""
    names = {name: escaped(name) for name in (*scene.runs["configuration"].unique(), *scene.runs["subset"].unique())}
    rows = zip(*(scene.runs[name] for name in ("configuration", "subset", "seed", "status")), strict=True)
    return [
        f"{names[name]}, {names[subset]}, seed {seed}" + ("" if status == "complete" else f"<br>{status}")
        for name, subset, seed, status in rows
    ]


def _note_of_dots(scene: Scene, marks: Marks, means: Sequence[Mean]) -> list[str]:
    shown = [f"{counted(len(scene.xs), 'run')}."]
    if marks.cell != (0.0, 0.0):
        shown.append("A square stands for one or more neighbouring runs; click it to list them.")
    if means:
        shown.append("Large marks are means of complete runs, with 95 % t-intervals for 5 runs or more.")
    if (scene.runs["status"] != "complete").any() and marks.cell == (0.0, 0.0):
        shown.append("A cross is a run that is not complete.")
    return shown


def _note_of_curves(lines: Sequence[Line], bands: Sequence[Band], *, means: bool, smoothing: int) -> list[str]:
    shown = []
    if means:
        shown.append("Lines are means of complete runs while all of them train; bands are 95 % t-intervals.")
    elif lines:
        shown.append("A line is a run.")
    if bands:
        what = "configurations" if means else "runs"
        shown.append(
            f"Of more than 20 {what} of a colour, the median is drawn, with bands that hold the middle 50 % and 80 %."
        )
    if smoothing:
        shown.append(f"Smoothed by an exponential mean of weight {smoothing / 100:g}; faint lines are not smoothed.")
    return shown
