"""Accuracy against training time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from analysis.plotting.direct_labels import LETTER, LINE, MAX_LABELS, SIZE, EndLabel
from analysis.plotting.figure import Figure, named, panels
from analysis.plotting.series import drawn_ends, error_bars
from analysis.plotting.styles import styles
from analysis.plotting.theme import SOFT, axis_title, empty, escaped
from analysis.results.budget import HOUR_S
from analysis.results.measures import metric_name
from analysis.results.runs_table import Key, complete_runs, names, reported_metric, runs_of, scores
from analysis.statistics.intervals import LEVEL, Interval, accuracy_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.plotting.styles import Style
    from analysis.results.study_results import StudyResults


def training_time(results: StudyResults) -> tuple[Figure, ...]:
    """Draw what a configuration's training cost against what it reached, a figure per subset where needed."""
    metric = reported_metric(results.runs, results.tested_by)
    more = "The time is that of all attempts together. Runs that share a machine slow each other down."
    figures = []
    for where, runs in panels(results.runs, metric):
        if data := training_time_data(runs, metric):
            title = f"{metric_name(metric)} against training time{where}"
            drawing = draw_training_time(data, metric, styles(results.runs))
            drawn = f" with its {100 * LEVEL:g} % t-interval" if any(drawn_ends(p.accuracy) for p in data) else ""
            caption = (
                f"Mean{drawn} over seeds of each configuration, and the mean wall time of its complete runs. "
                "Dotted: no other is both faster and better."
            )
            figures.append(Figure(named("accuracy vs training time", where), title, caption, drawing, more))
    return tuple(figures)


NARROW = (270, 300)  # pixels of the plot on a narrow screen
MARK = 7  # pixels: half a mark


class Box(NamedTuple):
    """A rectangle, in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Return whether they have an area in common."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.top <= other.bottom or other.top <= self.bottom)


UNITS = ((HOUR_S, "hours"), (60.0, "minutes"), (1.0, "seconds"))


@dataclass(frozen=True)
class TrainingTime:
    """What a configuration's runs reached, and how long one of them trained."""

    key: Key
    accuracy: Interval  # fractions
    wall_s: float  # mean over its complete runs, seconds


def training_time_data(runs: pd.DataFrame, metric: str, level: float = LEVEL) -> list[TrainingTime]:
    """Return accuracy and time of training of each configuration with a complete run, in the plan's order.

    Args:
        runs: a study's runs table.
        metric: ``validation``, ``verified`` or ``test``.
        level: of the t-intervals of accuracy, in (0, 1).

    """
    times = []
    for key, values in scores(runs, metric).items():
        wall_s = float(complete_runs(runs_of(runs, key))["wall_s"].mean())
        times.append(TrainingTime(key, accuracy_interval(values.values(), level), wall_s))
    return times


def pareto_front(data: Sequence[TrainingTime]) -> list[TrainingTime]:
    """Return the configurations that no other one equals or beats in both mean accuracy and time, the fastest first."""
    front: list[TrainingTime] = []
    for price in sorted(data, key=lambda price: (price.wall_s, -price.accuracy.mean)):
        if not front or price.accuracy.mean > front[-1].accuracy.mean:
            front.append(price)
    return front


