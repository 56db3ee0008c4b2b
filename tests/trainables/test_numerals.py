"""Numbers are written in one way: signs, separators, percent."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from trainables.numerals import compact, ends, fixed, fractional_power, hundredfold, minute, percent, unbroken, whole


@pytest.mark.parametrize(
    ("value", "written"),
    [(75.26, "75.3"), (-0.44, "\u22120.4"), (-0.04, "0.0"), (0.0, "0.0"), (1234.56, "1,234.6"), (math.inf, "inf")],
)
def test_a_number_has_fixed_decimals_a_true_minus_and_no_negative_zero(value: float, written: str) -> None:
    assert fixed(value) == written


@pytest.mark.parametrize(("value", "written"), [(0.3, "+0.3"), (-0.3, "\u22120.3"), (0.04, "0.0"), (-0.04, "0.0")])
def test_a_difference_has_its_sign_and_zero_has_none(value: float, written: str) -> None:
    assert fixed(value, sign="+") == written


def test_fractions_are_written_in_percent() -> None:
    assert [percent(0.95), percent(0.999), percent(0.123, 0), hundredfold(0.7534)] == ["95 %", "99.9 %", "12 %", "75.3"]


def test_ends_and_counts_and_small_numbers() -> None:
    assert ends(-4.0, -0.01, sign="+") == "\u22124.0 to 0.0"
    assert whole(10000) == "10,000"
    assert compact(1e-5) == "1e\u221205"


def test_no_line_ends_between_a_number_and_its_percent_sign() -> None:
    assert unbroken("95 % of 20 %, a % b") == "95\u00a0% of 20\u00a0%, a % b"


def test_no_text_is_formatted_with_a_percent_sign_of_python() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    files = [file for package in ("study", "analysis", "trainables") for file in (root / package).rglob("*.py")]
    assert [file for file in files if re.search(r":[^{}\"\s]*\.\d%\}", file.read_text())] == []


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ("2026-11-28T10:15:42+00:00", "2026-11-28 10:15 UTC"),
        ("2026-11-28T10:15:42+02:00", "2026-11-28 08:15 UTC"),
        ("2026-11-28T10:15:42", "2026-11-28 10:15 UTC"),
        ("some day", "some day"),
    ],
)
def test_a_time_is_written_to_the_minute_in_utc(time: str, written: str) -> None:
    assert minute(time) == written


@pytest.mark.parametrize(
    ("value", "exponent"),
    [
        (316.2278, 2.5),
        (10**3.5, 3.5),
        (177827.941, 5.25),
        (0.003162278, -2.5),
        (316.2, None),
        (1000, None),
        (0.7, None),
    ],
)
def test_a_long_value_between_powers_of_ten_is_one(value: float, exponent: float | None) -> None:
    assert fractional_power(value) == exponent


@pytest.mark.parametrize("value", [0.0, -316.2278, float("inf"), float("nan"), 3.162278])
def test_other_values_are_no_power_of_ten(value: float) -> None:
    assert fractional_power(value) is None


def test_a_number_stays_on_one_line_with_its_half_width_and_its_name() -> None:
    assert (
        unbroken("by 1.4 ± 0.2 at T = 10, p < 0.05") == "by 1.4\u00a0±\u00a00.2 at T\u00a0=\u00a010, p\u00a0<\u00a00.05"
    )
