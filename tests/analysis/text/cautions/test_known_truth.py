"""The caution on losses that use the true labels of training clips."""

from __future__ import annotations

from factories import Builder
from trainables.losses.catalogue import CCE, ForwardCorrection


def _cautions(*matrices: str) -> list[str]:
    study = Builder()
    study.add("cce", CCE(name="cce"), 0)
    for matrix in matrices:
        study.add(matrix, ForwardCorrection(name="forward_correction", matrix=matrix), 0)
    return [caution for caution in study.report().cautions if "true labels" in caution]


def test_a_matrix_that_is_counted_from_the_true_labels_is_cautioned() -> None:
    (text,) = _cautions("injected", "verified")
    assert text == (
        "The loss of injected uses the true labels of training clips (matrix: injected). Where the truth is not known, "
        "it cannot be trained: it shows what knowledge of the noise is worth."
    )


def test_a_matrix_estimated_from_verified_clips_is_not_cautioned() -> None:
    assert _cautions("verified") == []
