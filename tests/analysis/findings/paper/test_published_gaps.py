"""The significance of the published gaps, against numbers computed apart from this code."""

from __future__ import annotations

from math import sqrt

import pytest
from scipy import stats

from analysis.findings.paper import published
from analysis.findings.paper.published_gaps import printed, published_gaps

# gap, half width of its 95 % interval, p, p by Holm; worked out by hand from the printed numbers
AGAINST_L_Q = {
    "s_noisy+clean": (-0.5, 1.8, 0.57, 1.0),
    "l_noisy+clean": (1.2, 0.9, 0.009, 0.046),
    "all": (1.2, 0.7, 0.001, 0.007),
    "l_noisy+s_clean": (0.8, 0.7, 0.024, 0.098),
    "l_noisy+m_clean": (0.1, 0.7, 0.78, 1.0),
    "l_noisy+l_clean": (0.6, 0.6, 0.052, 0.16),
}


def test_the_gaps_to_l_q_are_as_worked_out_by_hand() -> None:
    gaps = {g.subset: (g.gap.value, g.gap.half_width(), g.gap.p, g.adjusted) for g in published_gaps("gce")}
    assert list(gaps) == list(AGAINST_L_Q)
    for subset, (gap, half_width, p, adjusted) in gaps.items():
        wanted = AGAINST_L_Q[subset]
        assert (gap, half_width) == pytest.approx(wanted[:2], abs=0.05)
        assert (p, adjusted) == pytest.approx(wanted[2:], abs=0.005, rel=0.02)


def test_two_of_six_gaps_to_l_q_and_five_of_six_to_cce_are_significant() -> None:
    significant = {loss: [g.subset for g in published_gaps(loss) if g.significant] for loss in ("gce", "cce")}
    assert significant["gce"] == ["l_noisy+clean", "all"]
    assert len(published_gaps("cce")) == 6
    assert set(significant["cce"]) == {g.subset for g in published_gaps("cce")} - {"s_noisy+clean"}


def test_p_is_that_of_welchs_test_on_the_standard_deviations_behind_the_half_widths() -> None:
    cells = {(cell.loss, cell.subset): cell for cell in published.PUBLISHED}
    for gap in published_gaps("cce"):
        first, second = cells["adaptive_gce", gap.subset], cells["cce", gap.subset]
        sides = [(c.mean, c.half_width / stats.t.ppf(0.975, 11) * sqrt(12), 12) for c in (first, second)]  # type: ignore[operator]
        assert gap.gap.p == pytest.approx(stats.ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False).pvalue)


def test_what_is_not_printed_legibly_has_no_mean() -> None:
    assert printed("gce", "m_noisy+clean") is None
    assert printed("adaptive_gce", "clean") is None
