"""What a search sampled of each arm: a row for each, with a mark for each configuration, so that arms compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.boxes import NAME
from analysis.figures.sweep_data import Pick
from analysis.plotting.class_matrix import axis_names
from analysis.plotting.figure import Figure, measure, named
from analysis.plotting.styles import styles
from analysis.plotting.theme import INK, SOFT, axis_title, empty, escaped, faint
from analysis.results.measures import metric_name
from analysis.results.runs_table import keys

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.exploration import Sampled
    from analysis.findings.method_finding import SearchFinding
    from analysis.plotting.styles import Style
    from analysis.results.runs_table import Key

MAX_DRAWN = 300  # configurations of an arm; more hide each other
ROW, LEAST_ROW, ALL_ROWS = 50, 15, 430  # pixels: of a row, of one of many, and of all, so that a screen has room
SPACIOUS = 38  # pixels of a row that has room for two lines
TOP, BELOW = 26, 104  # pixels: the margins
NEAR = 0.02  # of the range of accuracies: marks so near to each other are stacked
STEP, REACH = 0.2, 0.8  # of a row: from mark to mark of a stack, and the height of all
SIZE, RING, CROSS = 9, 16, "x-thin"


@dataclass(frozen=True)
class Strip:
    """The configurations of an arm.

    Attributes:
        arm: its name.
        configurations: those that are drawn, the likeliest choice first.
        beside: where each stands beside the middle of the row, from -0.5 to 0.5.
        tried: how many have a score.

    """

    arm: str
    configurations: tuple[Sampled, ...]
    beside: tuple[float, ...]
    tried: int

    def at(self, place: int) -> list[tuple[Sampled, float]]:
        """Return the configurations with their heights in a row."""
        return [(c, place + beside) for c, beside in zip(self.configurations, self.beside, strict=True)]


def strip_data(sampled: Sequence[Sampled]) -> list[Strip]:
    """Return a strip for each arm, the one with the likeliest choice first.

    Args:
        sampled: the configurations of a search, the likeliest choice first.

    """
    of_arms: dict[str, list[Sampled]] = {}
    for configuration in sampled:
        of_arms.setdefault(configuration.key.arm, []).append(configuration)
    scores = [configuration.score for configuration in sampled]
    apart = NEAR * (max(scores) - min(scores)) if scores else 0.0
    strips = []
    for arm, of_arm in of_arms.items():
        drawn = tuple(of_arm[:MAX_DRAWN])
        strips.append(Strip(arm, drawn, tuple(stacked([c.score for c in drawn], apart)), len(of_arm)))
    return strips


def stacked(values: Sequence[float], apart: float) -> list[float]:
    """Return where marks stand beside a line so that those of about the same value do not hide one another.

    Args:
        values: of the marks.
        apart: marks whose values differ by no more are stacked around the line.

    """
    stacks: list[list[int]] = []
    for number in sorted(range(len(values)), key=values.__getitem__):
        if stacks and values[number] - values[stacks[-1][0]] <= apart:
            stacks[-1].append(number)
        else:
            stacks.append([number])
    places = [0.0] * len(values)
    for stack in stacks:
        step = min(STEP, REACH / len(stack))
        for turn, number in enumerate(stack):
            places[number] = step * (turn - (len(stack) - 1) / 2)
    return places


def draw_strips(  # noqa: PLR0913 -- a figure, and what is marked in it
    data: Sequence[Strip],
    looks: Mapping[str, Style],
    metric: str,
    names: Mapping[Key, str],
    *,
    pick: Pick | None = None,
    confirmed: Collection[Key] = (),
) -> go.Figure:
    """Draw the accuracy (%) of each configuration in the row of its arm; crosses were stopped early.

    Args:
        data: the strips, from top to bottom.
        looks: arm -> how it is drawn in every figure of the study.
        metric: what the accuracies are.
        names: what to call each configuration.
        pick: the study's choice, which is marked.
        confirmed: the configurations that were trained on fresh seeds, which have a ring.

    """
    row = max(LEAST_ROW, min(ROW, ALL_ROWS // len(data)))
    figure = empty(height=row * len(data) + TOP + BELOW)
    for place, strip in enumerate(data):
        _add_strip(figure, strip, place, looks[strip.arm], names)
        _mark(figure, strip.at(place), looks[strip.arm], pick, confirmed)
    _explain(figure, [c for strip in data for c in strip.configurations], confirmed)
    _label_axes(figure, data, metric, spacious=row >= SPACIOUS)
    return figure


_RING = {"symbol": "circle-open", "size": RING, "color": INK, "line": {"width": 1.5}}


def _add_strip(figure: go.Figure, strip: Strip, place: int, look: Style, names: Mapping[Key, str]) -> None:
    """Add the marks of an arm: those that are complete, and those that were stopped."""
    for complete in (False, True):
        shown = [(c, y) for c, y in strip.at(place) if c.complete == complete]
        if not shown:
            continue
        status = "complete" if complete else "stopped early"
        marker: dict[str, object] = {"symbol": CROSS, "line": {"color": faint(look.colour, 0.8), "width": 1.5}}
        if complete:
            marker = {"symbol": look.marker, "color": look.colour, "line": {"width": 0}}
        figure.add_scatter(
            x=[100 * c.score for c, _ in shown],
            y=[y for _, y in shown],
            customdata=[f"{escaped(names[c.key])}<br>{100 * c.score:.1f} %, {status}" for c, _ in shown],
            mode="markers",
            marker=marker | {"size": SIZE},
            name=escaped(strip.arm),
            showlegend=False,
            cliponaxis=False,
            hovertemplate="%{customdata}<extra></extra>",
        )


def _mark(
    figure: go.Figure,
    drawn: Sequence[tuple[Sampled, float]],
    look: Style,
    pick: Pick | None,
    confirmed: Collection[Key],
) -> None:
    """Add rings around what was confirmed, and a word above the choice, beyond its ring."""
    ringed = [(100 * c.score, y) for c, y in drawn if c.key in confirmed]
    if ringed:
        x, y = zip(*ringed, strict=True)
        figure.add_scatter(x=x, y=y, mode="markers", marker=_RING, showlegend=False, hoverinfo="skip")
    for configuration, height in drawn:
        if pick is not None and configuration.key == pick.key:
            at = {"x": 100 * configuration.score, "y": height, "yshift": RING / 2, "yanchor": "bottom"}
            font = {"size": 13, "color": look.colour}
            figure.add_annotation(**at, text=f"<b>{pick.word}</b>", showarrow=False, font=font)


def _explain(figure: go.Figure, drawn: Sequence[Sampled], confirmed: Collection[Key]) -> None:
    """Add what the marks are to the legend."""
    entries: list[tuple[str, dict[str, object]]] = [
        ("configuration", {"symbol": "circle", "size": SIZE, "color": SOFT})
    ]
    if not all(configuration.complete for configuration in drawn):
        entries.append(("stopped early", {"symbol": CROSS, "size": SIZE, "line": {"color": SOFT, "width": 1.5}}))
    if any(configuration.key in confirmed for configuration in drawn):
        entries.append(("confirmed on fresh seeds", _RING))
    for name, marker in entries:
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, hoverinfo="skip")
    figure.update_layout(legend={"itemclick": False, "itemdoubleclick": False, "xref": "container"})


def _label_axes(figure: go.Figure, data: Sequence[Strip], metric: str, *, spacious: bool) -> None:
    """Name the rows, and count their configurations where there is room."""
    names = axis_names([strip.arm for strip in data], NAME)
    if spacious:
        counts = [f'<span style="font-size:12px">{strip.tried:,} tried</span>' for strip in data]
        names = [f"{name}<br>{count}" for name, count in zip(names, counts, strict=True)]
    figure.update_xaxes(title_text=axis_title(metric), showgrid=True)
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.5])
    figure.update_layout(margin={"t": TOP, "b": BELOW})


def strips(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw the configurations of each arm; empty for a search of a single arm, whose slices show more."""
    data = strip_data(finding.sampled)
    if len(data) < 2:  # noqa: PLR2004 -- one arm compares with none
        return ()
    metric, confirmed = finding.selected_on, set(keys(finding.confirmed_runs))
    stopped = any(not c.complete for c in finding.sampled)
    left = f" Of each arm, the best {MAX_DRAWN} are drawn." if any(s.tried > MAX_DRAWN for s in data) else ""
    crosses = " Crosses were stopped early." if stopped else ""
    rings = " Ringed ones were confirmed on fresh seeds." if confirmed else ""
    return (
        Figure(
            named("exploring", measure(metric), "per arm"),
            f"{metric_name(metric)} of the configurations of each arm",
            f"Marks: sampled configurations, the arm of the best on top.{crosses}{rings}{left}",
            draw_strips(
                data, styles(finding.results.runs), metric, finding.names, pick=Pick.of(finding), confirmed=confirmed
            ),
            more="A mark stands at the mean accuracy of its runs, a cross at the mean of their last accuracies. Marks "
            "of about the same accuracy are stacked.",
        ),
    )
