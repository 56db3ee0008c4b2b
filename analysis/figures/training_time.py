"""Accuracy against training time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.figure import Figure, named, panels
from analysis.plotting.series import error_bars
from analysis.plotting.styles import styles
from analysis.plotting.theme import axis_title, empty, escaped
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
    caption = (
        f"Every mark is a configuration: mean with its {100 * LEVEL:g} % t-interval over seeds, and the mean "
        "wall time of its complete runs, all attempts together. Runs that share a machine slow each other down."
    )
    figures = []
    for where, runs in panels(results.runs, metric):
        if data := training_time_data(runs, metric):
            title = f"{metric_name(metric)} against training time{where}"
            drawing = draw_training_time(data, metric, styles(results.runs))
            figures.append(Figure(named("accuracy vs training time", where), title, caption, drawing))
    return tuple(figures)


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


def draw_training_time(data: Sequence[TrainingTime], metric: str, looks: Mapping[str, Style]) -> go.Figure:
    """Draw accuracy (%) against the mean time of a run, in the largest unit that the longest fills."""
    figure = empty(height=430)
    longest = max(price.wall_s for price in data)
    unit, name = next(((unit, name) for unit, name in UNITS if longest >= unit), UNITS[-1])
    called = names([price.key for price in data])
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
            hovertemplate=f"%{{customdata}}<br>%{{x:.2f}} {name} a run<extra></extra>",
        )
    figure.update_xaxes(title_text=f"Training time of a run, mean ({name})", rangemode="tozero")
    figure.update_yaxes(title_text=axis_title(metric))
    return figure
