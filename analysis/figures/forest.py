"""Configurations that several studies share: the mean of each study, and the difference from the first study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.figure import Figure, measure, named
from analysis.plotting.series import drawn_ends, error_bars
from analysis.plotting.styles import MARKERS
from analysis.plotting.theme import COLOURS, GRID, INK, axis_title, empty, escaped
from analysis.results.measures import metric_name, metric_words
from analysis.statistics.intervals import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from analysis.findings.shared_configurations import SharedConfigurations
    from analysis.statistics.intervals import Interval

MAX_ROWS = 40  # configurations that are drawn
BETWEEN = 2.2  # rows, in distances between the marks of a row


@dataclass(frozen=True)
class Row:
    """One configuration: its name and an interval for each study, None where the study has nothing to show."""

    label: str
    intervals: tuple[Interval | None, ...]


def means(shared: SharedConfigurations, metric: str) -> list[Row]:
    """Return the mean of each study, of the configurations with complete runs in at least two of them."""
    rows = [tuple(None if one is None else one.interval(metric) for one in runs) for runs in shared.shared.values()]
    return _labelled(shared, rows, at_least=2)


def differences(shared: SharedConfigurations, metric: str) -> list[Row]:
    """Return each study's paired difference from the first one; that of the first itself is None."""
    rows = []
    for same in shared.shared:
        gaps = [shared.difference(same, place, 0, metric) for place in range(1, len(shared.names))]
        rows.append((None, *(None if gap is None or gap.same_runs else gap.gap for gap in gaps)))
    return _labelled(shared, rows, at_least=1)


def _labelled(shared: SharedConfigurations, rows: Sequence[tuple[Interval | None, ...]], at_least: int) -> list[Row]:
    several = len({same.subset for same in shared.shared}) > 1
    labelled = []
    for same, intervals in zip(shared.shared, rows, strict=True):
        if sum(interval is not None for interval in intervals) >= at_least:
            where = f" on {same.subset}" if several else ""
            labelled.append(Row(f"{shared.label(same)}{where}", intervals))
    return labelled


def draw_forest(rows: Sequence[Row], studies: Sequence[str], title: str) -> go.Figure:
    """Draw a row for each configuration, with a mark and an interval for each study below one another.

    Args:
        rows: from top to bottom; those beyond ``MAX_ROWS`` are not drawn.
        studies: their names.
        title: of the horizontal axis.

    """
    drawn = rows[:MAX_ROWS]
    height = 26 + 12 * len(studies)
    figure = empty(height=150 + height * len(drawn))
    step = 1 / (len(studies) - 1 + BETWEEN)  # so that the marks of a row stand together
    first = step * (len(studies) - 1) / 2
    for place, name in enumerate(studies):
        shown = [(y, interval) for y, row in enumerate(drawn) if (interval := row.intervals[place]) is not None]
        if not shown:
            continue
        colour = COLOURS[place % len(COLOURS)]
        figure.add_scatter(
            x=[100 * interval.mean for _, interval in shown],
            y=[y - first + place * step for y, _ in shown],
            error_x=error_bars((interval for _, interval in shown), thickness=2, width=4),
            customdata=[f"{interval.percent()} ({interval.label()})" for _, interval in shown],
            mode="markers",
            marker={
                "symbol": [
                    MARKERS[place] if drawn_ends(interval) else f"{MARKERS[place]}-open" for _, interval in shown
                ],
                "size": 9,
                "color": colour,
            },
            name=escaped(name),
            hovertemplate=f"{escaped(name)}: %{{customdata}}<extra></extra>",
        )
    figure.update_xaxes(title_text=title)
    labels = [escaped(row.label) for row in drawn]
    figure.update_yaxes(
        tickvals=list(range(len(drawn))), ticktext=labels, range=[len(drawn) - 0.5, -0.5], showgrid=False
    )
    figure.update_yaxes(
        minor={"tickvals": [y + 0.5 for y in range(len(drawn))], "showgrid": True, "ticklen": 0, "gridcolor": GRID}
    )
    return figure


def forest(shared: SharedConfigurations, metric: str) -> tuple[Figure, ...]:
    """Draw the configurations that some studies share, by a metric; empty where they share none."""
    shown = []
    if rows := means(shared, metric):
        caption = f"Mean of each study with its {100 * LEVEL:g} % t-interval; an open mark has too few runs for one."
        drawing = draw_forest(rows, shared.names, axis_title(metric))
        title = f"{metric_name(metric)} of the configurations that the studies share"
        shown.append(Figure(named("shared", measure(metric)), title, _of_rows(caption, rows), drawing))
    if rows := differences(shared, metric):
        first = shared.names[0]
        caption = (
            f"Difference from {first} over the seeds that both have, with its {100 * LEVEL:g} % t-interval; right of "
            "zero, the other study scores higher."
        )
        drawing = draw_forest(rows, shared.names, f"Difference in {metric_words(metric)} (points)")
        drawing.add_vline(x=0, line={"color": INK, "width": 1.5})
        title = f"Difference from {first}, paired by seed"
        shown.append(Figure(named("difference", measure(metric)), title, _of_rows(caption, rows), drawing))
    return tuple(shown)


def _of_rows(caption: str, rows: Sequence[Row]) -> str:
    return caption if len(rows) <= MAX_ROWS else f"{caption} The first {MAX_ROWS} of {len(rows)} rows are drawn."
