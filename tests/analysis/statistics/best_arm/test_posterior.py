"""The posterior of the values' means: the textbook's formulas, in any unit, with runs in flight and without scores."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from analysis.statistics.best_arm.posterior import fit

X = [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0]
DROPS = np.array([6, 4.6, 3.2, 2, 1.1, 0.3, 0, 0.5, 1.4])
Scores = list[dict[int, float]]


def numbered(scores: list[list[float]]) -> Scores:
    """Return each value's scores on seeds 0, 1, ..."""
    return [dict(enumerate(values)) for values in scores]


def simulated(n: int, sd: float = 0.9, scale: float = 1.0, seed: int = 0, icc: float = 0.0) -> Scores:
    rng = np.random.default_rng(seed)
    own, common = rng.normal(0, sd, (9, n)), rng.normal(0, sd, n)
    return numbered((75 - scale * DROPS[:, None] + np.sqrt(1 - icc) * own + np.sqrt(icc) * common).tolist())


def test_the_draws_have_the_posterior_s_mean_and_95_percent_of_them_lie_within_1_96_sd() -> None:
    found = fit(simulated(3), X)
    for draws in (found.draws(50_000, np.random.default_rng(1)), found.fixed_draws):
        error = found.sd / np.sqrt(len(draws))
        assert (np.abs(draws.mean(axis=0) - found.mean) < 5 * error).all()
        inside = (np.abs(draws - found.mean) < 1.96 * found.sd).mean(axis=0)
        np.testing.assert_allclose(inside, 0.95, atol=0.015)


def test_equal_scores_give_equal_probabilities_to_the_last_bit() -> None:
    first, second = fit(simulated(2), X), fit(simulated(2), X)
    np.testing.assert_array_equal(first.probability_within(0.3), second.probability_within(0.3))
    np.testing.assert_array_equal(first.probability_best(), second.probability_best())


def test_probabilities_follow_their_definitions() -> None:
    found = fit(simulated(4), X)
    assert found.probability_best().sum() == pytest.approx(1)
    assert (found.probability_within(0.3) >= found.probability_best()).all()
    assert (found.probability_within(100) == 1).all()


@pytest.mark.parametrize("unit", [0.01, 8, 1000])
@pytest.mark.parametrize("x", [X, None])
def test_units_do_not_matter(unit: float, x: list[float] | None) -> None:
    points = fit(simulated(2), x)
    other = fit([{seed: unit * score for seed, score in by_seed.items()} for by_seed in simulated(2)], x)
    np.testing.assert_allclose(other.mean / unit, points.mean, rtol=1e-9)
    np.testing.assert_allclose(other.sd / unit, points.sd, rtol=1e-6)
    np.testing.assert_array_equal(other.probability_within(0.3 * unit), points.probability_within(0.3))


@pytest.mark.parametrize("scale", [0.02, 1, 10])
@pytest.mark.parametrize("x", [X, None])
def test_the_truth_is_within_three_sd_whatever_the_values_range(scale: float, x: list[float] | None) -> None:
    found = fit(simulated(5, scale=scale), x)
    assert (np.abs(found.mean - (75 - scale * DROPS)) < 3 * found.sd).all()


def test_a_smooth_parameter_lets_neighbours_help() -> None:
    ordered, unordered = fit(simulated(2), X), fit(simulated(2), None)
    assert ordered.sd[4] < unordered.sd[4]


def test_a_value_without_scores_is_predicted_from_the_others() -> None:
    scores = simulated(6)
    truth, scores[3] = 75 - DROPS[3], {}
    found = fit(scores, X)
    assert abs(found.mean[3] - truth) < 3 * found.sd[3]
    assert found.sd[3] > found.sd[2]


def test_an_unordered_value_without_scores_is_expected_at_the_middle() -> None:
    found = fit(numbered([[70.0, 71.0], [74.0, 75.0], []]), None)
    assert found.mean[2] == pytest.approx(72.5, abs=0.1)
    assert found.sd[2] > 2


def test_without_any_score_every_value_is_as_likely() -> None:
    found = fit([{}, {}, {}], [1.0, 2.0, 3.0])
    assert np.ptp(found.mean) == 0
    assert found.sd[0] > 10
    assert found.probability_best().min() > 0.2


def test_runs_in_flight_narrow_and_do_not_move() -> None:
    alone = fit(simulated(2), X)
    joined = fit(simulated(2), X, [[2, 3, 4, 5, 6, 7] if i == 5 else [] for i in range(9)])
    np.testing.assert_array_equal(joined.mean, alone.mean)
    assert joined.sd[5] < 0.8 * alone.sd[5]
    assert (joined.sd <= alone.sd + 1e-9).all()


def test_runs_in_flight_count_for_a_value_without_scores() -> None:
    scores: Scores = [*simulated(2)[:8], {}]
    assert fit(scores, X, [[]] * 8 + [[0, 1, 2, 3]]).sd[8] < 0.7 * fit(scores, X).sd[8]


def test_the_curve_passes_the_values_between_them_and_widens_outside() -> None:
    found = fit(simulated(8), X)
    mean, sd = found.curve([*X, 4.25, 9.0])
    np.testing.assert_allclose(mean[:9], found.mean, atol=0.4)
    assert min(mean[4], mean[5]) - 0.3 < mean[9] < max(mean[4], mean[5]) + 0.3
    assert sd[10] > 3 * sd[9]


