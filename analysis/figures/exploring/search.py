"""What a search tried, and which of its parameters mattered: data first, drawings below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from analysis.plotting.figure import Figure, named
from analysis.plotting.theme import COLOURS, INK, PAPER, SOFT, empty, escaped, faint, strength
from analysis.results.runs_table import arms
from trainables.naming import symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.exploration import Sampled
    from analysis.findings.method_finding import SearchFinding
    from analysis.results.runs_table import Key

MIN_CONFIGURATIONS = 4  # with fewer, a share of variance means nothing
TICKS = 5


@dataclass(frozen=True)
class Importance:
    """How much of the scores' ranks one parameter of one arm explains on its own.

    Attributes:
        arm: the arm's name.
        parameter: the parameter's name.
        method: ``ρ²`` (Spearman's, of numbers) or ``η²`` (of the ranks between choices).
        share: of the variance of the ranks, in [0, 1].
        chance: the share expected of a parameter without effect.
        n: configurations.

    """

    arm: str
    parameter: str
    method: str
    share: float
    chance: float
    n: int


def importance_data(sampled: Sequence[Sampled]) -> list[Importance]:
    """Return each parameter's importance, arm by arm, from the sampled configurations in their order.

    Scores count by rank, and a configuration that was stopped early ranks below all that finished. Each
    parameter is considered alone: one that matters only together with another, or whose best lies in the middle, has a
    small share.
    """
    shares = []
    for arm in dict.fromkeys(configuration.key.arm for configuration in sampled):
        of_arm = [configuration for configuration in sampled if configuration.key.arm == arm]
        if len(of_arm) < MIN_CONFIGURATIONS:
            continue
        # Scores are at most 1, so that configurations stopped early rank below all that finished.
        ranks = stats.rankdata([configuration.score + configuration.complete for configuration in of_arm])
        for name in of_arm[0].parameters:
            values = [configuration.parameters[name] for configuration in of_arm]
            if len(set(values)) > 1 and np.ptp(ranks) > 0:
                shares.append(Importance(arm, name, *_share(values, ranks), len(of_arm)))
    return shares


def _share(
    values: Sequence[float | str], ranks: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[str, float, float]:
    """Return the method, the share of the ranks' variance that the values explain, and what chance explains."""
    n = len(values)
    if not any(isinstance(value, str) for value in values):
        rho = float(stats.spearmanr([float(value) for value in values], ranks).statistic)
        return "ρ²", rho**2, 1 / (n - 1)
    groups = [ranks[[i for i, value in enumerate(values) if value == choice]] for choice in dict.fromkeys(values)]
    between = math.fsum(len(group) * (float(group.mean()) - float(ranks.mean())) ** 2 for group in groups)
    return "η²", between / float(((ranks - ranks.mean()) ** 2).sum()), (len(groups) - 1) / (n - 1)


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
    """Return one figure's data per arm that leaves something open and has at least two configurations."""
    logarithmic = {name for name, space in finding.plan.settings.ranges.items() if space.scale == "log"}
    drawn = []
    for arm in arms(finding.results.runs):
        of_arm = tuple(configuration for configuration in finding.sampled if configuration.key.arm == arm)
        if len(of_arm) < 2 or not of_arm[0].parameters:  # noqa: PLR2004 -- one line compares nothing
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
        return Axis(title, tuple((at, choice) for choice, at in place.items()), tuple(place[str(v)] for v in values))
    scaled = [math.log10(float(value)) if logarithmic else float(value) for value in values]
    low, width = min(scaled), max(scaled) - min(scaled)
    if not width:
        return Axis(title, ((0.5, _short(10 ** scaled[0] if logarithmic else scaled[0])),), (0.5,) * len(values))
    marks = [low + width * i / (TICKS - 1) for i in range(TICKS)]
    ticks = tuple(((mark - low) / width, _short(10**mark if logarithmic else mark)) for mark in marks)
    return Axis(title, ticks, tuple((value - low) / width for value in scaled))


def _short(value: float) -> str:
    """Write a number to three digits, without an exponent where it is large."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 1000 else f"{value:.3g}"  # noqa: PLR2004 -- four digits left


def draw_parallel(data: Parallel) -> go.Figure:
    """Draw one line per configuration; those stopped early are dashed and grey, the others by their score."""
    figure = empty(height=430)
    at = list(range(len(data.axes)))
    finished = [configuration.score for configuration in data.configurations if configuration.complete]
    low, width = (min(finished), max(finished) - min(finished)) if finished else (0.0, 0.0)
    for status, complete in (("stopped early", False), ("complete", True)):
        shown = False
        # The best come last and so lie above.
        for i, configuration in reversed(list(enumerate(data.configurations))):
            if configuration.complete != complete:
                continue
            colour = strength((configuration.score - low) / width if width else 1.0) if complete else SOFT
            line = {"color": colour, **({"width": 2.5} if complete else {"width": 1.2, "dash": "dot"})}
            text = f"{escaped(data.names[configuration.key])}<br>{100 * configuration.score:.1f} %, {status}"
            figure.add_scatter(
                x=at,
                y=[axis.places[i] for axis in data.axes],
                mode="lines+markers",
                line=line,
                legendgroup=status,
                name=status,
                marker={"size": 6, "symbol": "circle" if complete else "x-thin-open"},
                showlegend=not shown,
                cliponaxis=False,
                hovertemplate=f"{text}<extra></extra>",
            )
            shown = True
    _add_axes(figure, data.axes)
    titles = [escaped(axis.title) for axis in data.axes]
    figure.update_xaxes(
        tickvals=at, ticktext=titles, range=[-0.3, at[-1] + 0.3], showgrid=False, showline=False, ticks=""
    )
    figure.update_yaxes(visible=False, range=[-0.05, 1.05])
    return figure


def _add_axes(figure: go.Figure, axes: Sequence[Axis]) -> None:
    """Add the upright axes with their labels."""
    for x, axis in enumerate(axes):
        left = x == 0  # the labels of the first axis lie outside the lines
        figure.add_shape(type="line", x0=x, x1=x, y0=0, y1=1, line={"color": INK, "width": 1}, layer="below")
        for y, text in axis.ticks:
            figure.add_annotation(
                x=x,
                y=y,
                text=escaped(text),
                showarrow=False,
                xshift=-8 if left else 8,
                xanchor="right" if left else "left",
                font={"size": 12},
                bgcolor=faint(PAPER, 0.9),
                borderpad=1,
            )


def draw_importance(data: Sequence[Importance]) -> go.Figure:
    """Draw each parameter's share as a bar, with a mark at what chance alone would give."""
    figure = empty(height=190 + 34 * len(data))
    rows = list(range(len(data)))
    figure.add_bar(
        x=[importance.share for importance in data],
        y=rows,
        orientation="h",
        width=0.6,
        name="share explained",
        marker={"color": COLOURS[0]},
        customdata=[
            f"{importance.method} = {importance.share:.2f}, {importance.n} configurations" for importance in data
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.add_scatter(
        x=[importance.chance for importance in data],
        y=rows,
        mode="markers",
        name="expected by chance",
        marker={"symbol": "line-ns-open", "size": 20, "color": INK, "line": {"width": 3}},
        hovertemplate="expected by chance: %{x:.2f}<extra></extra>",
    )
    labels = [
        f"{escaped(importance.arm)}: {escaped(symbol(importance.parameter))} ({importance.method})"
        for importance in data
    ]
    figure.update_xaxes(title_text="Share of the variance of the score's ranks", range=[0, 1])
    figure.update_yaxes(tickvals=rows, ticktext=labels, range=[len(data) - 0.5, -0.5], showgrid=False)
    return figure


def parallel(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw the parameters and the score of every sampled configuration, a figure per arm."""
    caption = (
        "Every line is a sampled configuration. Solid lines finished, stronger for a higher mean accuracy; dotted grey "
        "lines with crosses were stopped early, and end at the mean of their last accuracies."
    )
    return tuple(
        Figure(named("configurations of", data.arm), f"Configurations of {data.arm}", caption, draw_parallel(data))
        for data in parallel_data(finding)
    )


def importance(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw which parameters mattered."""
    data = importance_data(finding.sampled)
    if not data:
        return ()
    caption = (
        "The share of the variance of the score's ranks that one parameter explains by itself within its arm: "
        "Spearman's ρ² for numbers, η² between choices. Configurations that were stopped early rank below those "
        "that finished. The stroke is the share expected of a parameter without effect. A parameter "
        "whose best value lies in the middle, or that matters only together with another, has a small share. There "
        "are no intervals, because the configurations were picked by the search, not at random."
    )
    return (Figure("importance", "Which parameters mattered", caption, draw_importance(data)),)
