"""Dunnett's one-sided critical value: his table, scipy's multivariate t, and the limits where it is Student's t."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.dunnett import one_sided


@pytest.mark.parametrize(
    ("others", "df", "tabulated"),
    # Dunnett 1955, table 1a: joint confidence .95, one-sided, equal sizes.
    [(2, 5, 2.44), (8, 5, 3.24), (2, 10, 2.15), (9, 20, 2.60), (4, 60, 2.21), (3, 12, 2.29)],
)
def test_the_value_is_that_of_dunnetts_table(others: int, df: int, tabulated: float) -> None:
    assert one_sided(others, df, 0.95) == pytest.approx(tabulated, abs=0.0051)


@pytest.mark.parametrize("df", [1, 2, 11, 1000])
@pytest.mark.parametrize("others", [2, 3, 5])
def test_the_value_has_its_level_by_the_multivariate_t(others: int, df: int) -> None:
    shape = np.full((others, others), 0.5) + 0.5 * np.eye(others)
    value = one_sided(others, df, 0.95)
    level = stats.multivariate_t(shape=shape, df=df).cdf([value] * others, maxpts=50_000, random_state=1)
    assert level == pytest.approx(0.95, abs=2e-5)


def test_one_other_makes_it_students_quantile() -> None:
    assert one_sided(1, 10, 0.95) == pytest.approx(stats.t.ppf(0.95, 10), rel=0, abs=1e-12)


def test_it_lies_between_one_comparison_and_bonferroni() -> None:
    for others in (2, 5, 20):
        value = one_sided(others, 30, 0.95)
        assert stats.t.ppf(0.95, 30) < value < stats.t.isf(0.05 / others, 30)


@pytest.mark.parametrize(("others", "df", "level"), [(0, 1, 0.9), (1, 0, 0.9), (1, 1, 0.0), (1, 1, 1.0)])
def test_an_argument_outside_its_range_is_refused(others: int, df: int, level: float) -> None:
    with pytest.raises(ValueError, match="df >= 1"):
        one_sided(others, df, level)