def test_a_run_narrows_the_difference_of_its_own_value_most() -> None:
    narrowing = fit(numbered([[70.0, 71.2], [74.0, 75.1], [73.0, 72.1]]), None).narrowing(1, [2, 2, 2])
    assert (narrowing[1] == 0).all()
    assert narrowing[0].argmax() in {0, 1}
    assert narrowing[0, 2] < 0.2 * narrowing[0, 0]
    assert ((narrowing >= 0) & (narrowing < 1)).all()


def test_where_the_parameter_is_smooth_a_neighbour_s_run_tells_something() -> None:
    narrowing = fit(simulated(2), X).narrowing(6, [2] * 9)
    assert narrowing[0, 1] > 2 * narrowing[0, 4]


def test_unordered_values_have_no_curve() -> None:
    with pytest.raises(ValueError, match="unordered"):
        fit(simulated(2), None).curve([3.0])


@pytest.mark.parametrize(
    ("scores", "x", "pending", "problem"),
    [
        ([], None, None, "at least one value"),
        ([{0: 1.0}, {0: float("nan")}], None, None, "value 1 has a score that is not finite"),
        ([{0: 1.0}, {0: 2.0}], [1.0], None, "2 values need as many finite positions"),
        ([{0: 1.0}, {0: 2.0}], [1.0, float("inf")], None, "finite positions"),
        ([{0: 1.0}, {0: 2.0}], None, [[1]], "2 values have scores, 1 have a set of seeds in flight"),
        ([{0: 1.0}, {3: 2.0}], None, [[], [3]], "value 1: seed 3 has a score and is in flight"),
    ],
)
def test_what_cannot_be_used_is_refused(
    scores: Scores, x: list[float] | None, pending: list[list[int]] | None, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        fit(scores, x, pending)


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.floats(0, 100), max_size=4), min_size=1, max_size=6),
    st.sampled_from([True, False]),
    st.lists(st.integers(0, 5), min_size=6, max_size=6),
)
def test_any_scores_give_finite_moments_and_probabilities(
    scores: list[list[float]],
    ordered: bool,
    pending: list[int],
) -> None:
    flying = [range(10, 10 + count) for count in pending[: len(scores)]]
    found = fit(numbered(scores), list(range(len(scores))) if ordered else None, flying)
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.sd).all()
    assert found.probability_best().sum() == pytest.approx(1)


def test_a_decision_over_nine_values_takes_milliseconds() -> None:
    scores = simulated(5)
    taken = []
    for _ in range(10):
        start = time.perf_counter()
        fit(scores, X, [[5]] * 9).probability_within(0.3)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.03  # 0.004 on an idle core


def test_a_decision_over_fifty_values_and_a_thousand_runs_is_quick() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 50)
    scores = numbered((75 - 20 * (x[:, None] - 0.6) ** 2 + rng.normal(0, 0.9, (50, 20))).tolist())
    taken = []
    with threadpool_limits(1):
        for _ in range(5):
            start = time.process_time()
            found = fit(scores, x.tolist(), [[20]] * 50)
            found.probability_within(0.3)
            found.narrowing(30, [21] * 50)
            taken.append(time.process_time() - start)
    assert min(taken) < 0.05  # 0.012 on an idle core


def test_the_order_and_the_numbers_of_the_seeds_do_not_matter() -> None:
    scores = simulated(3, icc=0.6)
    renamed = {0: 17, 1: 4, 2: 9}
    other = [{renamed[seed]: by_seed[seed] for seed in reversed(by_seed)} for by_seed in scores]
    backwards = [dict(reversed(by_seed.items())) for by_seed in scores]
    np.testing.assert_array_equal(fit(backwards, X).fixed_draws, fit(scores, X).fixed_draws)
    np.testing.assert_allclose(fit(other, X).mean, fit(scores, X).mean, rtol=1e-12)
    np.testing.assert_allclose(fit(other, X).sd, fit(scores, X).sd, rtol=1e-9)


def test_what_the_seeds_give_to_all_values_narrows_their_differences() -> None:
    common = [{0: 70.0, 1: 73.0, 2: 68.0, 3: 71.0}, {0: 71.1, 1: 74.0, 2: 69.2, 3: 71.9}]
    swapped = [common[0], dict(zip((1, 2, 3, 0), common[1].values(), strict=True))]
    paired, unpaired = fit(common), fit(swapped)
    assert paired.probability_best()[1] > 0.97
    assert unpaired.probability_best()[1] < 0.85


def test_equal_scores_are_no_certainty_though_their_floats_differ_in_the_last_digit() -> None:
    x = [2.0, 3.0, 4.0]
    equal = fit(numbered([[50.0, 50.0]] * 3), x)
    rounded = fit(numbered([[100 / 6, 100 * (1 / 6)], [16.666666666666668, 16.666666666666664], [100 / 6] * 2]), x)
    assert rounded.sd == pytest.approx(equal.sd, rel=1e-6)
    assert rounded.probability_within(0.1).max() < 0.6
