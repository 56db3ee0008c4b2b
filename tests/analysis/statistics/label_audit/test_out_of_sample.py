"""Out-of-sample probabilities score labels as cleanlab does."""

from __future__ import annotations

import numpy as np
import pytest
from cleanlab.rank import get_label_quality_scores

from analysis.statistics.label_audit.out_of_sample import self_confidence


def test_a_label_is_as_suspicious_as_the_other_classes_are_probable() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    assert self_confidence(probabilities, np.array([0, 1])) == pytest.approx([0.3, 0.7])


def test_suspicion_is_one_minus_the_label_quality_that_cleanlab_computes() -> None:
    rng = np.random.default_rng(5)
    probabilities, labels = rng.dirichlet(np.ones(4), size=50), rng.integers(4, size=50)
    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    np.testing.assert_allclose(self_confidence(probabilities, labels), 1 - quality, rtol=1e-12)


def test_a_clip_without_probabilities_has_no_suspicion() -> None:
    suspicion = self_confidence(np.array([[np.nan, np.nan], [0.9, 0.1]]), np.array([0, 0]))
    assert np.isnan(suspicion[0])
    assert suspicion[1] == pytest.approx(0.1)
