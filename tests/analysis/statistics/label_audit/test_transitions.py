"""The true labels behind given ones follow from predictions and from how classes are confused on test clips."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.label_audit.transitions import Transitions, transitions

JOINT = np.array([[50, 30, 0], [0, 100, 0], [20, 0, 60]])  # clips by given label (rows) and true label (columns)
CONFUSION = np.array([[0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.0, 0.1, 0.9]])  # of a network: true x predicted


def _transitions(seed: int = 0, scale: int = 1) -> Transitions:
    rng = np.random.default_rng(seed)
    test = np.stack([rng.multinomial(60 * scale, row) for row in CONFUSION])
    predicted = np.array(
        [sum(rng.multinomial(scale * n, row) for n, row in zip(of, CONFUSION, strict=True)) for of in JOINT]
    )
    return transitions(predicted.astype(float), test.astype(float), seed=0)


def test_the_shares_are_recovered_although_the_network_confuses_classes() -> None:
    estimated = _transitions(scale=1000)
    assert estimated.true_of_given == pytest.approx(JOINT / JOINT.sum(axis=1, keepdims=True), abs=0.02)
    assert estimated.given_of_true == pytest.approx(JOINT.T / JOINT.sum(axis=0)[:, None], abs=0.02)


def test_the_intervals_cover_the_shares_of_wrong_labels_about_as_often_as_stated() -> None:
    wrong = 1 - JOINT.diagonal() / JOINT.sum(axis=1)
    intervals = [_transitions(seed) for seed in range(20)]
    covered = [(one.low <= wrong) & (wrong <= one.high) for one in intervals]
    assert np.mean(covered, axis=0)[[0, 2]].min() >= 0.9  # a share of 0, of class 1, is covered less often


def test_the_bootstrap_repeats_with_its_seed_and_differs_with_another() -> None:
    predicted, confusion = JOINT @ CONFUSION, 60 * CONFUSION
    one, again, other = (transitions(predicted, confusion, seed) for seed in (0, 0, 1))
    assert (one.low == again.low).all()
    assert (one.low != other.low).any()


def test_a_label_without_clips_has_no_estimate() -> None:
    predicted = JOINT @ CONFUSION
    predicted[1] = 0
    estimated = transitions(predicted, 60 * CONFUSION, seed=0)
    assert np.isnan([*estimated.true_of_given[1], estimated.low[1], estimated.high[1]]).all()
    assert np.isfinite(estimated.given_of_true).all()
