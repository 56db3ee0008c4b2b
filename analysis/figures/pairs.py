"""Differences between arms, seed by seed: data first, the drawing below."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from analysis.figures.figure import Figure
from analysis.figures.theme import COLOURS, INK, empty, escaped, faint
from analysis.results.runs_table import Key, accuracy_name, reported_metric, scores, subsets
from analysis.statistics.intervals import LEVEL, Interval, paired_difference
from analysis.statistics.ranking import representatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.results.study_results import StudyResults

ALL_PAIRS = 4  # arms up to which every pair is shown; of more, the first is compared with each other one


@dataclass(frozen=True)
class Pair:
    """One configuration less another, as fractions of accuracy."""

    first: Key
    second: Key
    differences: dict[int, float]  # seed -> difference
    interval: Interval

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return (
            self.interval.low is not None
            and self.interval.high is not None
            and (self.interval.low > 0 or self.interval.high < 0)
        )


def pair_data(runs: pd.DataFrame, metric: str, level: float = LEVEL) -> list[Pair]:
    """Return the paired differences between the configurations that stand for the arms in the boxes, per subset.

    Args:
        runs: a study's runs table.
        metric: ``validation``, ``verified`` or ``test``.
        level: of each t-interval, in (0, 1); they are not widened for being several.

    Pairs that share no seed are absent.

    """
    found = scores(runs, metric)
    standing = [key for key in representatives(runs) if key in found]
    drawn = []
    for subset in subsets(runs):
        own = [key for key in standing if key.subset == subset]
        couples = list(combinations(own, 2)) if len(own) <= ALL_PAIRS else [(own[0], other) for other in own[1:]]
        for first, second in couples:
            interval = paired_difference(found[first], found[second], level)
            if interval is not None:
                shared = sorted(set(found[first]) & set(found[second]))
                differences = {seed: found[first][seed] - found[second][seed] for seed in shared}
                drawn.append(Pair(first, second, differences, interval))
    return drawn


def draw_pairs(data: Sequence[Pair], metric: str) -> go.Figure:
    """Draw each pair's differences (points) on a line of its own: a mark per seed, the mean with its interval."""
    several = len({pair.first.subset for pair in data}) > 1
    rows = list(range(len(data)))
    figure = empty(height=190 + 58 * len(data))
    figure.update_layout(margin_b=130)
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.add_scatter(
        x=[100 * value for pair in data for value in pair.differences.values()],
        y=[row for row, pair in zip(rows, data, strict=True) for _ in pair.differences],
        customdata=[seed for pair in data for seed in pair.differences],
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 13, "color": faint(COLOURS[0], 0.7), "line": {"width": 2}},
        name="one seed",
        hovertemplate="seed %{customdata}: %{x:.1f} points<extra></extra>",
    )
    for clear, mark, name in (
        (True, "diamond", "mean, zero outside its interval"),
        (False, "diamond-open", "mean, zero not outside"),
    ):
        own = [(row, pair) for row, pair in zip(rows, data, strict=True) if pair.clear == clear]
        if own:
            figure.add_scatter(
                x=[100 * pair.interval.mean for _, pair in own],
                y=[row - 0.22 for row, _ in own],  # above its seeds, which else hide it
                error_x={
                    "type": "data",
                    "array": [None if p.interval.half_width is None else 100 * p.interval.half_width for _, p in own],
                    "thickness": 2,
                    "width": 6,
                },
                customdata=[f"{pair.interval.percent()} points ({pair.interval.label()})" for _, pair in own],
                mode="markers",
                marker={"symbol": mark, "size": 11, "color": INK, "line": {"width": 1.8}},
                name=name,
                hovertemplate="%{customdata}<extra></extra>",
            )
    figure.update_xaxes(title_text=f"Difference in<br>{accuracy_name(metric).lower()} (points)", zeroline=False)
    labels = [_label(pair, several=several) for pair in data]
    figure.update_yaxes(tickvals=rows, ticktext=labels, range=[len(data) - 0.4, -0.6], showgrid=False)
    return figure


def _label(pair: Pair, *, several: bool) -> str:
    where = f" on {pair.first.subset}" if several else ""
    return f"{escaped(pair.first.configuration)}<br>minus {escaped(pair.second.configuration + where)}"


def pairs(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the differences between the configurations of the boxes, seed by seed."""
    metric = reported_metric(results.runs)
    data = pair_data(results.runs, metric)
    if not data:
        return ()
    caption = (
        "The same configurations as in the boxes, the first less the second on the same subset. Every stroke is a seed "
        f"that both have; the diamond is the mean with its {100 * LEVEL:g} % t-interval (paired by seed, each at "
        "that level by itself), filled where the interval leaves zero out."
    )
    title = f"{accuracy_name(metric)}: differences between arms, paired by seed"
    return (Figure("paired_differences", title, caption, draw_pairs(data, metric)),)
