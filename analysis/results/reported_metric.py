"""The metric on test clips that the texts, tables and figures of a study report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.results.measures import FROM_LABELS, metric_name, tested_by
from trainables.metrics import METRICS
from trainables.naming import counted

if TYPE_CHECKING:
    import pandas as pd

    from analysis.results.study_results import StudyResults

# What reports can be of. Of the others a lower value is better, while their figures and words state what is higher.
REPORTABLE = tuple(name for name, metric in METRICS.items() if metric.higher_is_better)


def not_reportable(metric: str) -> str:
    """Return why a report cannot use a metric."""
    if metric in METRICS:
        return (
            f"{metric}: a lower {METRICS[metric].words} is better, but figures and comparisons assume the opposite; "
            f"the report's table of test metrics has it; allowed: {', '.join(REPORTABLE)}"
        )
    return f"{metric!r} is not a metric; allowed: {', '.join(REPORTABLE)}"


def lacking(runs: pd.DataFrame, metric: str) -> str:
    """State how many tested runs lack a metric on test clips, and why; empty if none does."""
    tested = runs[(runs["status"] == "complete") & runs["test_accuracy"].notna()]
    count = int(tested[f"test_{metric}"].isna().sum())
    if not count:
        return ""
    why = (
        "the labels of the test clips are not kept, or the predictions do not match them"
        if f"test_{metric}" in FROM_LABELS
        else "an earlier version trained them"
    )
    which = f"{count:,} of {counted(len(tested), 'complete run')}"
    return f"{metric_name(tested_by(metric))} is missing in {which}: {why}."


def of_metric(results: StudyResults, metric: str) -> StudyResults:
    """Return a study's results with another metric on test clips as the one that is reported.

    Raises:
        ValueError: the metric is not one of ``REPORTABLE``, or every complete run lacks it.

    """
    if metric not in REPORTABLE:
        raise ValueError(not_reportable(metric))
    complete = results.runs[results.runs["status"] == "complete"]
    if complete["test_accuracy"].notna().any() and complete[f"test_{metric}"].isna().all():
        msg = f"{results.plan.name}: {lacking(results.runs, metric)}"
        raise ValueError(msg)
    return replace(results, metric=metric)
