"""AUROC and precision at k are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.label_audit.measures import auroc, precision_at


def test_auroc_is_the_share_of_pairs_in_order_with_ties_half() -> None:
    rng = np.random.default_rng(0)
    score, wrong = rng.integers(0, 9, size=60).astype(float), rng.random(60) < 0.4
    above = score[wrong][:, None] - score[~wrong]
    assert auroc(score, wrong) == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean())


def test_auroc_needs_right_and_wrong_labels() -> None:
    assert np.isnan(auroc(np.array([1.0, 2.0]), np.array([True, True])))


def test_precision_is_the_share_of_wrong_labels_among_the_highest_scores() -> None:
    score, wrong = np.array([0.1, 0.9, 0.8, 0.7]), np.array([True, True, False, True])
    assert precision_at(score, wrong, 3) == pytest.approx(2 / 3)
    assert np.isnan(precision_at(score, wrong, 5))
