"""Predictions of the test clips by the configurations that represent their arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.results.clip_labels import predictions
from analysis.results.runs_table import complete_runs, runs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from analysis.statistics.ranking import Ranking


@dataclass(frozen=True)
class ClipPredictions:
    """What the reported runs predict for the test clips.

    Attributes:
        predictions: configuration -> seed -> class index of each test clip; the study's choice first, if it has one.
        truth: the label of each test clip, as a class index.
        classes: their names.
        names: what to call each configuration of the study.
        first: the choice; without one, the first configuration that has predictions.
        other: the best configuration of another arm on the same subset, by validation; None without one.

    """

    predictions: dict[Key, dict[int, tuple[int, ...]]]
    truth: tuple[int, ...]
    classes: list[str]
    names: Mapping[Key, str]
    first: Key
    other: Key | None


def clip_predictions(
    results: StudyResults, shown: Sequence[Key], ranking: Callable[[str], Ranking], names: Mapping[Key, str]
) -> ClipPredictions | None:
    """Return what some configurations predict for the test clips; None if no predictions were kept.

    Args:
        results: of the reported runs.
        shown: the configurations; the choice first, if the study has one.
        ranking: returns the ranking on a subset.
        names: what to call each configuration.

    """
    if results.labels is None:
        return None
    predicted = {}
    for key in shown:
        run_ids = complete_runs(runs_of(results.runs, key))["run_id"]
        if by_seed := predictions([results.records[run_id] for run_id in run_ids], results.labels):
            predicted[key] = by_seed
    if not predicted:
        return None
    first = next(iter(predicted))
    ranked = ranking(first.subset).keys
    other = next((key for key in ranked if key.arm != first.arm and key in predicted), None)
    return ClipPredictions(predicted, results.labels.test, results.plan.dataset.classes, names, first, other)
