"""Every sampled configuration of a search as a line over its parameters and its score: data, then the drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analysis.plotting.class_matrix import shortened
from analysis.plotting.figure import Figure
from analysis.plotting.parameter_axis import even_ticks, tick_text
from analysis.plotting.theme import INK, PAPER, SOFT, STRENGTHS, empty, escaped, faint, strength
from analysis.results.runs_table import arms
from trainables.naming import symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.exploration import Sampled
    from analysis.findings.method_finding import SearchFinding
    from analysis.results.runs_table import Key

MAX_LINES = 300  # of an arm; more hide each other
PANEL, BETWEEN = 210, 76  # pixels: of an arm, and between two


@dataclass(frozen=True)
class Axis:
    """One axis of parallel coordinates: where its marks and the configurations lie, from 0 (below) to 1."""

    title: str
    ticks: tuple[tuple[float, str], ...]
    places: tuple[float, ...]  # in the configurations' order


@dataclass(frozen=True)
class Parallel:
    """The configurations of one arm over its parameters and the score, each a line from axis to axis."""

    arm: str
    configurations: tuple[Sampled, ...]
    axes: tuple[Axis, ...]  # the score last
    names: Mapping[Key, str]  # what to call each configuration


def parallel_data(finding: SearchFinding) -> list[Parallel]:
    """Return the lines of each arm that leaves several parameters open and has at least two configurations.

    Of more than ``MAX_LINES`` configurations, those of the highest scores are returned.
    """
    logarithmic = {name for name, space in finding.plan.settings.ranges.items() if space.scale == "log"}
    drawn = []
    for arm in arms(finding.results.runs):
        of_arm = tuple(configuration for configuration in finding.sampled if configuration.key.arm == arm)[:MAX_LINES]
        if len(of_arm) < 2 or len(of_arm[0].parameters) < 2:  # noqa: PLR2004 -- one line, or one parameter, has a slice
            continue
        axes = [
            _axis(
                symbol(name),
                [configuration.parameters[name] for configuration in of_arm],
                logarithmic=(arm, name) in logarithmic,
            )
            for name in of_arm[0].parameters
        ]
        axes.append(_axis("score (%)", [100 * configuration.score for configuration in of_arm], logarithmic=False))
        drawn.append(Parallel(arm, of_arm, tuple(axes), finding.names))
    return drawn


def _axis(title: str, values: Sequence[float | str], *, logarithmic: bool) -> Axis:
    if any(isinstance(value, str) for value in values):
        choices = sorted({str(value) for value in values})
        place = {choice: (i + 0.5) / len(choices) for i, choice in enumerate(choices)}
        ticks = tuple((at, escaped(shortened(choice))) for choice, at in place.items())
        return Axis(title, ticks, tuple(place[str(v)] for v in values))
    scaled = [math.log10(float(value)) if logarithmic else float(value) for value in values]
    low, width = min(scaled), max(scaled) - min(scaled)
    if not width:
        return Axis(title, ((0.5, tick_text(float(values[0]))),), (0.5,) * len(values))
    marks = even_ticks(low, low + width, logarithmic=logarithmic)
    ticks = tuple(
        (((math.log10(mark) if logarithmic else mark) - low) / width, tick_text(mark, powers=logarithmic))
        for mark in marks
    )
    return Axis(title, ticks, tuple((value - low) / width for value in scaled))


def draw_parallel(data: Sequence[Parallel]) -> go.Figure:
    """Draw one line per configuration, a panel for each arm: those stopped early dotted, the others by their score."""
    rows = len(data)
    room = PANEL * rows + BETWEEN * (rows - 1)
    base = make_subplots(
        rows,
        1,
        vertical_spacing=BETWEEN / room,
        subplot_titles=[f"<b>{escaped(shortened(of_arm.arm))}</b>" for of_arm in data],
    )
    figure = empty(height=room + 128, base=base)
    figure.update_layout(margin={"t": 44, "b": 84, "l": 16, "r": 16}, legend={"xref": "container"})
    figure.update_annotations(yshift=10, font_size=14)
    for row, of_arm in enumerate(data, start=1):
        _add_lines(figure, of_arm, row)
        _add_axes(figure, of_arm.axes, row)
        figure.update_xaxes(
            tickvals=list(range(len(of_arm.axes))),
            ticktext=[escaped(shortened(axis.title)) for axis in of_arm.axes],
            range=[-0.3, len(of_arm.axes) - 0.7],
            showgrid=False,
            showline=False,
            ticks="",
            row=row,
            col=1,
        )
    figure.update_yaxes(visible=False, range=[-0.05, 1.05])
    marks = {"complete": {"color": STRENGTHS[-4], "width": 2}, "stopped early": {"color": SOFT, "dash": "dot"}}
    for name, line in marks.items():
        figure.add_scatter(x=[None], y=[None], mode="lines", line=line, name=name)
    figure.update_layout(legend={"itemclick": False, "itemdoubleclick": False})
    return figure


def _add_lines(figure: go.Figure, data: Parallel, row: int) -> None:
    """Add the configurations of an arm: lines of one look are one trace, and the best come last and so lie above."""
    finished = [configuration.score for configuration in data.configurations if configuration.complete]
    low, width = (min(finished), max(finished) - min(finished)) if finished else (0.0, 0.0)
    looks: dict[str, list[int]] = {}
    for place, configuration in reversed(list(enumerate(data.configurations))):
        score = (configuration.score - low) / width if width else 1.0
        looks.setdefault(strength(score) if configuration.complete else "", []).append(place)
    x = [*range(len(data.axes)), None]
    for colour in sorted(looks, key=lambda colour: STRENGTHS.index(colour) if colour else -1):
        places = looks[colour]
        figure.add_scatter(
            x=x * len(places),
            y=[end for place in places for end in (*(axis.places[place] for axis in data.axes), None)],
            customdata=[text for place in places for text in [_hover(data, place)] * len(x)],
            mode="lines+markers",
            line={"color": colour, "width": 2} if colour else {"color": SOFT, "width": 1, "dash": "dot"},
            marker={"size": 5, "symbol": "circle"} if colour else {"size": 5, "symbol": "x-thin", "line_color": SOFT},
            showlegend=False,
            cliponaxis=False,
            hovertemplate="%{customdata}<extra></extra>",
            row=row,
            col=1,
        )


def _hover(data: Parallel, place: int) -> str:
    configuration = data.configurations[place]
    status = "complete" if configuration.complete else "stopped early"
    return f"{escaped(data.names[configuration.key])}<br>{100 * configuration.score:.1f} %, {status}"


def _add_axes(figure: go.Figure, axes: Sequence[Axis], row: int) -> None:
    """Add the upright axes with their labels."""
    for x, axis in enumerate(axes):
        left = x == 0  # the labels of the first axis lie outside the lines
        line = {"color": INK, "width": 1}
        figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, line=line, layer="below", row=row, col=1)
        for y, text in axis.ticks:
            figure.add_annotation(
                x=x,
                y=y,
                text=text,
                showarrow=False,
                xshift=-8 if left else 8,
                xanchor="right" if left else "left",
                font={"size": 12},
                bgcolor=faint(PAPER, 0.85),
                borderpad=1,
                row=row,
                col=1,
            )


def parallel(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw the parameters and the score of every sampled configuration, a panel for each arm."""
    data = parallel_data(finding)
    if not data:
        return ()
    counts = [sum(sampled.key.arm == of_arm.arm for sampled in finding.sampled) for of_arm in data]
    most = f" Of an arm, the best {MAX_LINES} are drawn." if max(counts) > MAX_LINES else ""
    caption = (
        "Lines: sampled configurations, stronger for a higher mean accuracy. Dotted lines were stopped early, and end "
        f"at the mean of their last accuracies.{most}"
    )
    more = "Arms that leave one parameter open are not shown, as the figure against each parameter shows all of them."
    return (Figure("configurations", "Sampled configurations", caption, draw_parallel(data), more=more),)
