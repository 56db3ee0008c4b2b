"""The axis of a parameter in figures: logarithmic or linear, its ends, ticks and title."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from analysis.plotting.theme import escaped
from trainables.naming import number, symbol
from trainables.numerals import compact, fractional_power

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
APART = 0.09  # of the axis' length: how far values with a tick each are from each other, so that their labels are too
PLAIN = (0.001, 1000)  # powers of ten from and to which are written without an exponent


@dataclass(frozen=True)
class ParameterAxis:
    """An axis on which a parameter's values lie.

    Attributes:
        parameter: its name, such as ``temperature``.
        x: the values that lie on it, in any order.
        scale: ``log`` or ``linear`` where the study file states how values are sampled; "" leaves it to the values.

    """

    parameter: str
    x: Sequence[float]
    scale: Literal["log", "linear", ""] = ""

    @property
    def logarithmic(self) -> bool:
        """Whether the axis is logarithmic."""
        if not self.x:
            return self.parameter == "temperature"
        low, high = min(self.x), max(self.x)
        if self.scale:
            return low > 0 and self.scale == "log"
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

    @property
    def gap(self) -> float:
        """Distance of neighbouring values on the axis' scale, in decades if it is logarithmic; at most an eighth of it.

        It is that of the two nearest to each other.
        """
        places = sorted({math.log10(value) if self.logarithmic else value for value in self.x})
        if len(places) < 2:  # noqa: PLR2004 -- a distance has two ends
            return 0.125
        return min((places[-1] - places[0]) / 8, *(right - left for left, right in pairwise(places)))

    def moved(self, value: float, by: float) -> float:
        """Return the place that lies a number of gaps to the right of a value."""
        return value * 10 ** (by * self.gap) if self.logarithmic else value + by * self.gap

    def between(self, left: float, right: float) -> float:
        """Return the place halfway between two values, as it is seen."""
        return math.sqrt(left * right) if self.logarithmic else (left + right) / 2

    @property
    def title(self) -> str:
        """What stands at the axis, unescaped."""
        return TITLES.get(self.parameter, symbol(self.parameter))

    def ticks(self, most: int = MAX_TICKS) -> dict[str, object]:
        """Return plotly's ticks: at planned values that are few and apart, else at powers of ten or parts of these.

        Args:
            most: how many powers of ten there is room for.

        """
        values = sorted(set(self.x))
        left, right = (math.log10(end) if self.logarithmic else end for end in self.ends)
        places = [math.log10(value) if self.logarithmic else value for value in values]
        apart = all(after - before >= APART * (right - left) for before, after in pairwise(places))
        powers = self.logarithmic and math.floor(right) - math.ceil(left) >= 1
        whole = all(math.isclose(place, round(place), abs_tol=1e-9) for place in places)
        by_power = powers and (whole or self.parameter == "temperature")
        if self.x and not self.scale and len(values) <= most and apart and not by_power:
            return {"tickvals": values, "ticktext": [tick_text(value) for value in values]}
        if powers:
            step = max(1, round((right - left) / most))
            between = {"minor": {"dtick": "D2", "ticks": "outside", "ticklen": 3}} if step == 1 else {}  # at 2 and 5
            return {"dtick": step, "exponentformat": "power", **between}
        if not self.logarithmic:
            return {}
        shown = even_ticks(left, right, logarithmic=True) or values
        return {"tickvals": shown, "ticktext": [tick_text(value) for value in shown]}

    def label(self, figure: go.Figure, row: int | None = None) -> None:
        """Set up a figure's horizontal axis; in a figure of panels, ``row`` is the one that bears the title."""
        self.set_up(figure)
        figure.update_xaxes(title_text=escaped(self.title), **({} if row is None else {"row": row, "col": 1}))

    def set_up(self, figure: go.Figure, *, narrow: bool = False, **at: int) -> None:
        """Set scale, range and ticks of a figure's horizontal axes, or of those in a ``row`` and ``col``.

        On ``narrow`` panels, of which several stand side by side, there are fewer ticks, and their labels stay upright.
        """
        ticks = self.ticks(MAX_TICKS // 2) | {"tickangle": 0} if narrow else self.ticks()
        figure.update_xaxes(range=list(self.ends), **ticks, **at)
        if self.logarithmic:
            figure.update_xaxes(type="log", range=[math.log10(end) for end in self.ends], **at)


def even_ticks(left: float, right: float, *, logarithmic: bool) -> list[float]:
    """Return some round values between two ends, in ascending order; none where even digits are too far apart.

    Args:
        left: the lower end; its decimal logarithm if the axis is logarithmic.
        right: the upper end, likewise.
        logarithmic: whether the axis is: then powers of ten, or else multiples of these.

    """
    if logarithmic:
        choices = (_multiples(left, right, digits) for digits in ((1,), (1, 2, 5), range(1, 10)))
        return next((steps for steps in choices if len(steps) > 2), [])  # noqa: PLR2004 -- three show a scale
    rough = math.log10((right - left) / 4)
    step = min((1, 2, 5, 10), key=lambda digit: abs(math.log10(digit) - rough % 1)) * 10.0 ** math.floor(rough)
    return [step * place for place in range(math.ceil(left / step), math.floor(right / step) + 1)]


def _multiples(left: float, right: float, digits: Iterable[int]) -> list[float]:
    """Return the multiples of powers of ten by some digits between two ends, which are decimal logarithms."""
    steps = [digit * 10.0**power for power in range(math.floor(left), math.ceil(right) + 1) for digit in digits]
    return [step for step in steps if left - 1e-9 <= math.log10(step) <= right + 1e-9]


def tick_text(value: float, *, powers: bool = True) -> str:
    """Return a tick's text: at most four digits, and with ``powers`` a large or small power of ten by its exponent."""
    power = math.log10(value) if value > 0 else 0.5
    whole = math.isclose(power, round(power), abs_tol=1e-9) and not PLAIN[0] <= value <= PLAIN[1]
    exponent = float(round(power)) if whole else fractional_power(value)
    if powers and exponent is not None:
        return f"10<sup>{compact(exponent)}</sup>"
    return number(float(f"{value:.4g}")).replace("-", "\u2212")
