"""The posterior over a settle study's parameter: data, drawing and caption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from plotly.subplots import make_subplots

from analysis.figures.sweep import against, exploring_sweep
from analysis.figures.sweep_data import Sweep, grouped, sweep_data, sweep_parameters, word_for_choice
from analysis.plotting.figure import Figure, axis, measure, named
from analysis.plotting.panel import Panel, point_at, shade
from analysis.plotting.series import SweepLine, add_line, percent_range, top_of
from analysis.plotting.styles import styles
from analysis.plotting.theme import INK, axis_title, empty, escaped, faint
from analysis.statistics.best_arm.assessment import scale
from analysis.statistics.intervals import LEVEL, Interval
from analysis.text.phrases import chance
from trainables.naming import number, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.method_finding import SettleFinding
    from analysis.plotting.styles import Style

CURVE_POINTS = 81
WIDTHS = 1.96  # standard deviations on either side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class PosteriorCurve:
    """The posterior over an ordered parameter. Accuracies are fractions in [0, 1].

    Attributes:
        sweep: one line: every exploring run, and at each value the posterior mean with its interval.
        x: where the smooth part of the posterior is given; empty where there is a single value.
        mean: of the smooth part.
        low: lower end of what holds 95 % of it.
        high: upper end.
        best: value -> the probability that it is the best, in the values' order.
        possible: the fewest values whose probabilities sum to 95 %.
        pick: the value that is chosen; None without one.
        word: what is written there.

    """

    sweep: Sweep
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    best: dict[float, float]
    possible: tuple[float, ...]
    pick: float | None = None
    word: str = "pick"


def posterior_sweep(finding: SettleFinding) -> Sweep | None:
    """Return the exploring runs of a settle study and the posterior mean at each value; None without an axis.

    The intervals hold 95 % of the posterior: mean ± 1.96 standard deviations, cut to accuracies from 0 to 1.
    """
    runs = finding.explored.runs
    standing = finding.settled.standing
    parameters = sweep_parameters(runs)
    if standing is None or len(parameters) != 1 or len(set(zip(runs["series"], runs["subset"], strict=True))) != 1:
        return None
    data = sweep_data(runs, parameters[0], "selection")
    value = dict(zip(runs["configuration"], runs["value"], strict=True))
    points = []
    posterior = standing.posterior
    for key, mean, sd in zip(standing.keys, posterior.mean / 100, posterior.sd / 100, strict=True):
        low, high = max(0.0, float(mean - WIDTHS * sd)), min(1.0, float(mean + WIDTHS * sd))
        n = len(finding.explored_scores.get(key, ()))
        interval = Interval(float(mean), (high - low) / 2, low, high, n, LEVEL, "posterior ")
        points.append((float(value[key.configuration]), interval))
    points.sort(key=lambda point: point[0])
    line = data.lines[0]
    x, intervals = tuple(x for x, _ in points), tuple(interval for _, interval in points)
    return Sweep(data.parameter, finding.selected_on, (SweepLine(line.arm, line.label, x, intervals, line.dots),))


def posterior_data(finding: SettleFinding) -> PosteriorCurve | None:
    """Return the posterior over a settle study's parameter; None where the values have no order or no score."""
    sweep, standing, bests = posterior_sweep(finding), finding.settled.standing, finding.explored_bests
    if sweep is None or standing is None or bests is None:
        return None
    runs = finding.explored.runs
    values = dict(zip(runs["configuration"], runs["value"], strict=True))
    best = {float(values[key.configuration]): float(p) for key, p in zip(standing.keys, standing.best, strict=True)}
    best = dict(sorted(best.items()))
    possible = tuple(sorted(float(values[key.configuration]) for key in bests.members))
    pick = None if finding.chosen is None else float(values[finding.chosen.configuration])
    x = _between(tuple(best))
    positions = scale([""] * len(x), [{sweep.parameter: value} for value in x]) if x else None
    if positions is None:
        return PosteriorCurve(sweep, (), (), (), (), best, possible, pick, word_for_choice(finding))
    mean, sd = standing.posterior.curve(positions)
    low, high = (np.clip((mean + side * WIDTHS * sd) / 100, 0, 1) for side in (-1, 1))
    return PosteriorCurve(
        sweep, x, tuple(mean / 100), tuple(low), tuple(high), best, possible, pick, word_for_choice(finding)
    )


