"""The scores of clips do not depend on the scale of a run's margins, and their intervals cover what more seeds show."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from analysis.statistics.label_audit.scores import (
    clip_scores,
    inverse_trigamma,
    mean_known,
    moderated_variances,
    normal_scores,
    run_scores,
    seed_scores,
)

NAN = float("nan")


def test_normal_scores_are_the_normal_quantiles_of_the_ranks() -> None:
    scores = normal_scores(np.array([5.0, NAN, 1.0, 9.0, 9.0]))
    assert special.ndtr(scores[[2, 0, 3, 4]]).tolist() == pytest.approx([1 / 8, 3 / 8, 3 / 4, 3 / 4])
    assert np.isnan(scores[1])


def test_a_low_margin_scores_high_whatever_the_scale_of_the_runs_margins() -> None:
    margins, trained = np.array([3.0, -2.0, 1.0], dtype=np.float32), np.ones(3, dtype=bool)
    scores = run_scores(margins, trained)
    assert scores.argmax() == 1
    assert (run_scores(100 * margins + 7, trained) == scores).all()


def test_held_out_clips_are_ranked_among_themselves() -> None:
    margins = np.array([9.0, 8.0, -1.0, -2.0], dtype=np.float32)
    scores = run_scores(margins, np.array([True, True, False, False]))
    assert scores[0] == scores[2] < scores[1] == scores[3]


def test_the_mean_of_what_is_known_leaves_nan_out() -> None:
    mean = mean_known([np.array([1.0, NAN, NAN]), np.array([3.0, 4.0, NAN])])
    assert mean[:2].tolist() == [2, 4]
    assert np.isnan(mean[2])


def test_a_clip_that_no_run_saw_has_no_score() -> None:
    scores = clip_scores(np.array([[0.0, 1.0, NAN], [0.5, 0.8, NAN]]))
    assert np.isnan([scores.score[2], scores.low[2], scores.high[2]]).all()
    assert np.isfinite(scores.low[:2]).all()


def test_a_single_seed_has_scores_without_an_interval() -> None:
    scores = clip_scores(seed_scores([np.array([0.0, 1.0, 2.0])])[None])
    assert scores.score.argmax() == 2
    assert np.isnan(scores.low).all()
    assert np.isnan(scores.high).all()


def test_intervals_of_three_seeds_cover_the_mean_of_all_seeds_as_often_as_stated() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    spread = np.sqrt(0.1 / rng.chisquare(8, size=4000))  # clips differ in how much the seeds change them
    scores = clip_scores(truth + spread * rng.normal(size=(3, 4000)))
    covered = (scores.low <= special.ndtr(truth)) & (special.ndtr(truth) <= scores.high)
    assert covered.mean() == pytest.approx(0.95, abs=0.012)


def test_moderated_variances_recover_the_prior_of_simulated_units() -> None:
    rng = np.random.default_rng(1)
    true = 8 * 0.5 / rng.chisquare(8, size=20_000)  # d0 = 8, s0^2 = 0.5
    variance, freedom = moderated_variances(true * rng.chisquare(2, size=20_000), np.full(20_000, 2))
    assert freedom[0] - 2 == pytest.approx(8, rel=0.1)
    prior_only, _ = moderated_variances(np.append(true * rng.chisquare(2, size=20_000), 0), np.append([2] * 20_000, 0))
    assert prior_only[-1] == pytest.approx(0.5, rel=0.1)
    assert np.abs(np.log(variance / true)).mean() < np.abs(np.log(stats.chi2(2).mean() / true)).mean()


def test_units_with_one_common_variance_get_that_one() -> None:
    rng = np.random.default_rng(2)
    variance, _ = moderated_variances(3 * rng.chisquare(2, size=5000), np.full(5000, 2))
    assert variance == pytest.approx(3, rel=0.2)


@pytest.mark.parametrize("value", [1e-3, 0.2, 1.6, 50.0])
def test_the_inverse_trigamma_function_inverts(value: float) -> None:
    assert special.polygamma(1, inverse_trigamma(value)) == pytest.approx(value)
