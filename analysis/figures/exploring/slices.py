"""What a search found along each parameter by itself: a mark for each configuration, whatever its other parameters."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from plotly.subplots import make_subplots

from analysis.figures.sweep import exploring_sweep
from analysis.figures.sweep_data import Pick
from analysis.plotting.binning import MAX_MARKS, binned
from analysis.plotting.class_matrix import shortened
from analysis.plotting.figure import Figure, axis, measure, named
from analysis.plotting.panel import Panel, point_at
from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.styles import styles
from analysis.plotting.theme import SOFT, axis_title, empty, escaped, faint
from analysis.results.measures import metric_name
from trainables.naming import counted, is_number, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.exploration import Sampled
    from analysis.findings.method_finding import SearchFinding
    from analysis.plotting.styles import Style
    from analysis.results.runs_table import Key
    from trainables.settings import OpenRange

# Pixels: the only row of panels, one of several, and what lies between these; two rows fit on a screen.
SINGLE, PANEL, BETWEEN = 280, 168, 70
FEW = 4  # parameters that have two panels in a row
SIZE, CROSS = 9, "x-thin"


@dataclass(frozen=True)
class Slice:
    """The configurations of a search that vary one parameter.

    Attributes:
        parameter: its name; its values are numbers.
        configurations: arm -> its configurations.
        scale: on which all arms sample it; "" if they differ or it is not known.

    """

    parameter: str
    configurations: Mapping[str, Sequence[Sampled]]
    scale: Literal["log", "linear", ""] = ""

    @property
    def axis(self) -> ParameterAxis:
        """The axis of the parameter."""
        values = [x for of_arm in self.configurations.values() for x in self.x(of_arm)]
        return ParameterAxis(self.parameter, values, self.scale)

    def x(self, configurations: Sequence[Sampled]) -> list[float]:
        """Return the parameter's values."""
        return [float(configuration.parameters[self.parameter]) for configuration in configurations]


def slice_data(
    sampled: Sequence[Sampled], ranges: Mapping[tuple[str, str], OpenRange] = MappingProxyType({})
) -> list[Slice]:
    """Return a slice for each parameter that has at least two numbers, in display order.

    Args:
        sampled: the configurations.
        ranges: arm and parameter -> what it is sampled from.

    """
    values: dict[str, set[float]] = {}
    for configuration in sampled:
        for name, value in configuration.parameters.items():
            if is_number(value):
                values.setdefault(name, set()).add(value)
    slices = []
    for parameter in ordered(dict.fromkeys(values, 0.0)):
        of_arms: dict[str, list[Sampled]] = {}
        for configuration in sampled:
            if parameter in configuration.parameters:
                of_arms.setdefault(configuration.key.arm, []).append(configuration)
        if len(values[parameter]) > 1:
            scales = {space.scale for (arm, name), space in ranges.items() if name == parameter and arm in of_arms}
            slices.append(Slice(parameter, of_arms, scales.pop() if len(scales) == 1 else ""))
    return slices