def draw_training_time(data: Sequence[TrainingTime], metric: str, looks: Mapping[str, Style]) -> go.Figure:
    """Draw accuracy (%) against the mean time of a run, in the largest unit that the longest fills, and the front."""
    figure = empty(height=430)
    longest = max(price.wall_s for price in data)
    unit, name = next(((unit, name) for unit, name in UNITS if longest >= unit), UNITS[-1])
    called = names([price.key for price in data])
    front = pareto_front(data)
    several = 1 < len({price.key.arm for price in data}) <= MAX_LABELS
    if len(front) > 1:
        figure.add_scatter(
            x=[price.wall_s / unit for price in front],
            y=[100 * price.accuracy.mean for price in front],
            mode="lines",
            line={"color": SOFT, "width": 1.5, "dash": "dot", "shape": "hv"},
            hoverinfo="skip",
            showlegend=False,
        )
    for arm in dict.fromkeys(price.key.arm for price in data):
        look = looks[arm]
        of_arm = [price for price in data if price.key.arm == arm]
        figure.add_scatter(
            x=[price.wall_s / unit for price in of_arm],
            y=[100 * price.accuracy.mean for price in of_arm],
            error_y=error_bars((price.accuracy for price in of_arm), thickness=1.5, width=4),
            customdata=[f"{escaped(called[p.key])}<br>{p.accuracy.percent()} % ({p.accuracy.label()})" for p in of_arm],
            mode="markers",
            marker={"symbol": look.marker, "size": 10, "color": look.colour},
            name=escaped(arm),
            showlegend=several,
            hovertemplate=f"%{{customdata}}<br>%{{x:.2f}} {name} a run<extra></extra>",
        )
    limits = _limits(data, unit)
    marks = {
        (price.wall_s / unit, 100 * price.accuracy.mean): EndLabel(
            called[price.key], 100 * price.accuracy.mean, looks[price.key.arm].colour
        )
        for price in (*reversed(front), *data)
    }
    _add_names(figure, marks, *limits)
    several = several and len(figure.layout.annotations) < len(data)  # names do instead of a legend
    (left, right), (low, high) = limits
    figure.update_xaxes(title_text=f"Time of a run ({name})", range=[left, right])
    figure.update_yaxes(title_text=axis_title(metric), range=[low, high])
    figure.update_layout(margin={"t": 16, "b": 110 if several else 60}, showlegend=several)
    return figure


def _limits(data: Sequence[TrainingTime], unit: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ends of the axes of time and accuracy (%), a little outside the marks and their intervals."""
    times = [price.wall_s / unit for price in data]
    values = [100 * end for price in data for end in (price.accuracy.mean, *(drawn_ends(price.accuracy) or ()))]
    margin = 0.08 * (max(times) - min(times)) or 0.1 * max(times)
    room = 0.08 * (max(values) - min(values)) or 1.0
    return (max(0.0, min(times) - margin), max(times) + margin), (min(values) - room, min(max(values), 100.0) + room)


def _add_names(
    figure: go.Figure,
    marks: Mapping[tuple[float, float], EndLabel],
    horizontal: tuple[float, float],
    vertical: tuple[float, float],
) -> None:
    """Write names beside marks, the first ones first, as far as none lies on another or on a mark, at 400 px too.

    The first name may lie on marks.

    Args:
        figure: to write in.
        marks: (x, y) -> what to call the mark there.
        horizontal: the ends of the axis of x.
        vertical: the ends of the axis of y.

    """
    places = {mark: (_pixels(mark[0], horizontal, 0), _pixels(mark[1], vertical, 1)) for mark in marks}
    marked = [Box(x - MARK, y - MARK, x + MARK, y + MARK) for x, y in places.values()]
    written: list[Box] = []
    for mark, label in marks.items():
        x, y = places[mark]
        width, height = LETTER * max(map(len, label.lines)), LINE * len(label.lines)
        for xanchor, yanchor in (("left", "bottom"), ("right", "bottom"), ("left", "top"), ("right", "top")):
            start = x + MARK if xanchor == "left" else x - MARK - width
            bottom = y if yanchor == "bottom" else y - height
            box = Box(start, bottom, start + width, bottom + height)
            inside = box.left >= 0 and box.right <= NARROW[0] and box.bottom >= 0 and box.top <= NARROW[1]
            if inside and not (written and any(map(box.overlaps, (*written, *marked)))):
                written.append(box)
                font = {"size": SIZE, "color": label.colour}
                shift = MARK if xanchor == "left" else -MARK
                at = {"x": mark[0], "y": mark[1], "xanchor": xanchor, "yanchor": yanchor, "xshift": shift}
                figure.add_annotation(text=label.text, align=xanchor, font=font, showarrow=False, borderpad=0, **at)
                break


def _pixels(value: float, ends: tuple[float, float], axis: int) -> float:
    """Return where a value lies on an axis of a plot on a narrow screen, in pixels from its lower end."""
    return (value - ends[0]) / (ends[1] - ends[0]) * NARROW[axis]
