"""A series of means with intervals over its runs, as sweeps and posteriors draw it; levels; and error bars."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.plotting.class_matrix import shortened
from analysis.plotting.panel import ONLY, jitter
from analysis.plotting.theme import escaped, faint
from trainables.naming import number, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analysis.plotting.panel import Lane, Panel
    from analysis.plotting.styles import Style
    from analysis.statistics.intervals import Interval

MAX_DOTS = 20  # runs at one value that are drawn one by one; of more, the spread is drawn
SPREADS = ((5, 95, 3), (25, 75, 9))  # percentiles, and how thick the line between them is, in pixels


@dataclass(frozen=True)
class Dot:
    """One complete run at a value of the varied parameter; ``x`` is NaN for an arm that does not vary it."""

    x: float
    accuracy: float
    seed: int


@dataclass(frozen=True)
class SweepLine:
    """One series on one subset: a mean with its interval at each value of the varied parameter, and every run.

    An arm that does not vary the parameter has an empty ``x`` and a single interval: it is drawn as a level.
    """

    arm: str
    label: str
    x: tuple[float, ...]
    intervals: tuple[Interval, ...]
    dots: tuple[Dot, ...]
    subset: str = ""

    @property
    def by_value(self) -> dict[float, list[Dot]]:
        """The runs at each value; those of a level at NaN."""
        runs: dict[float, list[Dot]] = {}
        for dot in self.dots:
            runs.setdefault(dot.x, []).append(dot)
        return runs


def error_bars(intervals: Iterable[Interval | None], *, thickness: float, width: int) -> dict[str, object]:
    """Return plotly's error bars (%) for intervals, in pixels; none at a gap, and where an interval is not drawn."""
    up, down = [], []
    for interval in intervals:
        low, high = (interval and drawn_ends(interval)) or (None, None)
        up.append(100 * (high - interval.mean) or None if interval and high is not None else None)
        down.append(100 * (interval.mean - low) or None if interval and low is not None else None)
    ends = {"array": up, "arrayminus": down}
    return {"type": "data", "symmetric": False, "thickness": thickness, "width": width, **ends}


def run_marker(look: Style) -> dict[str, object]:
    """Return plotly's marker of a single run: the small, faint form of the one of its series' means."""
    return {"symbol": look.marker, "size": 6, "color": faint(look.colour, 0.45)}


def drawn_ends(interval: Interval) -> tuple[float, float] | None:
    """Return the ends of an interval that is drawn; None without one, or where the runs are shown instead."""
    if interval.low is None or interval.high is None or interval.values:
        return None
    return interval.low, interval.high


def percent_range(lines: Sequence[SweepLine], more: Sequence[float] = ()) -> tuple[float, float] | None:
    """Return the axis' ends in %, within 0 and 100, for what is drawn of these and more accuracies; None without any.

    They are at least 2 points apart, so that equal accuracies have an axis with ticks.
    """
    values = [*more]
    for line in lines:
        values += [end for interval in line.intervals for end in (interval.mean, *(drawn_ends(interval) or ()))]
        if line.x or drawn_ends(line.intervals[0]) is None:
            for dots in line.by_value.values():
                at = [dot.accuracy for dot in dots]
                values += at if len(at) <= MAX_DOTS else np.percentile(at, SPREADS[0][:2]).tolist()
    if not values:
        return None
    low, high = 100 * min(values), 100 * max(values)
    margin = max(0.06 * (high - low), 1 - (high - low) / 2)
    return max(0.0, low - margin), min(100.0, high + margin)


def add_line(panel: Panel, line: SweepLine, look: Style, *, lane: Lane = ONLY, joined: bool = True) -> None:
    """Add a series that varies the parameter: its runs, then the means with their intervals.

    Args:
        panel: where to draw.
        line: the series.
        look: of its arm.
        lane: where the series stands beside its values, as several do that have the same values.
        joined: whether to join the means, of values with more than one run.

    """
    _add_runs(panel, line, look, lane)
    name, full = escaped(shortened(line.label)), escaped(line.label)
    points = list(zip(line.x, line.intervals, strict=True))
    drawn: list[tuple[float, Interval] | None] = [*points[:1]]
    for before, point in pairwise(points):
        drawn += [point] if min(before[1].n, point[1].n) > 1 else [None, point]
    panel.scatter(
        x=[point and panel.axis.moved(point[0], lane.middle) for point in drawn],
        y=[point and 100 * point[1].mean for point in drawn],
        error_y=error_bars((point and point[1] for point in drawn), thickness=2, width=0),
        customdata=[point and f"{_at(panel, point[0])}<br>{stated(point[1])}" for point in drawn],
        mode="lines+markers" if joined else "markers",
        marker={"symbol": look.marker, "size": 9, "color": look.colour},
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        name=name,
        legendgroup=name,
        cliponaxis=False,
        hovertemplate=f"{full}<br>%{{customdata}}<extra></extra>",
    )


