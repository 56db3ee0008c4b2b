"""The axis of a parameter is logarithmic where orders of magnitude are compared."""

from __future__ import annotations

import pytest

from analysis.plotting.parameter_axis import ParameterAxis
from analysis.plotting.theme import empty

RATES = (1e-3, 3e-4, 1e-2)


@pytest.mark.parametrize(
    ("parameter", "x", "logarithmic"),
    [
        ("temperature", (100, 316), True),
        ("learning_rate", RATES, True),
        ("weight_decay", (0.0, 1e-4, 1e-2), False),
        ("q", (0.1, 0.7, 1.0), False),
        ("epochs", (20, 40), False),
        ("mine", (1, 10, 1000), True),
        ("temperature", (), True),
        ("q", (), False),
    ],
)
def test_an_axis_is_logarithmic_where_orders_of_magnitude_are_compared(parameter, x, logarithmic):
    assert ParameterAxis(parameter, x).logarithmic is logarithmic


def test_the_ends_lie_outside_the_values():
    left, right = ParameterAxis("learning_rate", RATES).ends
    assert 0 < left < min(RATES)
    assert max(RATES) < right


def test_a_few_learning_rates_have_a_tick_each():
    figure = empty(height=100)
    ParameterAxis("learning_rate", RATES).label(figure)
    axis = figure.layout.xaxis
    assert (axis.type, axis.title.text, axis.ticktext) == ("log", "Learning rate", ("0.0003", "0.001", "0.01"))
