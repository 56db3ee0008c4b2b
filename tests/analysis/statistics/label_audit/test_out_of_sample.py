"""Out-of-sample probabilities find wrong labels and estimate how labels are confused."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.label_audit.out_of_sample import ConfidentLearning, confident_learning

pytest.importorskip("cleanlab")


def _learned() -> tuple[ConfidentLearning, np.ndarray]:
    """Return what is learned of 600 clips of three classes, where 30 % of class 0 are labelled 1."""
    rng = np.random.default_rng(0)
    true = np.repeat([0, 1, 2], 200)
    given = np.where((true == 0) & (rng.random(600) < 0.3), 1, true)
    logits = 4 * np.eye(3)[true] + rng.normal(size=(600, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    probabilities[0] = np.nan
    return confident_learning(probabilities, given), given != true


def test_wrong_labels_are_more_suspicious_than_right_ones() -> None:
    learned, wrong = _learned()
    assert learned.suspicion[1:][wrong[1:]].mean() > 0.9
    assert learned.suspicion[1:][~wrong[1:]].mean() < 0.15


def test_a_clip_without_probabilities_has_no_suspicion() -> None:
    assert np.isnan(_learned()[0].suspicion[0])


def test_rates_are_of_the_given_classes_and_transitions_of_the_true_ones() -> None:
    learned, wrong = _learned()
    moved = wrong.sum() / (200 + wrong.sum())
    assert learned.rates == pytest.approx([0, moved, 0], abs=0.06)
    assert learned.transition[0] == pytest.approx([0.7, 0.3, 0], abs=0.1)
    assert learned.transition.sum(axis=1) == pytest.approx(1)
