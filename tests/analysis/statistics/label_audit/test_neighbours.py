"""A clip among clips of another label disagrees with its neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.label_audit import neighbours
from analysis.statistics.label_audit.neighbours import neighbour_disagreement


def _two_groups() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20)
    vectors = np.where(labels[:, None] == 0, [4.0, 0.0, 0.0], [0.0, 4.0, 0.0]) + rng.normal(size=(40, 3))
    labels[3] = 1
    return vectors, labels


def test_the_mislabelled_clip_disagrees_with_all_neighbours_and_the_others_with_few() -> None:
    disagreement = neighbour_disagreement(*_two_groups())
    assert disagreement[3] == 1
    assert np.delete(disagreement, 3).max() < 0.3


def test_the_result_does_not_depend_on_the_size_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = neighbour_disagreement(*_two_groups())
    monkeypatch.setattr(neighbours, "BLOCK", 7)
    assert neighbour_disagreement(*_two_groups()) == pytest.approx(whole)


def test_fewer_clips_than_neighbours_and_equal_vectors_are_borne() -> None:
    assert neighbour_disagreement(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), np.array([0, 0, 1]))[0] == 0
    assert np.isnan(neighbour_disagreement(np.ones((3, 2)), np.array([0, 0, 1]))).all()
    assert np.isnan(neighbour_disagreement(np.ones((1, 2)), np.array([0]))).all()
