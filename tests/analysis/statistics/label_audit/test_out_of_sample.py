"""Out-of-sample probabilities rank labels as cleanlab does."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.label_audit.out_of_sample import self_confidence

pytest.importorskip("cleanlab")


def test_a_label_is_as_suspicious_as_the_other_classes_are_probable() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    assert self_confidence(probabilities, np.array([0, 1])) == pytest.approx([0.3, 0.7])


def test_a_clip_without_probabilities_has_no_suspicion() -> None:
    suspicion = self_confidence(np.array([[np.nan, np.nan], [0.9, 0.1]]), np.array([0, 0]))
    assert np.isnan(suspicion[0])
    assert suspicion[1] == pytest.approx(0.1)
