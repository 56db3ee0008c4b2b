"""Differences between arms, seed by seed: data first, the drawing below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.figure import Figure
from analysis.plotting.series import error_bars
from analysis.plotting.theme import COLOURS, INK, empty, escaped, faint
from analysis.results.measures import metric_name, metric_words
from analysis.statistics.intervals import LEVEL, Interval, paired_difference, shared_seeds
from analysis.text.phrases import clear

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key


@dataclass(frozen=True)
class Pair:
    """One configuration minus another, as fractions of accuracy."""

    first: Key
    second: Key
    differences: dict[int, float]  # seed -> difference
    interval: Interval

    @property
    def clear(self) -> bool:
        """Whether the interval excludes zero."""
        return clear(self.interval)


def pairs_data(finding: Finding, level: float = LEVEL) -> list[Pair]:
    """Return the paired differences of the reported accuracy between the configurations that represent the arms.

    Pairs that share no seed are absent.

    Args:
        finding: of the study.
        level: of each t-interval, in (0, 1), without a correction for their number.

    """
    accuracies = finding.compared_scores
    drawn = []
    for first, second in (pair for pairs in finding.pairs_to_compare.values() for pair in pairs):
        one, other = accuracies.get(first, {}), accuracies.get(second, {})
        interval = paired_difference(one, other, level)
        if interval is not None:
            differences = {seed: one[seed] - other[seed] for seed in shared_seeds(one, other)}
            drawn.append(Pair(first, second, differences, interval))
    return drawn


def draw_pairs(data: Sequence[Pair], metric: str) -> go.Figure:
    """Draw each pair's differences (points) on its own line: a mark per seed, the mean with its interval."""
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
    for filled, mark, name in (
        (True, "diamond", "mean, interval excludes zero"),
        (False, "diamond-open", "mean, zero not excluded"),
    ):
        marked = [(row, pair) for row, pair in zip(rows, data, strict=True) if pair.clear == filled]
        if marked:
            figure.add_scatter(
                x=[100 * pair.interval.mean for _, pair in marked],
                y=[row - 0.22 for row, _ in marked],  # above its seeds, which would cover it
                error_x=error_bars((pair.interval for _, pair in marked), thickness=2, width=6),
                customdata=[f"{pair.interval.percent()} points ({pair.interval.label()})" for _, pair in marked],
                mode="markers",
                marker={"symbol": mark, "size": 11, "color": INK, "line": {"width": 1.8}},
                name=name,
                hovertemplate="%{customdata}<extra></extra>",
            )
    figure.update_xaxes(title_text=f"Difference in<br>{metric_words(metric)} (points)", zeroline=False)
    labels = [_label(pair, several=several) for pair in data]
    figure.update_yaxes(tickvals=rows, ticktext=labels, range=[len(data) - 0.4, -0.6], showgrid=False)
    return figure


def _label(pair: Pair, *, several: bool) -> str:
    where = f" on {pair.first.subset}" if several else ""
    return f"{escaped(pair.first.configuration)}<br>minus {escaped(pair.second.configuration + where)}"


def pairs(finding: Finding) -> tuple[Figure, ...]:
    """Draw the differences between the configurations of the boxes, seed by seed."""
    metric, data = finding.metric, pairs_data(finding)
    if not data:
        return ()
    caption = (
        "The same configurations as in the boxes, the first minus the second on the same subset, less the luck of "
        "having been the best of their arm on validation. Every stroke is a seed that both share; the diamond is "
        f"the mean with its {100 * LEVEL:g} % t-interval (paired by seed, each "
        "at its own level), filled if the interval excludes zero."
    )
    title = f"{metric_name(metric)}: differences between arms, paired by seed"
    return (Figure("paired_differences", title, caption, draw_pairs(data, metric)),)
