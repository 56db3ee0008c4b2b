"""Accuracy against a parameter: a dot per run, means with intervals, and levels of arms that do not vary it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analysis.figures import published
from analysis.figures.sweep_data import Marks, Sweep, marks_on, sweep_data, sweep_parameters
from analysis.plotting.class_matrix import axis_names
from analysis.plotting.direct_labels import MAX_LABELS, EndLabel, add_end_labels
from analysis.plotting.figure import Figure, axis, measure, named
from analysis.plotting.panel import Lane, Panel, point_at, shade
from analysis.plotting.series import MAX_DOTS, SweepLine, add_level, add_line, drawn_ends, percent_range, top_of
from analysis.plotting.styles import styles
from analysis.plotting.theme import axis_title, empty, escaped
from analysis.results.measures import metric_name, metric_words, on_test
from analysis.statistics.intervals import LEVEL, MIN_SEEDS
from trainables.naming import CONTROL, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.finding import Finding
    from analysis.plotting.styles import Style
    from analysis.results.study_results import StudyResults

HEIGHT, PANEL = 430, 210  # pixels: of a figure of one panel, and of each of several


def draw_sweep(data: Sweep, looks: Mapping[str, Style], marks: Mapping[str, Marks] = MappingProxyType({})) -> go.Figure:
    """Draw accuracy (%) against the varied parameter, a panel for each subset.

    Args:
        data: what to draw.
        looks: arm -> how it is drawn in every figure of the study.
        marks: subset -> what is marked on its panel.

    """
    names = data.subsets
    columns = min(2, len(names))
    rows = -(-len(names) // columns)
    together = on_test(data.metric)  # validation does not compare across subsets
    base = make_subplots(
        rows,
        columns,
        shared_xaxes=True,
        horizontal_spacing=0.03 if together else 0.12,
        vertical_spacing=60 / (PANEL * rows),
        subplot_titles=axis_names(names) if len(names) > 1 else None,
    )
    figure = empty(height=HEIGHT if len(names) == 1 else PANEL * rows + 160, base=base)
    figure.update_layout(margin={"t": 34 if len(names) == 1 else 50, "b": 62})
    figure.update_annotations(yshift=16, font_size=14)  # the panels' titles, above what is written at a pick
    data.axis.set_up(figure, narrow=columns > 1)
    figure.update_xaxes(title_text=escaped(data.axis.title))
    labelled = len(names) == 1 and len(data.lines) <= MAX_LABELS
    for place, subset in enumerate(names):
        row, column = divmod(place, columns)
        panel = Panel(figure, data.axis, {"row": row + 1, "col": column + 1})
        lines, marked = data.on(subset), marks.get(subset, Marks())
        shown = marks.values() if together else [marked]
        limits = percent_range(
            data.lines if together else lines, [end for m in shown for mark in m.published for end in mark.ends]
        ) or (0.0, 100.0)
        figure.update_yaxes(range=limits, showticklabels=column == 0 or not together, **panel.at)
        figure.update_yaxes(title_text=axis_title(data.metric) if column == 0 else "", **panel.at)
        if place + columns < len(names):
            figure.update_xaxes(title_text="", **panel.at)
        elif row + 1 < rows:
            figure.update_xaxes(showticklabels=True, **panel.at)
        _draw_panel(panel, lines, looks, marked, limits)
        if labelled:
            add_end_labels(figure, [_label(line, looks, marked) for line in lines], limits)
    if not labelled:
        _one_legend(figure)
    return figure


def _draw_panel(
    panel: Panel, lines: Sequence[SweepLine], looks: Mapping[str, Style], marked: Marks, limits: tuple[float, float]
) -> None:
    swept = [line for line in lines if line.x]
    turned = [
        looks[line.arm].turned([other.arm for other in lines[:i]].count(line.arm)) for i, line in enumerate(lines)
    ]
    look = dict(zip(map(id, lines), turned, strict=True))
    for line in lines:
        if not line.x:
            add_level(panel, line, look[id(line)])
    for number, line in enumerate(swept):
        add_line(panel, line, look[id(line)], lane=Lane(number, len(swept)))
    if marked.spans and swept:
        shade(panel, marked.spans, look[id(swept[0])].colour)
    if marked.pick is not None:
        for number, line in enumerate(swept):
            if line.label == marked.pick[0] and marked.pick[1] in line.x:
                x = panel.axis.moved(marked.pick[1], Lane(number, len(swept)).middle)
                top = top_of(line.intervals[line.x.index(marked.pick[1])])
                point_at(panel, x, (top, limits[1]), look[id(line)], marked.word)
    published.add_to_sweep(panel, marked.published, looks, limits[0])


def _label(line: SweepLine, looks: Mapping[str, Style], marked: Marks) -> EndLabel:
    """Return the label of a line at the right; that of a level has its mean."""
    mean = 100 * line.intervals[-1].mean
    if line.x:
        return EndLabel(line.label, mean, looks[line.arm].colour)
    role = " (control)" if line.arm.endswith(CONTROL) else ""
    if marked.pick is not None and marked.pick[0] == line.label:
        role = f" ({marked.word})"
    return EndLabel(line.label, mean, looks[line.arm].colour, f"{mean:.1f}{role}")


def _one_legend(figure: go.Figure) -> None:
    """Put a legend below, with each series once although it is in several panels."""
    seen: set[str] = set()
    for trace in figure.data:
        if trace.showlegend is None:
            trace.showlegend = trace.name not in seen
            seen.add(trace.name)
    figure.update_layout(margin_b=110)


def sweep(finding: Finding) -> tuple[Figure, ...]:
    """Draw the reported accuracy and the selection accuracy against every varied number."""
    return _sweeps(finding, finding.reported, (finding.metric, finding.selected_on))


def exploring_sweep(finding: Finding) -> tuple[Figure, ...]:
    """Draw the exploring runs' selection accuracy against every varied number."""
    return _sweeps(finding, finding.explored, (finding.selected_on,), "exploring")


