"""Accuracy against a parameter: a dot per run, means with intervals, and levels of arms that do not vary it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from analysis.figures import published
from analysis.plotting.figure import Figure, axis, measure, named, panels, part_drawn
from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.series import Dot, SweepLine, add_line, drawn_ends, percent_range, run_marker
from analysis.plotting.styles import styles
from analysis.plotting.theme import (
    INK,
    MAX_DRAWN,
    axis_title,
    empty,
    escaped,
    faint,
)
from analysis.results.measures import metric_name
from analysis.results.runs_table import keys, scores, subsets
from analysis.statistics.intervals import LEVEL, MIN_SEEDS, Interval, accuracy_interval
from trainables.naming import symbol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.findings.finding import Finding
    from analysis.plotting.styles import Style
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults


def draw_sweep(data: Sweep, looks: Mapping[str, Style]) -> go.Figure:
    """Draw accuracy (%) against the varied parameter.

    ``arms`` are all the study's arms, here and below: they keep their colours and markers from figure to figure.
    """
    figure = empty(height=460)
    left, right = data.axis.ends
    for index, line in enumerate(data.lines):
        look = looks[line.arm].turned(sum(earlier.arm == line.arm for earlier in data.lines[:index]))
        if line.x:
            add_line(figure, line, look, symbol(data.parameter))
        else:
            _add_level(figure, line, look, (left, right))
    data.axis.label(figure)
    figure.update_yaxes(title_text=axis_title(data.metric), range=percent_range(data.lines))
    return figure


def add_strip(figure: go.Figure, spans: Sequence[tuple[float, float]], on: ParameterAxis) -> None:
    """Mark spans of the parameter by a strip that lies on the horizontal axis.

    Args:
        figure: of ``draw_sweep``.
        spans: the least and the greatest value of each, as ``best_spans`` returns them.
        on: the axis, whose values determine how far a strip reaches beyond its ends.

    """
    logarithmic = on.logarithmic
    places = [math.log10(value) if logarithmic else value for value in on.x]
    reach = 0.02 * (max(places) - min(places))
    for span in spans:
        ends = [math.log10(end) if logarithmic else end for end in span]
        low, high = ends[0] - reach, ends[1] + reach
        sides = {"x0": 10**low, "x1": 10**high} if logarithmic else {"x0": low, "x1": high}
        figure.add_shape(type="rect", yref="paper", y0=0, y1=0.03, fillcolor=INK, opacity=0.75, line_width=0, **sides)


def _add_level(figure: go.Figure, line: SweepLine, look: Style, ends: tuple[float, float]) -> None:
    """Add an arm that does not vary the parameter: a level with its band, and its runs at the right edge."""
    name, interval, dots = escaped(line.label), line.intervals[0], line.dots[:MAX_DRAWN]
    if ends_of_interval := drawn_ends(interval):
        low, high = (100 * end for end in ends_of_interval)
        figure.add_scatter(
            x=[ends[0], ends[1], ends[1], ends[0]],
            y=[low, low, high, high],
            fill="toself",
            fillcolor=faint(look.colour, 0.13),
            mode="lines",
            line={"width": 0},
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[ends[1]] * len(dots),
        y=[100 * dot.accuracy for dot in dots],
        customdata=[dot.seed for dot in dots],
        mode="markers",
        marker=run_marker(look),
        legendgroup=name,
        showlegend=False,
        cliponaxis=False,
        hovertemplate=f"{name}<br>seed %{{customdata}}: %{{y:.1f}} %<extra></extra>",
    )
    figure.add_scatter(
        x=list(ends),
        y=[100 * interval.mean] * 2,
        mode="lines",
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        name=name,
        legendgroup=name,
        hovertemplate=f"{name}<br>{interval.percent()} % ({interval.label()})<extra></extra>",
    )


@dataclass(frozen=True)
class Sweep:
    """Accuracy against one varied parameter."""

    parameter: str
    metric: str  # validation or test
    lines: tuple[SweepLine, ...]

    @property
    def axis(self) -> ParameterAxis:
        """The axis of the parameter."""
        return ParameterAxis(self.parameter, [x for line in self.lines for x in line.x])


def sweep_parameters(runs: pd.DataFrame) -> list[str]:
    """Return the numeric parameters that some arm varies, in the plan's order."""
    return [name for name in dict.fromkeys(map(str, runs["parameter"])) if name]


def sweep_data(
    runs: pd.DataFrame,
    parameter: str,
    metric: str,
    level: float = LEVEL,
    collapsed: Mapping[Key, Collection[int]] = MappingProxyType({}),
) -> Sweep:
    """Return accuracy against a varied parameter: the series that vary it, then the arms and controls that do not.

    Args:
        runs: a study's runs table.
        parameter: a name from ``sweep_parameters``.
        metric: ``validation`` or ``test``.
        level: of the t-intervals, in (0, 1).
        collapsed: configuration -> seeds whose runs are drawn, but are not in the means.

    Series without a complete run are absent; so are arms that vary another parameter.

    """
    several = len(subsets(runs)) > 1
    swept, fixed = [], []
    for series, subset in dict.fromkeys(zip(runs["series"], runs["subset"], strict=True)):
        rows = runs[(runs["series"] == series) & (runs["subset"] == subset)]
        if (rows["stage"] == "control").all() and len(keys(rows)) == 1:
            # It is named after the value of the configuration that it controls for, and does not have it itself.
            rows = rows.assign(series=rows["configuration"], parameter="", value=math.nan)
        name = str(rows["series"].iloc[0])
        label = f"{name} · {subset}" if several else name
        if (rows["parameter"] == parameter).all():
            swept.append(_line(rows, label, metric, level, collapsed))
        elif (rows["parameter"] == "").all():
            fixed.append(_line(rows, label, metric, level, collapsed))
    return Sweep(parameter, metric, tuple(line for line in (*swept, *fixed) if line.intervals))