def add_level(panel: Panel, line: SweepLine, look: Style) -> None:
    """Add an arm that does not vary the parameter: a level from side to side, with the band of its interval.

    Without an interval its runs are strokes at the right end.
    """
    name, full, (interval,) = escaped(shortened(line.label)), escaped(line.label), line.intervals
    left, right = panel.axis.ends
    if ends := drawn_ends(interval):
        low, high = (100 * end for end in ends)
        panel.scatter(
            x=[left, right, right, left],
            y=[low, low, high, high],
            fill="toself",
            fillcolor=faint(look.colour, 0.12),
            mode="lines",
            line={"width": 0},
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )
    elif interval.n > 1:
        panel.scatter(
            x=[right] * len(line.dots),
            y=[100 * dot.accuracy for dot in line.dots],
            customdata=[dot.seed for dot in line.dots],
            mode="markers",
            marker={"symbol": "line-ew-open", "size": 12, "color": faint(look.colour, 0.7), "line": {"width": 2}},
            legendgroup=name,
            showlegend=False,
            cliponaxis=False,
            hovertemplate=f"{full}<br>seed %{{customdata}}: %{{y:.1f}} %<extra></extra>",
        )
    x = sorted({left, *panel.axis.x, right})  # a reader may point at any of them
    panel.scatter(
        x=x,
        y=[100 * interval.mean] * len(x),
        mode="lines",
        line={"color": look.colour, "width": 2, "dash": look.dash},
        name=name,
        legendgroup=name,
        hovertemplate=f"{full}<br>{stated(interval)}<extra></extra>",
    )


def top_of(interval: Interval) -> float:
    """Return the upper end of what is drawn of a mean and its interval, in %."""
    return 100 * (drawn_ends(interval) or (0.0, interval.mean))[1]


def stated(interval: Interval) -> str:
    """Return a mean with its interval and number of runs, for hovering."""
    return f"{interval.percent()} % ({interval.label()})"


def _at(panel: Panel, value: float) -> str:
    return f"{escaped(symbol(panel.axis.parameter))} = {number(value)}"


def _add_runs(panel: Panel, line: SweepLine, look: Style, lane: Lane) -> None:
    """Add a dot for each run; of many runs at a value, their spread; of one, nothing, since the mean is the run."""
    single = [dot for dots in line.by_value.values() if 1 < len(dots) <= MAX_DOTS for dot in dots]
    many = {x: dots for x, dots in line.by_value.items() if len(dots) > MAX_DOTS}
    name, full = escaped(shortened(line.label)), escaped(line.label)
    if single:
        panel.scatter(
            x=[panel.axis.moved(dot.x, lane.middle + lane.reach * jitter(dot.seed)) for dot in single],
            y=[100 * dot.accuracy for dot in single],
            customdata=[f"{_at(panel, dot.x)}, seed {dot.seed}" for dot in single],
            mode="markers",
            marker=run_marker(look),
            name=name,
            legendgroup=name,
            showlegend=False,
            cliponaxis=False,
            hovertemplate=f"{full}<br>%{{customdata}}: %{{y:.1f}} %<extra></extra>",
        )
    values = {x: [100 * dot.accuracy for dot in dots] for x, dots in many.items()}
    for share, width, places, ends in spread_lines(values):
        text = {x: f"{_at(panel, x)}<br>{share} % of {len(dots)} runs" for x, dots in many.items()}
        panel.scatter(
            x=[None if x is None else panel.axis.moved(x, lane.middle) for x in places],
            y=ends,
            customdata=[None if x is None else text[x] for x in places],
            mode="lines",
            line={"color": faint(look.colour, 0.3), "width": width},
            name=name,
            legendgroup=name,
            showlegend=False,
            hovertemplate=f"{full}<br>%{{customdata}} end at %{{y:.1f}} %<extra></extra>",
        )


def spread_lines(
    groups: Mapping[float, Sequence[float]],
) -> Iterator[tuple[int, int, list[float | None], list[float | None]]]:
    """Yield the lines that show the spread of many values at each place, the thinnest first; nothing without values.

    Yields:
        The share of the values that each line spans, in %; its width in pixels; and the places and the values of the
        lines' ends, with a gap after each line.

    """
    for low, high, width in SPREADS if groups else ():
        places: list[float | None] = []
        ends: list[float | None] = []
        for place, values in groups.items():
            places += [place, place, None]
            ends += [*np.percentile(values, (low, high)).tolist(), None]
        yield high - low, width, places, ends
