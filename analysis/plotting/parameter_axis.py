"""The axis of a parameter in figures: logarithmic or linear, its ends, ticks and title."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plotting.theme import escaped
from trainables.naming import number, symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

TITLES = {
    "temperature": "Temperature T",
    "relative_temperature": "Temperature T/median",
    "learning_rate": "Learning rate",
}
# Parameters that are chosen by their order of magnitude. Others are drawn so if they span more than MAX_LINEAR.
LOGARITHMIC = frozenset({"temperature", "relative_temperature", "learning_rate", "l2", "weight_decay"})
MAX_LINEAR = 30.0  # ratio of the ends of a linear axis, if both are above 0
MAX_TICKS = 8  # values that each have a tick of their own


@dataclass(frozen=True)
class ParameterAxis:
    """An axis on which a parameter's values lie.

    Attributes:
        parameter: its name, such as ``temperature``.
        x: the values that lie on it, in any order.

    """

    parameter: str
    x: Sequence[float]

    @property
    def logarithmic(self) -> bool:
        """Whether the axis is logarithmic."""
        if not self.x:
            return self.parameter == "temperature"
        low, high = min(self.x), max(self.x)
        return low > 0 and (self.parameter in LOGARITHMIC or high / low > MAX_LINEAR)

    @property
    def ends(self) -> tuple[float, float]:
        """The axis' ends, a little outside the values, so that a level can be drawn from side to side."""
        if not self.x:
            return (1.0, 10.0)
        scaled = [math.log10(value) for value in self.x] if self.logarithmic else list(self.x)
        margin = 0.08 * (max(scaled) - min(scaled)) or 0.5
        left, right = min(scaled) - margin, max(scaled) + margin
        return (10**left, 10**right) if self.logarithmic else (left, right)

    def label(self, figure: go.Figure, row: int | None = None) -> None:
        """Set up a figure's horizontal axis; in a figure of panels, ``row`` is the one that bears the title."""
        at = {} if row is None else {"row": row, "col": 1}
        figure.update_xaxes(title_text=escaped(TITLES.get(self.parameter, symbol(self.parameter))), **at)
        if not self.logarithmic:
            figure.update_xaxes(range=list(self.ends))
            return
        figure.update_xaxes(type="log", range=[math.log10(end) for end in self.ends])
        values = sorted(set(self.x))
        if self.parameter != "temperature" and len(values) <= MAX_TICKS:
            figure.update_xaxes(tickvals=values, ticktext=[number(value) for value in values])
        else:
            figure.update_xaxes(dtick=1, exponentformat="power")
