"""The columns of a runs table that hold how well each run did, and the words for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.results.clip_labels import matching
from trainables.metrics import METRICS, split_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.results.clip_labels import ClipLabels
    from trainables.records import Record, SelectionMetric

SELECTION = "selection_score"
VALIDATION = (
    "validation_accuracy",
    "validation_clip_accuracy",
    "verified_accuracy",
    "validation_macro_f1",
    "verified_macro_f1",
    "validation_balanced_accuracy",
    "verified_balanced_accuracy",
)
TEST = tuple(f"test_{name}" for name in METRICS)
MEASURES = (*VALIDATION, *TEST, SELECTION)
FROM_LABELS = {f"test_{name}": METRICS[name] for name in ("macro_f1", "balanced_accuracy")}
NOTHING_FROM_LABELS = dict.fromkeys(FROM_LABELS, float("nan"))


def tested_by(metric: str) -> str:
    """Return the name of a metric on test clips: ``test`` for accuracy, else such as ``test_macro_f1``."""
    return "test" if metric == "accuracy" else f"test_{metric}"


def on_test(measured: str) -> bool:
    """Return whether a measured value is over test clips."""
    return split_name(measured)[0] == "test"


def metric_name(measured: str) -> str:
    """Return what a measured value is called in headings: ``Test accuracy`` for ``test``."""
    words = metric_words(measured)
    return words[0].upper() + words[1:]


def metric_words(measured: str) -> str:
    """Return what a measured value is called in running text: ``verified validation macro F1``."""
    clips, metric = split_name(measured)
    return f"{'verified validation' if clips == 'verified' else clips} {metric.words}"


def on_verified(measured: str) -> bool:
    """Return whether a measured value is over verified validation clips."""
    return split_name(measured)[0] == "verified"


def metric_column(table: pd.DataFrame, measured: str) -> str:
    """Return the column of a runs table, or of a curves table, that holds a measured value.

    Validation accuracy is over clips; where every record is of the first version of the training, which did not measure
    that, it is over patches.
    """
    if measured == "selection":
        return SELECTION
    if measured == "validation":
        over_clips = not table["validation_clip_accuracy"].isna().all()
        return "validation_clip_accuracy" if over_clips else "validation_accuracy"
    return plain_column(measured)


def plain_column(measured: str) -> str:
    """Return the column of a measured value that has but one: ``test_accuracy`` for ``test``."""
    clips, metric = split_name(measured)
    return f"{clips}_{metric.name}"


def measured_values(record: Record, chosen_by: SelectionMetric) -> dict[str, float]:
    """Return a record's value of each measure; NaN where it has none, and where they follow from labels.

    Args:
        record: of a run.
        chosen_by: what the study chooses by.

    """
    last = record.epochs[-1] if record.epochs else None
    values: dict[str, Any] = {name: getattr(last, name, None) for name in VALIDATION}
    values |= {name: getattr(record, name) for name in VALIDATION if name in type(record).model_fields}
    values |= {name: getattr(record.test, name.removeprefix("test_"), None) for name in TEST}
    values[SELECTION] = record.score(chosen_by)
    return {name: float("nan") if values[name] is None else values[name] for name in MEASURES}


def values_from_labels(records: Mapping[str, Record], labels: ClipLabels) -> dict[str, Mapping[str, float]]:
    """Return run_id -> the test metrics that follow from its predictions, by column; NaN where those do not match."""
    truths = {fold: np.array(labels.truth(fold)) for fold in {record.run.fold for record in records.values()}}
    values: dict[str, Mapping[str, float]] = {}
    for run_id, record in records.items():
        truth = truths[record.run.fold]
        predicted = matching(record.test, truth, labels.classes)
        values[run_id] = NOTHING_FROM_LABELS
        if predicted is not None:
            values[run_id] = {name: metric.of(truth, predicted) for name, metric in FROM_LABELS.items()}
    return values