def _sweeps(finding: Finding, results: StudyResults, metrics: tuple[str, ...], prefix: str = "") -> tuple[Figure, ...]:
    figures = (
        _captioned(finding, results, parameter, metric, prefix)
        for parameter in sweep_parameters(results.runs)
        for metric in dict.fromkeys(metrics)
    )
    return tuple(figure for figure in figures if figure is not None)


def _captioned(finding: Finding, results: StudyResults, parameter: str, metric: str, prefix: str) -> Figure | None:
    """Return the figure of one metric; None where no series has two values, as that draws no line."""
    collapsed = finding.collapses.collapsed if results is finding.reported else {}
    data = sweep_data(results.runs, parameter, metric, collapsed=collapsed)
    if not any(len(set(line.x)) > 1 for line in data.lines):
        return None
    known = published.published_marks(results, parameter) if metric == "test" else []
    marks = {subset: marks_on(finding, results.runs, parameter, subset, known) for subset in data.subsets}
    more = [
        f"Intervals are drawn from {MIN_SEEDS} seeds on." if _with_intervals(data) else "",
        "Dots are moved sideways so that none hides another." if _most_runs(data) > 1 else "",
        "The choice is made on these numbers." if metric == finding.selected_on else "",
        "Runs that have collapsed are drawn like any other, but are not in the means." if collapsed else "",
        published.CAPTION if any(mark.published for mark in marks.values()) else "",
    ]
    return Figure(
        named(prefix, measure(metric), "vs", axis(parameter)),
        against(data),
        _caption(data, marks, finding.selected_on),
        draw_sweep(data, styles(finding.results.runs), marks),
        more=" ".join(filter(None, more)),
    )


def against(data: Sweep) -> str:
    """Return the title of a figure of a sweep."""
    return f"{metric_name(data.metric)} against {data.axis.title[:1].lower()}{data.axis.title[1:]}"


def _caption(data: Sweep, marks: Mapping[str, Marks], selected_on: str) -> str:
    """Explain the marks that are there."""
    most, what = _most_runs(data), metric_words(selected_on)
    runs = f"Bars: the middle 50 and 90 % of more than {MAX_DOTS} runs." if most > MAX_DOTS else "Dots: runs."
    means = f"Large marks: means{f' with {100 * LEVEL:g} % t-intervals' if _with_intervals(data) else ''}."
    parts = [
        f"{runs} {means}" if most > 1 else "Marks: runs.",
        f"Levels: arms that do not vary {symbol(data.parameter)}." if any(not line.x for line in data.lines) else "",
        f"Shaded: {what} does not rule these values out ({100 * LEVEL:g} %)."
        if any(m.spans for m in marks.values())
        else "",
        f"{what.capitalize()} rules no value out." if any(mark.every for mark in marks.values()) else "",
        "Star: published." if any(mark.published for mark in marks.values()) else "",
    ]
    return " ".join(filter(None, parts))


def _with_intervals(data: Sweep) -> bool:
    return any(drawn_ends(interval) for line in data.lines for interval in line.intervals)


def _most_runs(data: Sweep) -> int:
    """Return the largest number of runs at one value."""
    return max(len(dots) for line in data.lines for dots in line.by_value.values())
