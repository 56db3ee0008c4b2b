"""Each kind of claim: its number against an independent computation, and what the number's interval says of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from analysis.findings.paper.claims import GapClaim, SpreadClaim, TrendClaim
from analysis.findings.paper.paper_runs import PaperRuns
from trainables.datasets.subsets import TABLE_1
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.paper.claims import Check, Claim
    from factories import Builder
    from trainables.config import Subset

GAP = GapClaim("adaptive beats CCE on all", first=("adaptive_gce", "all"), second=("cce", "all"))
SUBSETS: tuple[Subset, ...] = ("xs_noisy+clean", "s_noisy+clean", "m_noisy+clean", "l_noisy+clean", "all")
TREND = TrendClaim("accuracy rises", loss="cce", subsets=SUBSETS)
SPREAD = SpreadClaim("CCE scatters more", more="cce", less="gce", subsets=SUBSETS)


def add(study: Builder, loss: Any, values: Sequence[float], subset: Subset = "all") -> None:
    for seed, value in enumerate(values):
        study.add(loss.name, loss, seed, test=value, subset=subset)


def checked(study: Builder, claim: Claim) -> Check:
    return claim.check(PaperRuns(study.results()))


def gap(study: Builder, differences: Sequence[float]) -> Check:
    add(study, AdaptiveGCE(name="adaptive_gce"), [0.7 + value for value in differences])
    add(study, CCE(name="cce"), [0.7] * len(differences))
    return checked(study, GAP)


def test_a_gap_wholly_above_zero_holds(study: Builder) -> None:
    check = gap(study, [0.046, 0.049, 0.047, 0.048])
    assert check.answer == "holds"
    assert check.ours() == "+4.8 ± 0.2 points (n = 4)"


def test_a_gap_wholly_below_zero_is_contradicted(study: Builder) -> None:
    assert gap(study, [-0.02, -0.021, -0.019]).answer == "contradicted"


def test_a_gap_around_zero_stays_open(study: Builder) -> None:
    assert gap(study, [-0.02, 0.021]).answer == "open"


def test_one_run_tests_nothing(study: Builder) -> None:
    check = gap(study, [0.05])
    assert (check.answer, check.excess) == ("not tested", None)
    assert check.ours() == "+5.0 points (n = 1)"


def test_a_gap_of_which_one_side_is_absent_is_not_tested(study: Builder) -> None:
    add(study, CCE(name="cce"), [0.7, 0.71])
    check = checked(study, GAP)
    assert (check.answer, check.ours()) == ("not tested", "not in this study")


def test_a_gap_is_paired_by_seed(study: Builder) -> None:
    add(study, AdaptiveGCE(name="adaptive_gce"), [0.71, 0.75, 0.733])
    add(study, CCE(name="cce"), [0.66, 0.703, 0.681, 0.2])
    estimate = checked(study, GAP).estimate
    assert estimate is not None
    difference = 100 * np.array([0.05, 0.047, 0.052])
    low, high = stats.t.interval(0.95, 2, difference.mean(), stats.sem(difference))
    assert (estimate.low, estimate.high, estimate.n) == (pytest.approx(low), pytest.approx(high), 3)


def test_the_published_gap_is_welchs(study: Builder) -> None:
    t = float(stats.t.ppf(0.975, 11))
    sides = [(mean, half_width / t * math.sqrt(12), 12) for mean, half_width in ((75.3, 0.5), (70.6, 0.6))]
    welch = stats.ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False)
    assert GAP.gap().p == pytest.approx(welch.pvalue)
    assert gap(study, [0.05, 0.04]).claim.published() == "+4.7 ± 0.7 points"


def test_the_excess_adds_the_standard_errors_in_squares(study: Builder) -> None:
    excess = gap(study, [0.046, 0.049, 0.044, 0.048]).excess
    assert excess is not None
    t = float(stats.t.ppf(0.975, 11))
    errors = [(0.5 / t, 11), (0.6 / t, 11), (float(stats.sem([4.6, 4.9, 4.4, 4.8])), 3)]
    assert excess.value == pytest.approx(4.675 - 4.7)
    assert excess.error == pytest.approx(math.sqrt(sum(error**2 for error, _ in errors)))
    assert excess.df > 11


def test_a_trend_is_the_slope_of_each_seed_over_the_doublings_of_noisy_clips(study: Builder) -> None:
    rng = np.random.default_rng(0)
    values = {subset: 0.6 + 0.03 * i + 0.01 * rng.normal(size=4) for i, subset in enumerate(SUBSETS)}
    for subset, of_subset in values.items():
        add(study, CCE(name="cce"), of_subset.tolist(), subset)
    estimate = checked(study, TREND).estimate
    x = np.log2([TABLE_1[subset][0] for subset in SUBSETS])
    slopes = [100 * np.polyfit(x, [values[subset][seed] for subset in SUBSETS], 1)[0] for seed in range(4)]
    low, high = stats.t.interval(0.95, 3, np.mean(slopes), stats.sem(slopes))
    assert estimate is not None
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((np.mean(slopes), low, high))


@pytest.mark.parametrize(("rise", "answer"), [(0.03, "holds"), (-0.03, "contradicted"), (0.0, "open")])
def test_a_trend_holds_if_accuracy_rises(study: Builder, rise: float, answer: str) -> None:
    rng = np.random.default_rng(1)
    for i, subset in enumerate(SUBSETS):
        add(study, CCE(name="cce"), (0.6 + rise * i + 0.01 * rng.normal(size=6)).tolist(), subset)
    assert checked(study, TREND).answer == answer


def test_a_trend_takes_three_subsets(study: Builder) -> None:
    assert checked(study, TREND).ours() == "not in this study"
    for subset in SUBSETS[:2]:
        add(study, CCE(name="cce"), [0.6, 0.61], subset)
    assert checked(study, TREND).ours() == "fewer than 3 of its subsets are in this study"


def test_the_published_trend_is_that_of_the_legible_rows() -> None:
    x = np.log2([TABLE_1[subset][0] for subset in SUBSETS[1:]])
    slope = np.polyfit(x, [63.2, 66.9, 68.5, 70.6], 1)[0]
    assert TREND.published() == f"{slope:+.1f} ± 0.3 points per doubling, 4 legible subsets"


@pytest.mark.parametrize(("spread", "answer"), [(4.0, "holds"), (0.25, "contradicted"), (1.0, "open")])
def test_a_spread_is_compared_by_the_ratio_of_standard_deviations(study: Builder, spread: float, answer: str) -> None:
    rng = np.random.default_rng(0)
    for subset in SUBSETS[:3]:
        add(study, CCE(name="cce"), (0.6 + 0.01 * spread * rng.normal(size=10)).tolist(), subset)
        add(study, GCE(name="gce"), (0.7 + 0.01 * rng.normal(size=10)).tolist(), subset)
    check = checked(study, SPREAD)
    assert check.answer == answer
    assert check.estimate is not None
    assert math.exp(check.estimate.value) == pytest.approx(spread, rel=0.4)
    assert f"{math.exp(check.estimate.value):.2f} times (" in check.ours()


def test_the_published_ratio_is_that_of_the_half_widths_with_the_spread_of_a_logarithm_of_chi_squared() -> None:
    """The interval is compared with simulated standard deviations of 12 normal values."""
    logs = np.log([1.0 / 0.8, 0.5 / 0.6, 0.6 / 0.5])
    rng = np.random.default_rng(3)
    deviations = rng.normal(size=(20_000, 2, 3, 12)).std(axis=-1, ddof=1)
    simulated = (np.log(deviations[:, 0]) - np.log(deviations[:, 1])).mean(axis=1).std()
    low, high = (math.exp(logs.mean() + side * 1.96 * simulated) for side in (-1, 1))
    text = SPREAD.published()
    ratio, ends = text.split(" times (")
    assert float(ratio) == pytest.approx(math.exp(logs.mean()), abs=0.005)
    assert [float(end) for end in ends.split(")")[0].split(" to ")] == pytest.approx([low, high], rel=0.02)
    assert text.endswith("3 legible subsets")


def test_runs_of_other_settings_or_another_training_do_not_count(study: Builder) -> None:
    add(study, GCE(name="gce", q=0.5), [0.7, 0.71, 0.72, 0.73])
    add(study, CCE(name="cce"), [0.7, 0.71, 0.72, 0.73])
    assert checked(study, SPREAD).ours() == "not in this study"


def test_exploring_runs_do_not_count(study: Builder) -> None:
    study.exploring_temperatures({100.0: 1.0, 1000.0: 0.0})
    assert PaperRuns(study.finding().reported).temperatures == {}
