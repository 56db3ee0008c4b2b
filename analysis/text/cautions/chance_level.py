"""A caution where a study's choice is not shown to be better than guessing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_words
from analysis.statistics.intervals import MIN_SEEDS, accuracy_interval
from trainables.metrics import split_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.finding import Finding
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults


def at_chance(finding: Finding, key: Key) -> list[str]:
    """Return a caution if the interval of a configuration's reported accuracy reaches down to chance.

    Chance is the larger of 1 / K for K classes and the share of the most frequent class, which a model that ignores its
    input can reach. Runs too few for an interval in the report are compared by the lowest.
    """
    measured = split_name(finding.metric)[0]  # chance is that of accuracy, whatever metric is reported
    by_seed = finding.scores(measured).get(key)
    if not by_seed:
        return []
    interval = accuracy_interval(by_seed.values())
    classes, majority = len(finding.plan.dataset.classes), majority_share(finding.results, measured)
    low = min(by_seed.values()) if interval.low is None or interval.n < MIN_SEEDS else interval.low
    if low > max(1 / classes, majority or 0.0):
        return []
    score = f"{metric_words(measured)} of {interval.percent()} % ({interval.label()})"
    most = "" if majority is None else f", and always predicting the most frequent class {100 * majority:.1f} %"
    text = (
        f"{finding.names[key]} is not shown to be better than chance, with a {score}: guessing among {classes} classes "
        f"scores {100 / classes:.1f} %{most}."
    )
    return [text]


def majority_share(results: StudyResults, metric: str) -> float | None:
    """Return the share of the most frequent class among a metric's clips; None if the clips' labels are unknown.

    Args:
        results: of the study.
        metric: ``test``; ``verified`` for verified training clips; any other for all training clips, of which the
            validation clips are a part that is stratified by label.

    """
    if results.labels is None:
        return None
    parts = {"test": ("test",), "verified": ("train verified",)}.get(
        split_name(metric)[0], ("train verified", "train unverified")
    )
    return largest_share([results.labels.counts[part] for part in parts if part in results.labels.counts])


def largest_share(counts: Sequence[Sequence[int]]) -> float | None:
    """Return the share of the most frequent class, from the clips of each class in several parts; None without any."""
    of_class = [sum(parts) for parts in zip(*counts, strict=True)]
    return max(of_class) / sum(of_class) if sum(of_class) else None