def best_spans(finding: Finding, runs: pd.DataFrame, parameter: str) -> list[tuple[float, float]]:
    """Return which values of a parameter may be the best.

    Args:
        finding: of the study.
        runs: the study's runs, or a part of them.
        parameter: a name from ``sweep_parameters``.

    Returns:
        The least and the greatest value of each group of neighbours, ascending; empty unless the runs are of one subset
        and exactly one series varies the parameter, and where nothing can be ruled out.

    """
    swept = runs[(runs["parameter"] == parameter) & (runs["stage"] != "control")]
    if len(subsets(runs)) != 1 or len(set(swept["series"])) != 1 or (swept["stage"] != "").any():
        return []
    bests = finding.bests(subsets(runs)[0])
    if bests is None or not bests.decided:
        return []  # one seed, or no spread: nothing is compared
    tied = {key.configuration for key in bests.members}
    names = dict(zip(map(float, swept["value"]), swept["configuration"], strict=True))  # with or without a score
    spans: list[tuple[float, float]] = []
    before = False
    for value in sorted(names):
        if within := names[value] in tied:
            spans = [*spans[:-1], (spans[-1][0], value)] if before else [*spans, (value, value)]
        before = within
    return spans


def _line(
    runs: pd.DataFrame, label: str, metric: str, level: float, collapsed: Mapping[Key, Collection[int]]
) -> SweepLine:
    points: list[tuple[float, Interval]] = []
    dots: list[Dot] = []
    values = dict(zip(runs["configuration"], runs["value"], strict=True))
    for key, by_seed in scores(runs, metric).items():
        x = float(values[key.configuration])
        sound = [accuracy for seed, accuracy in by_seed.items() if seed not in collapsed.get(key, ())]
        points.append((x, accuracy_interval(sound, level)))
        dots.extend(Dot(x, accuracy, seed) for seed, accuracy in by_seed.items())
    points.sort(key=lambda point: point[0])
    x_axis = tuple(x for x, _ in points if not math.isnan(x))
    return SweepLine(str(runs["arm"].iloc[0]), label, x_axis, tuple(interval for _, interval in points), tuple(dots))


STRIP = (
    f" The thick strip on the axis: values that may be the best (Hsu's comparisons with the best, {100 * LEVEL:g} %)."
)


def sweep(finding: Finding) -> tuple[Figure, ...]:
    """Draw the reported accuracy and the selection accuracy against every varied number."""
    return _sweeps(finding, finding.reported, (finding.metric, finding.selected_on))


def exploring_sweep(finding: Finding) -> tuple[Figure, ...]:
    """Draw the exploring runs' selection accuracy against every varied number."""
    return _sweeps(finding, finding.explored, (finding.selected_on,), "exploring")


def _sweeps(finding: Finding, results: StudyResults, metrics: tuple[str, ...], prefix: str = "") -> tuple[Figure, ...]:
    return tuple(
        figure
        for parameter in sweep_parameters(results.runs)
        for metric in dict.fromkeys(metrics)
        for figure in _captioned(finding, results, parameter, metric, prefix)
    )


def _captioned(finding: Finding, results: StudyResults, parameter: str, metric: str, prefix: str) -> list[Figure]:
    caption = (
        f"Every open mark is a run; filled marks are means with {100 * LEVEL:g} % t-intervals over seeds, from "
        f"{MIN_SEEDS} seeds on. A level with a band is an arm that does not vary it; its runs stand at the right edge."
    )
    if metric == finding.selected_on:
        caption += " The choice is made on these numbers."
    collapsed = finding.collapses.collapsed if results is finding.reported else {}
    if collapsed:
        caption += " Runs that have collapsed are drawn like any other, but are not in the means."
    marks = published.published_marks(results, parameter) if metric == "test" else []
    figures = []
    for where, runs in panels(results.runs, metric):
        data = sweep_data(runs, parameter, metric, collapsed=collapsed)
        if any(len(set(line.x)) > 1 for line in data.lines):  # one value of each series draws no line
            title = f"{metric_name(metric)} against {symbol(parameter)}{where}"
            drawing = draw_sweep(data, styles(results.runs))
            published.add_to_sweep(drawing, marks)
            spans = best_spans(finding, runs, parameter)
            add_strip(drawing, spans, data.axis)
            name = named(prefix, measure(metric), "vs", axis(parameter), where)
            text = caption + part_drawn(runs) + (published.CAPTION if marks else "") + (STRIP if spans else "")
            figures.append(Figure(name, title, text, drawing))
    return figures
