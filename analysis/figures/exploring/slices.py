"""What a search found along each parameter by itself: a mark for each configuration, whatever its other parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.sweep import exploring_sweep
from analysis.plotting.figure import Figure, axis, measure, named
from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.styles import styles
from analysis.plotting.theme import axis_title, empty, escaped
from analysis.results.measures import metric_name
from trainables.naming import is_number, ordered, symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.exploration import Sampled
    from analysis.findings.method_finding import SearchFinding
    from analysis.plotting.styles import Style
    from analysis.results.runs_table import Key


@dataclass(frozen=True)
class Slice:
    """The configurations of a search that vary one parameter.

    Attributes:
        parameter: its name; its values are numbers.
        configurations: arm -> its configurations.

    """

    parameter: str
    configurations: Mapping[str, Sequence[Sampled]]

    @property
    def axis(self) -> ParameterAxis:
        """The axis of the parameter."""
        return ParameterAxis(self.parameter, [x for of_arm in self.configurations.values() for x in self.x(of_arm)])

    def x(self, configurations: Sequence[Sampled]) -> list[float]:
        """Return the parameter's values."""
        return [float(configuration.parameters[self.parameter]) for configuration in configurations]


def slice_data(sampled: Sequence[Sampled]) -> list[Slice]:
    """Return a slice for each parameter that has at least two numbers, in display order."""
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
            slices.append(Slice(parameter, of_arms))
    return slices


def draw_slice(data: Slice, looks: Mapping[str, Style], metric: str, names: Mapping[Key, str]) -> go.Figure:
    """Draw the accuracy (%) of each configuration against the parameter; a cross was stopped early."""
    figure = empty(height=430)
    for arm in (arm for arm in looks if arm in data.configurations):
        look, name = looks[arm], escaped(arm)
        for complete in (True, False):
            shown = [c for c in data.configurations[arm] if c.complete == complete]
            status = "complete" if complete else "stopped early"
            figure.add_scatter(
                x=data.x(shown),
                y=[100 * configuration.score for configuration in shown],
                customdata=[escaped(names[configuration.key]) for configuration in shown],
                mode="markers",
                marker={"color": look.colour, "symbol": look.marker if complete else "x-thin-open", "size": 9},
                name=name if complete else f"{name}, stopped early",
                legendgroup=name,
                showlegend=bool(shown),
                hovertemplate=f"%{{customdata}}<br>%{{y:.1f}} %, {status}<extra></extra>",
            )
    data.axis.label(figure)
    figure.update_yaxes(title_text=axis_title(metric))
    return figure


def slices(finding: SearchFinding) -> tuple[Figure, ...]:
    """Draw a figure for each parameter; of a search whose arms vary one parameter each, means with intervals."""
    if all(len(configuration.parameters) <= 1 for configuration in finding.sampled):
        return exploring_sweep(finding)
    metric = finding.selected_on
    caption = (
        "Every mark is a sampled configuration with its mean accuracy, whatever its other parameters; crosses were "
        "stopped early, and lie at the mean of their last accuracies."
    )
    return tuple(
        Figure(
            named("exploring", measure(metric), "vs", axis(data.parameter)),
            f"{metric_name(metric)} against {symbol(data.parameter)}",
            caption,
            draw_slice(data, styles(finding.results.runs), metric, finding.names),
        )
        for data in slice_data(finding.sampled)
    )
