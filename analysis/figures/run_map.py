"""All runs at a glance, and what accuracy cost: data first, drawings below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.budget import HOUR_S
from analysis.frames import Key, complete_runs, keys, runs_of, scores
from analysis.intervals import LEVEL, Interval, t_interval
from analysis.theme import CUTS, INK, SCALE, axis_title, empty, escaped, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

MOST_ROWS = 60  # configurations in the map of runs
ROW = 24  # pixels
UNSCORED = "complete, not scored"
MARKS = {**CUTS, UNSCORED: "line-ew", "missing": "circle-open", "damaged": "asterisk-open"}
UNITS = ((HOUR_S, "hours"), (60.0, "minutes"), (1.0, "seconds"))


@dataclass(frozen=True)
class RunMap:
    """Every planned run: configurations down, seeds across.

    Attributes:
        rows: configurations, in the plan's order.
        seeds: in increasing order.
        accuracies: of each row and seed, a fraction; None where there is none, or no such run is planned.
        left_out: (row, column, status) of the planned runs that are not complete, or have no accuracy to choose by.
        dropped: configurations beyond MOST_ROWS.

    """

    rows: tuple[Key, ...]
    seeds: tuple[int, ...]
    accuracies: tuple[tuple[float | None, ...], ...]
    left_out: tuple[tuple[int, int, str], ...]
    dropped: int


def run_map(runs: pd.DataFrame) -> RunMap:
    """Return the map of a study's runs, by the accuracy that the study chooses by."""
    found = keys(runs)
    shown = found[:MOST_ROWS]
    seeds = sorted({int(seed) for seed in runs["seed"]})
    accuracies, left_out = [], []
    for i, key in enumerate(shown):
        own = runs_of(runs, key)
        cells: list[float | None] = [None] * len(seeds)
        for seed, status, accuracy in zip(own["seed"], own["status"], own["selection_accuracy"], strict=True):
            column = seeds.index(int(seed))
            cells[column] = float(accuracy) if math.isfinite(accuracy) else None
            if status != "complete" or cells[column] is None:
                left_out.append((i, column, UNSCORED if status == "complete" else str(status)))
        accuracies.append(tuple(cells))
    return RunMap(tuple(shown), tuple(seeds), tuple(accuracies), tuple(left_out), len(found) - len(shown))


def draw_run_map(data: RunMap) -> go.Figure:
    """Draw the runs' accuracies (%) as shades, and a mark on every run that is not complete."""
    several = len({key.subset for key in data.rows}) > 1
    labels = [escaped(f"{key.configuration} on {key.subset}" if several else key.configuration) for key in data.rows]
    figure = empty(height=200 + ROW * len(labels))
    figure.add_heatmap(
        z=[[None if value is None else 100 * value for value in row] for row in data.accuracies],
        x=list(range(len(data.seeds))),
        y=list(range(len(labels))),
        customdata=[[[label, seed] for seed in data.seeds] for label in labels],
        colorscale=SCALE,
        colorbar={"title": {"text": "%"}, "thickness": 14, "outlinewidth": 0},
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{customdata[0]}, seed %{customdata[1]}: %{z:.1f} %<extra></extra>",
    )
    for status, mark in MARKS.items():
        own = [(row, column) for row, column, found in data.left_out if found == status]
        if own:
            # White under black, so that the mark is seen on every shade.
            for colour, width in (("#ffffff", 4.5), (INK, 2)):
                figure.add_scatter(
                    x=[column for _, column in own],
                    y=[row for row, _ in own],
                    text=[f"{labels[row]}, seed {data.seeds[column]}: {status}" for row, column in own],
                    mode="markers",
                    marker={"symbol": mark, "size": 11, "color": colour, "line": {"width": width, "color": colour}},
                    name=status,
                    showlegend=colour == INK,
                    hovertemplate="%{text}<extra></extra>",
                )
    step = math.ceil(len(data.seeds) / 24)
    columns = list(range(0, len(data.seeds), step))
    seeds = [str(data.seeds[column]) for column in columns]
    figure.update_xaxes(title_text="Seed", tickvals=columns, ticktext=seeds, showgrid=False)
    ends = [len(labels) - 0.5, -0.5]
    figure.update_yaxes(tickvals=list(range(len(labels))), ticktext=labels, range=ends, showgrid=False)
    if not data.left_out:
        figure.update_layout(margin_b=60)  # there is no legend
    return figure


@dataclass(frozen=True)
class Price:
    """What a configuration's runs reached, and how long one of them trained."""

    key: Key
    accuracy: Interval  # fractions
    wall_s: float  # mean over its complete runs, seconds


def prices(runs: pd.DataFrame, metric: str, level: float = LEVEL) -> list[Price]:
    """Return accuracy and time of training of each configuration with a complete run, in the plan's order.

    Args:
        runs: a study's runs table.
        metric: ``validation``, ``verified`` or ``test``.
        level: of the t-intervals of accuracy, in (0, 1).

    """
    found = []
    for key, values in scores(runs, metric).items():
        wall_s = float(complete_runs(runs_of(runs, key))["wall_s"].mean())
        found.append(Price(key, t_interval(values.values(), level), wall_s))
    return found


def draw_prices(data: Sequence[Price], metric: str, arms: Sequence[str]) -> go.Figure:
    """Draw accuracy (%) against the mean time of a run, in the largest unit that the longest fills."""
    figure = empty(height=430)
    longest = max(price.wall_s for price in data)
    unit, name = next(((unit, name) for unit, name in UNITS if longest >= unit), UNITS[-1])
    several = len({price.key.subset for price in data}) > 1
    for arm in dict.fromkeys(price.key.arm for price in data):
        look = style(arms, arm)
        own = [price for price in data if price.key.arm == arm]
        where = [f"{p.key.configuration} on {p.key.subset}" if several else p.key.configuration for p in own]
        halves = [price.accuracy.half_width for price in own]
        figure.add_scatter(
            x=[price.wall_s / unit for price in own],
            y=[100 * price.accuracy.mean for price in own],
            error_y={
                "type": "data",
                "array": [None if half is None else 100 * half for half in halves],
                "thickness": 1.5,
                "width": 4,
            },
            customdata=[
                f"{escaped(text)}<br>{p.accuracy.percent()} % ({p.accuracy.label()})"
                for text, p in zip(where, own, strict=True)
            ],
            mode="markers",
            marker={"symbol": look.marker, "size": 10, "color": look.colour},
            name=escaped(arm),
            hovertemplate=f"%{{customdata}}<br>%{{x:.2f}} {name} a run<extra></extra>",
        )
    figure.update_xaxes(title_text=f"Training time of a run, mean ({name})", rangemode="tozero")
    figure.update_yaxes(title_text=axis_title(metric))
    return figure