def draw_slices(
    data: Sequence[Slice], looks: Mapping[str, Style], metric: str, names: Mapping[Key, str], pick: Pick | None = None
) -> go.Figure:
    """Draw the accuracy (%) of each configuration against each parameter, a panel for each; crosses were stopped early.

    Args:
        data: the slices.
        looks: arm -> how it is drawn in every figure of the study.
        metric: what the accuracies are.
        names: what to call each configuration.
        pick: the study's choice, which is marked.

    """
    one_arm = len({arm for of_parameter in data for arm in of_parameter.configurations}) == 1
    columns = 3 if one_arm and len(data) > FEW else min(2, len(data))  # a single arm's slices are Figure 1
    rows = -(-len(data) // columns)
    base = make_subplots(
        rows, columns, horizontal_spacing=0.04, vertical_spacing=BETWEEN / (PANEL * rows + BETWEEN * (rows - 1))
    )
    figure = empty(height=(PANEL if rows > 1 else SINGLE) * rows + BETWEEN * (rows - 1) + 154, base=base)
    figure.update_layout(margin={"t": 30, "b": 124}, legend={"xref": "container"})
    everything = [configuration for of_arm in data for each in of_arm.configurations.values() for configuration in each]
    scores = [100 * configuration.score for configuration in everything]
    margin = 0.06 * (max(scores) - min(scores)) or 1.0
    ends = (max(0.0, min(scores) - margin), min(100.0, max(scores) + margin))
    for place, of_parameter in enumerate(data):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        panel = Panel(figure, of_parameter.axis, at)
        of_parameter.axis.set_up(figure, narrow=columns > 1, **at)
        figure.update_xaxes(title_text=escaped(of_parameter.axis.title), **at)
        figure.update_yaxes(range=ends, showticklabels=at["col"] == 1, **at)
        figure.update_yaxes(title_text=axis_title(metric) if at["col"] == 1 else "", **at)
        for arm in (arm for arm in looks if arm in of_parameter.configurations):
            for complete in (True, False):
                shown = [c for c in of_parameter.configurations[arm] if c.complete == complete]
                _add_marks(panel, of_parameter, shown, looks[arm], names, many=len(everything) > MAX_MARKS)
        if pick is not None:
            marked = [c for c in of_parameter.configurations.get(pick.key.arm, ()) if c.key == pick.key]
            for configuration, x in zip(marked, of_parameter.x(marked), strict=True):
                point_at(panel, x, (100 * configuration.score, ends[1]), looks[pick.key.arm], pick.word)
    _add_legend(figure, everything, looks)
    return figure


def _add_marks(  # noqa: PLR0913 -- a panel, what is drawn there and how
    panel: Panel, data: Slice, shown: Sequence[Sampled], look: Style, names: Mapping[Key, str], *, many: bool
) -> None:
    """Add the marks of one arm that are all complete, or all not."""
    if not shown:
        return
    x, y = data.x(shown), [100 * configuration.score for configuration in shown]
    status = "complete" if shown[0].complete else "stopped early"
    name = escaped(shortened(shown[0].key.arm))
    marker: dict[str, object] = {"symbol": CROSS, "line": {"color": faint(look.colour, 0.8), "width": 1.5}}
    if shown[0].complete:
        marker = {"symbol": look.marker, "color": look.colour, "line": {"width": 0}}
    text = [f"{escaped(names[c.key])}<br>{100 * c.score:.1f} %, {status}" for c in shown]
    size: float | list[float] = SIZE
    if many:
        bins = binned(x, y, logarithmic=data.axis.logarithmic)
        x, y, size = list(bins.x), list(bins.y), bins.sizes(SIZE / 2)
        marker["opacity"] = 0.7
        text = [f"{name}<br>{counted(count, 'configuration')}, {status}" for count in bins.counts]
    panel.scatter(
        x=x,
        y=y,
        customdata=text,
        mode="markers",
        marker=marker | {"size": size},
        name=name,
        showlegend=False,
        cliponaxis=False,
        hovertemplate="%{customdata}<extra></extra>",
    )


def _add_legend(figure: go.Figure, drawn: Sequence[Sampled], looks: Mapping[str, Style]) -> None:
    """Name the arms, and the crosses if there are any."""
    shown = {configuration.key.arm for configuration in drawn}
    marks: dict[str, dict[str, object]] = {
        arm: {"color": look.colour, "symbol": look.marker} for arm, look in looks.items() if arm in shown
    }
    if not all(configuration.complete for configuration in drawn):
        marks["stopped early"] = {"symbol": CROSS, "line": {"color": SOFT, "width": 1.5}}
    for name, marker in marks.items():
        marked = {
            "mode": "markers",
            "marker": marker | {"size": SIZE},
            "name": escaped(shortened(name)),
            "hoverinfo": "skip",
        }
        figure.add_scatter(x=[None], y=[None], **marked)
    figure.update_layout(legend={"itemclick": False, "itemdoubleclick": False})


def slices(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw a panel for each parameter; of a search whose arms vary one parameter each, means with intervals."""
    if all(len(configuration.parameters) <= 1 for configuration in finding.sampled):
        return exploring_sweep(finding)
    metric, data = finding.selected_on, slice_data(finding.sampled, finding.plan.settings.ranges)
    if not data:
        return ()
    many = sum(len(each) for of_arm in data for each in of_arm.configurations.values()) > MAX_MARKS
    caption = "Marks: sampled configurations, whatever their other parameters. Crosses were stopped early."
    caption += " A larger mark stands for more configurations." if many else ""
    one = len(data) == 1
    return (
        Figure(
            named("exploring", measure(metric), "vs", axis(data[0].parameter) if one else "parameters"),
            f"{metric_name(metric)} against {data[0].axis.title if one else 'each parameter'}",
            caption,
            draw_slices(data, styles(finding.results.runs), metric, finding.names, Pick.of(finding)),
            more="A mark stands at the mean accuracy of its runs, a cross at the mean of their last accuracies. An "
            "axis is logarithmic where the parameter was sampled on a logarithmic scale.",
        ),
    )
