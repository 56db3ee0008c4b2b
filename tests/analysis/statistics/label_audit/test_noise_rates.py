"""The share of wrong labels of each class is estimated by how verified clips score."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.label_audit.noise_rates import MIN_VERIFIED, NoiseRates, rates_by_verified

WRONG = (0.1, 0.6)  # share of the unverified clips of each class


def _clips(rng: np.random.Generator, unverified: int, verified: int) -> tuple[np.ndarray, ...]:
    """Return scores, labels and marks: right labels score around 0, wrong ones around 3."""
    labels = np.tile([0, 1], unverified + verified)
    marks = np.arange(len(labels)) < 2 * verified
    wrong = ~marks & (rng.random(len(labels)) < np.take(WRONG, labels))
    return np.where(wrong, 3.0, 0.0) + rng.normal(size=len(labels)), labels, marks


def _rates(unverified: int, verified: int, seed: int = 0) -> NoiseRates:
    rates = rates_by_verified(*_clips(np.random.default_rng(seed), unverified, verified), classes=2)
    assert rates is not None
    return rates


def test_simulated_rates_are_recovered() -> None:
    assert _rates(4000, 4000).rate * 2 == pytest.approx(WRONG, abs=0.03)  # half of each class is verified, and right


def test_lower_ends_hold_about_as_often_as_stated() -> None:
    held = [_rates(100, 100, seed).low[1] <= WRONG[1] / 2 for seed in range(200)]
    assert 0.9 < np.mean(held) < 1


def test_no_upper_end_is_stated() -> None:
    assert np.isnan(_rates(100, 100).high).all()


def test_lower_ends_hold_where_wrong_labels_score_like_right_ones() -> None:
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 200)
    rates = rates_by_verified(rng.normal(size=400), labels, np.arange(400) < 100, classes=2)
    assert rates is not None
    assert (rates.low < 0.05).all()  # nothing is known of the wrong labels


def test_a_class_of_verified_clips_alone_has_no_wrong_labels() -> None:
    score, labels, marks = _clips(np.random.default_rng(0), 50, 50)
    rates = rates_by_verified(score, labels, marks | (labels == 0), classes=3)
    assert rates is not None
    assert (rates.rate[0], rates.low[0]) == (0, 0)
    assert np.isnan(rates.rate[2])


def test_few_verified_clips_and_none_to_judge_give_no_estimate() -> None:
    score, labels, marks = _clips(np.random.default_rng(0), 50, MIN_VERIFIED // 2)
    assert rates_by_verified(score, labels, marks, classes=2) is not None
    marks[0] = False
    assert rates_by_verified(score, labels, marks, classes=2) is None
    assert rates_by_verified(score, labels, np.ones_like(marks), classes=2) is None
