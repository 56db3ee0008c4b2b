"""The caution on choices that are no better than guessing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.results.clip_labels import ClipLabels
from analysis.text.cautions.chance_level import at_chance, largest_share
from factories import Builder
from trainables.losses.catalogue import CCE

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = ClipLabels((0,) * 6 + (1,) * 2 + (2,) * 2, {"test": (6, 2, 2), "train verified": (1, 1, 1)}, None)


def _cautions(accuracies: Sequence[float], labels: ClipLabels | None = None) -> list[str]:
    study = Builder(classes=["Rain", "Wind", "Snow"])
    for seed, accuracy in enumerate(accuracies):
        study.add("cce", CCE(name="cce"), seed, test=accuracy)
    finding = study.finding()
    key = finding.chosen
    return at_chance(type(finding)(replace(finding.results, labels=labels)), key)


def test_an_accuracy_at_one_of_k_is_cautioned() -> None:
    (text,) = _cautions([0.33, 0.35, 0.31, 0.36, 0.34])
    assert text == (
        "cce is not shown to be better than chance, with a test accuracy of 33.8 ± 2.4 % (95 % t-interval, n = 5): "
        "guessing among 3 classes scores 33.3 %."
    )


def test_an_accuracy_above_one_of_k_is_not_cautioned() -> None:
    assert _cautions([0.43, 0.45, 0.41, 0.46, 0.44]) == []


def test_an_accuracy_below_the_share_of_the_most_frequent_class_is_cautioned_with_both_levels() -> None:
    (text,) = _cautions([0.43, 0.45, 0.41, 0.46, 0.44], LABELS)
    assert text.endswith(
        "guessing among 3 classes scores 33.3 %, and always predicting the most frequent class 60.0 %."
    )


@pytest.mark.parametrize(
    ("accuracies", "cautioned"), [([0.3], True), ([0.5], False), ([0.49, 0.54], False), ([0.54, 0.3], True)]
)
def test_runs_too_few_for_an_interval_are_compared_by_the_lowest(accuracies: list[float], *, cautioned: bool) -> None:
    assert bool(_cautions(accuracies)) == cautioned


def test_the_caution_stands_in_the_report() -> None:
    study = Builder(classes=["Rain", "Wind", "Snow"])
    for seed in range(6):
        study.add("cce", CCE(name="cce"), seed, test=0.2 + seed / 100)
    assert any("not shown to be better than chance" in text for text in study.report().cautions)


def test_the_largest_share_counts_all_parts() -> None:
    assert largest_share([(3, 1), (0, 4)]) == 5 / 8
    assert largest_share([(0, 0)]) is None
