"""A series of means with intervals over its runs, as sweeps and posteriors draw it; and error bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.theme import escaped, faint, first_of_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import plotly.graph_objects as go

    from analysis.plotting.styles import Style
    from analysis.statistics.intervals import Interval


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


def error_bars(intervals: Iterable[Interval], *, thickness: float, width: int) -> dict[str, object]:
    """Return plotly's error bars (%) for intervals, in pixels; none where an interval is not drawn."""
    ends = [(i.mean, *(drawn_ends(i) or (i.mean, i.mean))) for i in intervals]
    up, down = [100 * (high - mean) for mean, _, high in ends], [100 * (mean - low) for mean, low, _ in ends]
    bars = {"array": [width or None for width in up], "arrayminus": [width or None for width in down]}
    return {"type": "data", "symmetric": False, "thickness": thickness, "width": width, **bars}


def run_marker(look: Style) -> dict[str, object]:
    """Return plotly's marker of a single run: the open, faint form of the one of its series' means."""
    return {"symbol": f"{look.marker}-open", "size": 7, "color": faint(look.colour, 0.55)}


def drawn_ends(interval: Interval) -> tuple[float, float] | None:
    """Return the ends of an interval that is drawn; None without one, or where the runs are shown instead."""
    if interval.low is None or interval.high is None or interval.values:
        return None
    return interval.low, interval.high


def percent_range(lines: Sequence[SweepLine], more: Sequence[float] = ()) -> tuple[float, float] | None:
    """Return the axis' ends in % for all of these and more accuracies: what leaves 0 to 100 is cut there."""
    values = [*more]
    values += [dot.accuracy for line in lines for dot in line.dots]
    values += [end for line in lines for interval in line.intervals for end in drawn_ends(interval) or ()]
    if not values:
        return None
    low, high = max(0.0, 100 * min(values)), min(100.0, 100 * max(values))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def add_line(figure: go.Figure, line: SweepLine, look: Style, sign: str, mode: str = "lines+markers") -> None:
    """Add a series that varies the parameter: dots for runs, then the means with their intervals, joined or not."""
    name = escaped(line.label)
    dots = first_of_each(line.dots, [dot.x for dot in line.dots])
    figure.add_scatter(
        x=[dot.x for dot in dots],
        y=[100 * dot.accuracy for dot in dots],
        customdata=[dot.seed for dot in dots],
        mode="markers",
        marker=run_marker(look),
        name=name,
        legendgroup=name,
        showlegend=False,
        hovertemplate=f"{name}<br>{escaped(sign)} = %{{x:~g}}, seed %{{customdata}}: %{{y:.1f}} %<extra></extra>",
    )
    figure.add_scatter(
        x=list(line.x),
        y=[100 * interval.mean for interval in line.intervals],
        error_y=error_bars(line.intervals, thickness=1.8, width=5),
        customdata=[f"{interval.percent()} % ({interval.label()})" for interval in line.intervals],
        mode=mode,
        marker={"symbol": look.marker, "size": 10, "color": look.colour},
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        name=name,
        legendgroup=name,
        hovertemplate=f"{name}<br>{escaped(sign)} = %{{x:~g}}<br>%{{customdata}}<extra></extra>",
    )
