"""Differences between arms, seed by seed: data first, the drawing below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.plotting.class_matrix import shortened
from analysis.plotting.figure import Figure
from analysis.plotting.series import MAX_DOTS, SPREADS, drawn_ends, error_bars, spread_lines
from analysis.plotting.theme import COLOURS, INK, empty, escaped, faint
from analysis.results.measures import metric_name
from analysis.statistics.intervals import LEVEL, Interval, paired_difference, shared_seeds
from analysis.text.phrases import clear

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key

ROW, TALL = 34, 46  # pixels: of a row, and of one whose label has two lines
ABOVE, BELOW = 0.13, 0.22  # of a row: where the mean and the seeds stand
NAME = 24  # letters of a name


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


@dataclass(frozen=True)
class Row:
    """A row of the figure: a pair, or the heading over the rows of two arms on several subsets."""

    label: str  # plotly's markup
    pair: Pair | None = None


def draw_pairs(data: Sequence[Pair], names: Mapping[Key, str]) -> go.Figure:
    """Draw each pair's mean difference (points) with its interval, and its seeds below.

    On one subset a pair is a row; on several, two arms are a heading with a row for each subset.

    Args:
        data: the pairs.
        names: what to call each configuration.

    """
    rows = _rows(data, names)
    places = list(range(len(rows)))
    at = [(place, row.pair) for place, row in zip(places, rows, strict=True) if row.pair is not None]
    figure = empty(height=(ROW if len(at) < len(rows) else TALL) * len(rows) + 150)
    figure.update_layout(margin={"t": 12, "b": 128}, legend={"xref": "container"})
    for place, row in zip(places, rows, strict=True):
        if row.pair is None or (len(at) == len(rows) and place % 2):
            figure.add_hrect(y0=place - 0.5, y1=place + 0.5, fillcolor=faint(INK, 0.05), line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    _add_seeds(figure, at)
    for shown, mark, name in (
        (True, "diamond", "mean; interval excludes 0"),
        (False, "diamond-open", "mean; interval contains 0"),
        (None, "circle-open", "mean without interval"),
    ):
        marked = [(place, pair) for place, pair in at if _excludes_zero(pair) is shown]
        if marked:
            figure.add_scatter(
                x=[100 * pair.interval.mean for _, pair in marked],
                y=[place - ABOVE for place, _ in marked],
                error_x=error_bars((pair.interval for _, pair in marked), thickness=2, width=0),
                customdata=[_hover(pair, names) for _, pair in marked],
                mode="markers",
                marker={"symbol": mark, "size": 10, "color": INK, "line": {"width": 1.8}},
                name=name,
                hovertemplate="%{customdata}<extra></extra>",
            )
    title = "Difference (points)<br>above 0: the first is better"
    figure.update_xaxes(title={"text": title, "font": {"size": 13}}, zeroline=False, range=_range(data))
    labels = [row.label for row in rows]
    figure.update_yaxes(tickvals=places, ticktext=labels, range=[len(rows) - 0.5, -0.5], showgrid=False, ticks="")
    return figure


def _add_seeds(figure: go.Figure, at: Sequence[tuple[int, Pair]]) -> None:
    """Add a stroke for each seed; of more than ``MAX_DOTS``, their spread."""
    few = [(place, pair) for place, pair in at if 1 < len(pair.differences) <= MAX_DOTS]
    if few:
        figure.add_scatter(
            x=[100 * value for _, pair in few for value in pair.differences.values()],
            y=[place + BELOW for place, pair in few for _ in pair.differences],
            customdata=[seed for _, pair in few for seed in pair.differences],
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 10, "color": faint(COLOURS[0], 0.7), "line": {"width": 1.5}},
            name="one seed",
            hovertemplate="seed %{customdata}: %{x:.1f} points<extra></extra>",
        )
    many = {float(place): [100 * value for value in pair.differences.values()] for place, pair in at}
    many = {place: values for place, values in many.items() if len(values) > MAX_DOTS}
    for share, width, places, ends in spread_lines(many):
        figure.add_scatter(
            x=ends,
            y=[None if place is None else place + BELOW for place in places],
            mode="lines",
            line={"color": faint(COLOURS[0], 0.35), "width": width},
            name=f"{share} % of the seeds",
            hovertemplate=f"{share} % of the seeds end at %{{x:.1f}} points<extra></extra>",
        )


def _range(data: Sequence[Pair]) -> tuple[float, float]:
    """Return the ends of the axis in points: zero is always within."""
    ends = [end for pair in data for end in (pair.interval.mean, *(drawn_ends(pair.interval) or ()))]
    for pair in data:
        values = list(pair.differences.values())
        ends += values if len(values) <= MAX_DOTS else np.percentile(values, SPREADS[0][:2]).tolist()
    low, high = 100 * min(0.0, *ends), 100 * max(0.0, *ends)
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _rows(data: Sequence[Pair], names: Mapping[Key, str]) -> list[Row]:
    if len({pair.first.subset for pair in data}) == 1:
        return [Row(_minus(_short(names, pair.first), _short(names, pair.second)), pair) for pair in data]
    rows = []
    for first, second in dict.fromkeys((pair.first.arm, pair.second.arm) for pair in data):
        rows.append(Row(f"<b>{_minus(shortened(first, NAME), shortened(second, NAME))}</b>"))
        of_both = [pair for pair in data if (pair.first.arm, pair.second.arm) == (first, second)]
        rows += [Row(escaped(shortened(pair.first.subset, NAME)), pair) for pair in of_both]
    return rows


def _minus(first: str, second: str) -> str:
    """Return the label of a difference, in two lines where one is too long."""
    link = " " if len(first) + len(second) < NAME else "<br>"
    return f"{escaped(first)}{link}\u2212 {escaped(second)}"


def _short(names: Mapping[Key, str], key: Key) -> str:
    """Return a configuration's name, or if that is long, its arm's, as each arm has one configuration here."""
    return names[key] if len(names[key]) <= NAME else shortened(key.arm, NAME)


def _hover(pair: Pair, names: Mapping[Key, str]) -> str:
    what = _minus(names[pair.first], names[pair.second])
    return f"{what}<br>{pair.interval.percent('+')} points ({pair.interval.label()})"


def _excludes_zero(pair: Pair) -> bool | None:
    """Return whether a drawn interval excludes 0; None without one."""
    return pair.clear if pair.interval.has_width else None


def pairs(finding: Finding) -> tuple[Figure, ...]:
    """Draw the differences between the configurations of the boxes, seed by seed."""
    metric, data = finding.metric, pairs_data(finding)
    if not data:
        return ()
    strokes = max(len(pair.differences) for pair in data) <= MAX_DOTS
    means = "Circles: mean differences of too few seeds for an interval."
    if any(pair.interval.has_width for pair in data):
        means = f"Diamonds: mean differences with {100 * LEVEL:g} % t-intervals; open where the interval contains 0."
    caption = f"{means} {'Strokes: single seeds' if strokes else 'Bars: the middle 50 and 90 % of the seeds'}."
    more = (
        "The configurations of the boxes, each pair over the seeds that both have, less the luck of being the best of "
        "the arm on validation. The intervals are not corrected for their number."
    )
    title = f"{metric_name(metric)}: differences between arms, paired by seed"
    return (Figure("paired_differences", title, caption, draw_pairs(data, finding.names), more=more),)
