"""What q the adaptive loss chose against the temperature: data first, the drawing below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.adaptive_q.per_epoch import TEMPERATURES, adaptive_runs, known_q, limits_of_q
from analysis.plotting.direct_labels import MAX_LABELS, EndLabel, add_end_labels
from analysis.plotting.figure import Figure, part_drawn
from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.series import run_marker
from analysis.plotting.styles import styles
from analysis.plotting.theme import INK, empty, escaped, first_of_each
from analysis.results.runs_table import curve_points, subsets
from analysis.statistics.intervals import LEVEL, Interval, t_interval
from trainables.naming import symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import plotly.graph_objects as go

    from analysis.plotting.styles import Style
    from analysis.results.study_results import StudyResults


@dataclass(frozen=True)
class QLine:
    """A series' mean q_a against T."""

    arm: str
    label: str
    temperatures: tuple[float, ...]
    intervals: tuple[Interval, ...]  # over runs
    runs: tuple[tuple[float, float], ...]  # (T, mean q_a) of each run


@dataclass(frozen=True)
class QSweep:
    """Mean q_a against T, and its value if distances carried no information on labels."""

    lines: tuple[QLine, ...]
    classes: int
    limit: float
    parameter: str = "temperature"


def q_vs_t_data(results: StudyResults) -> QSweep | None:
    """Return mean q_a against T, of all complete runs; None with fewer than two T.

    Of a study whose runs have relative temperatures alone, it is against those.

    As T grows every distance weighs the same, and the score of a batch tends to the share of pairs of equal labels: q_a
    tends to 1 - sum over classes of the squared share of each, which is 1 - 1/K for K equally large classes.
    """
    runs = adaptive_runs(results)
    points = curve_points(known_q(results), "q_mean", list(runs["run_id"]))
    parameter = next((name for name in TEMPERATURES if len(set(runs[name].dropna())) > 1), None)  # an axis
    if parameter is None:
        return None
    runs = runs[runs[parameter].notna()]
    several = len(subsets(runs)) > 1
    lines = []
    for (series, subset), rows in runs.groupby(["series", "subset"], sort=False):
        dots = [
            (float(temperature), math.fsum(points[run_id].values()) / len(points[run_id]))
            for run_id, temperature in zip(rows["run_id"], rows[parameter], strict=True)
            if run_id in points
        ]
        x = sorted({temperature for temperature, _ in dots})
        intervals = tuple(t_interval(q for temperature, q in dots if temperature == at) for at in x)
        label = f"{series} · {subset}" if several else str(series)
        lines.append(QLine(str(rows["arm"].iloc[0]), label, tuple(x), intervals, tuple(dots)))
    drawn = tuple(line for line in lines if line.runs)
    classes = len(results.plan.dataset.classes)
    return QSweep(drawn, classes, 1 - 1 / classes, parameter) if drawn and classes else None


def draw_q_vs_t(data: QSweep, looks: Mapping[str, Style]) -> go.Figure:
    """Draw mean q_a against T, with its limit for K equally large classes as a level."""
    figure = empty(height=400)
    axis = ParameterAxis(data.parameter, [x for line in data.lines for x in line.temperatures])
    labels = [EndLabel("noise-blind limit", data.limit, INK, f"{data.limit:.3f}")]
    figure.add_scatter(
        x=list(axis.ends),
        y=[data.limit] * 2,
        mode="lines",
        line={"color": INK, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        name=f"noise-blind limit {data.limit:.3f}",
    )
    for i, line in enumerate(data.lines):
        look = looks[line.arm].turned(sum(earlier.arm == line.arm for earlier in data.lines[:i]))
        name = escaped(line.label)
        dots = first_of_each(line.runs, [x for x, _ in line.runs])
        figure.add_scatter(
            x=[x for x, _ in dots],
            y=[q for _, q in dots],
            mode="markers",
            legendgroup=name,
            showlegend=False,
            hoverinfo="skip",
            marker=run_marker(look),
        )
        figure.add_scatter(
            x=list(line.temperatures),
            y=[interval.mean for interval in line.intervals],
            error_y={"type": "data", "array": [interval.half_width for interval in line.intervals], "width": 5},
            customdata=[f"{interval.mean:.3f} ({interval.label()})" for interval in line.intervals],
            mode="lines+markers",
            marker={"symbol": look.marker, "size": 9, "color": look.colour},
            line={"color": look.colour, "width": 2.5, "dash": look.dash},
            name=name,
            legendgroup=name,
            hovertemplate=f"{name}<br>{symbol(data.parameter)} = %{{x:~g}}: %{{customdata}}<extra></extra>",
        )
        labels.append(EndLabel(line.label, line.intervals[-1].mean, look.colour))
    axis.label(figure)
    values = [data.limit, *(q for line in data.lines for _, q in line.runs)]
    values += [end for line in data.lines for i in line.intervals for end in (i.low, i.high) if end is not None]
    limits = limits_of_q(values)
    figure.update_yaxes(title_text="Mean q<sub>a</sub>", range=limits)
    if len(labels) <= MAX_LABELS:
        figure.update_layout(margin={"t": 16, "b": 60})
        add_end_labels(figure, labels, limits)
    return figure


def q_vs_t(results: StudyResults) -> tuple[Figure, ...]:
    """Draw which q the adaptive loss chose against T."""
    data = q_vs_t_data(results)
    if data is None:
        return ()
    caption = (
        f"Open marks are runs, each with its mean q over all epochs; filled ones are means with {100 * LEVEL:g} % "
        "t-intervals over runs."
    )
    more = (
        f"Exploring runs are included.{part_drawn(results.runs)} As T grows, all distances weigh the same and q_a "
        "tends to 1 less the sum of the squared shares of the classes: it then reflects nothing of the batch's "
        f"features. The dashed level, 1 - 1/K, assumes K = {data.classes} classes of equal size; unequal ones have a "
        "lower limit, and a small training set, sampled without replacement, a higher one."
    )
    drawing = draw_q_vs_t(data, styles(results.runs))
    return (Figure("q_vs_t", "Mean q of the adaptive loss against T", caption, drawing, more),)
