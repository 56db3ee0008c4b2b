"""The axis of a parameter is logarithmic where orders of magnitude are compared."""

from __future__ import annotations

import pytest

from analysis.plotting.parameter_axis import ParameterAxis, tick_text
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


def test_a_value_between_powers_of_ten_has_its_exponent_at_its_tick():
    assert tick_text(0.003162278) == "10<sup>\N{MINUS SIGN}2.5</sup>"


def _ticks(parameter, x, scale=""):
    figure = empty(height=100)
    ParameterAxis(parameter, x, scale).label(figure)
    return figure.layout.xaxis


def test_values_over_several_powers_of_ten_have_ticks_at_these():
    axis = _ticks("temperature", (100, 316.2278, 1000, 3162.2777, 1e4, 1e6))
    assert (axis.dtick, axis.exponentformat, axis.tickvals) == (1, "power", None)


def test_values_within_a_power_of_ten_have_ticks():
    assert _ticks("temperature", (300, 320, 340, 700)).ticktext == ("300", "400", "500", "600", "700")
    assert _ticks("learning_rate", (0.0011, 0.0012, 0.0019, 0.008)).ticktext == ("0.001", "0.002", "0.005")


def test_the_power_of_a_small_tick_has_a_minus_sign():
    assert _ticks("weight_decay", (1e-5, 5e-5)).ticktext == ("10<sup>\N{MINUS SIGN}5</sup>", "5e\N{MINUS SIGN}05")


@pytest.mark.parametrize(("scale", "kind"), [("log", "log"), ("linear", None)])
def test_the_scale_of_the_study_file_counts_more_than_the_values(scale, kind):
    assert _ticks("mine", (0.1, 0.3), scale).type == kind


def test_values_that_are_moved_keep_their_distance_on_the_axis():
    axis = ParameterAxis("temperature", (10, 100, 1000))
    assert axis.moved(10, 1) / 10 == pytest.approx(axis.moved(1000, 1) / 1000) == pytest.approx(10 ** (2 / 8))
    assert axis.between(10, 1000) == pytest.approx(100)


def test_between_powers_of_ten_short_ticks_stand_at_2_and_5():
    figure = empty(height=100)
    ParameterAxis("temperature", (100, 1000, 10_000)).label(figure)
    axis = figure.layout.xaxis
    assert (axis.dtick, axis.minor.dtick, axis.minor.ticks) == (1, "D2", "outside")