def _between(values: Sequence[float]) -> tuple[float, ...]:
    """Return points from the first value to the last, evenly spaced on the scale of the posterior."""
    if len(values) < 2:  # noqa: PLR2004 -- a curve joins two
        return ()
    space = np.geomspace if values[0] > 0 else np.linspace
    return tuple(float(value) for value in space(values[0], values[-1], CURVE_POINTS))


def draw_posterior(data: PosteriorCurve, looks: Mapping[str, Style]) -> go.Figure:
    """Draw the posterior over the parameter (%) above, and each value's probability to be the best below."""
    base = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.05, row_heights=[0.76, 0.24])
    figure = empty(height=540, base=base)
    (line,) = data.sweep.lines
    look, on = looks[line.arm], data.sweep.axis
    upper, lower = (Panel(figure, on, {"row": row, "col": 1}) for row in (1, 2))
    limits = percent_range(data.sweep.lines, [*data.low, *data.high]) or (0.0, 100.0)
    if len(data.possible) < len(data.best):  # otherwise all is shaded, which marks nothing
        for panel in (upper, lower):
            shade(panel, grouped(list(data.best), data.possible), INK)
    if data.x:
        upper.scatter(
            x=[*data.x, *reversed(data.x)],
            y=[100 * value for value in (*data.high, *reversed(data.low))],
            fill="toself",
            fillcolor=faint(look.colour, 0.15),
            mode="lines",
            line={"width": 0},
            name="95 % of the smooth part",
            hoverinfo="skip",
        )
        upper.scatter(
            x=list(data.x),
            y=[100 * value for value in data.mean],
            mode="lines",
            line={"color": look.colour, "width": 1.5},
            name="smooth part, mean",
            hoverinfo="skip",
        )
    add_line(upper, line, look, joined=False)
    if data.pick is not None:
        ends = (top_of(line.intervals[line.x.index(data.pick)]), limits[1])
        point_at(upper, data.pick, ends, look, data.word)
    _bars(lower, data, look.colour)
    on.label(figure, row=2)
    figure.update_yaxes(title_text=axis_title(data.sweep.metric), range=limits, row=1, col=1)
    figure.update_yaxes(title_text="P(best)", range=[0, 1], tickvals=[0, 0.5, 1], row=2, col=1)
    return figure


def _bars(panel: Panel, data: PosteriorCurve, colour: str) -> None:
    """Draw the probabilities as thick lines: plotly makes bars on a logarithmic axis unequally wide."""
    sign = escaped(symbol(data.sweep.parameter))
    text = [f"{sign} = {number(value)}<br>P(best): {chance(p)}" for value, p in data.best.items()]
    panel.scatter(
        x=[x for value in data.best for x in (value, value, None)],
        y=[y for probability in data.best.values() for y in (0, probability, None)],
        mode="lines",
        line={"color": colour, "width": max(4, min(22, 300 // len(data.best)))},
        showlegend=False,
        customdata=[end for hover in text for end in (hover, hover, None)],
        hovertemplate="%{customdata}<extra></extra>",
    )


def posterior(finding: SettleFinding) -> tuple[Figure, ...]:
    """Draw the posterior over the parameter, or the means where the values have no order."""
    data = posterior_data(finding)
    if data is None:
        return exploring_sweep(finding)
    shaded = len(data.possible) < len(data.best)
    caption = (
        f"Above: posterior means with intervals that hold {100 * LEVEL:g} %, over the exploring runs. Below: how "
        "probably each value is the best. "
        + (
            f"Shaded: the fewest values whose probabilities sum to {LEVEL:g}."
            if shaded
            else "No value is ruled out." * (len(data.best) > 1)
        )
    )
    more = (
        "The posterior of a value learns from neighbouring values too. The line is its part that is smooth in the "
        "parameter, with a band that holds 95 % of it; each value may deviate from it. The choice is made on these "
        "numbers."
    )
    caption = caption.rstrip()
    name = named("exploring", measure(data.sweep.metric), "vs", axis(data.sweep.parameter))
    return (Figure(name, against(data.sweep), caption, draw_posterior(data, styles(finding.results.runs)), more=more),)
