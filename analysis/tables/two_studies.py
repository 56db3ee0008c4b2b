"""Two studies side by side: the configurations that both have, and by how much they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import key_of, scores, selected_on
from analysis.results.study_results import reported
from analysis.statistics.intervals import CELL, accuracy_interval, paired_difference
from analysis.tables.table import NONE, Table
from analysis.text.validation_clips import earlier_version

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from trainables.losses.base import Loss

    Same = tuple[Loss, str]  # what makes two configurations one: the loss with its parameters, and the subset

HEADER = ("Configuration", "Subset", "Accuracy")


def comparison(first: StudyResults, second: StudyResults) -> Table:
    """Tabulate the configurations (loss and subset) that both studies have, by the runs that enter their means.

    The difference is taken seed by seed where both trained a seed on the same data; without such seeds, or on other
    data, only the means are shown.
    """
    paired = first.plan.dataset.fingerprint == second.plan.dataset.fingerprint
    alike = first.plan.semantics == second.plan.semantics  # if not, one's validation accuracy is over patches
    metrics = dict.fromkeys((selected_on(first.plan), selected_on(second.plan), "test"))
    pairs = {metric: paired and (alike or metric != "validation") for metric in metrics}
    ours, theirs = _labels(first), _labels(second)
    rows = [
        (label, same[1], metric, *cells)
        for same, label in ours.items()
        if same in theirs
        for metric in metrics
        if set(cells := _cells(first, second, same, metric, paired=pairs[metric])) != {NONE}
    ]
    a, b = first.plan.name, second.plan.name
    a, b = (f"{a} (first)", f"{b} (second)") if a == b else (a, b)
    note = (
        f"Accuracies in %, of runs that do not explore: {CELL}. "
        "The difference, first minus second in points, is paired by seed over the n seeds that both have"
    )
    note += "." if paired else "; there is none, because the data sets differ."
    for results in (first, second):
        if not alike and (text := earlier_version(results.plan)):
            note += f" {results.plan.name}: {text}"
    return Table(f"{a} and {b}", (*HEADER, a, b, "Difference"), tuple(rows), note)


def only(first: StudyResults, second: StudyResults) -> list[str]:
    """Name the configurations of the first study that the second does not have."""
    ours, theirs = _labels(first), _labels(second)
    several = len({subset for _, subset in (*ours, *theirs)}) > 1
    missing = [(label, same[1]) for same, label in ours.items() if same not in theirs]
    return [f"{label} on {subset}" if several else label for label, subset in missing]


def _labels(results: StudyResults) -> dict[Same, str]:
    labels: dict[Same, str] = {}
    for planned in results.plan.runs:
        if planned.stage != "explore":
            configuration = planned.run.configuration
            labels.setdefault((configuration.loss, configuration.subset), key_of(planned).configuration)
    return labels


def _cells(first: StudyResults, second: StudyResults, same: Same, metric: str, *, paired: bool) -> tuple[str, ...]:
    ours, theirs = _scores(first, same, metric), _scores(second, same, metric)
    means = (accuracy_interval(by_seed.values()).cell() if by_seed else NONE for by_seed in (ours, theirs))
    gap = paired_difference(ours, theirs) if paired else None
    if gap is None:
        return (*means, NONE)
    shared = set(ours) & set(theirs)
    if _runs(first, same, shared) == _runs(second, same, shared) and gap.half_width is None and gap.mean == 0:
        return (*means, f"the same runs (n = {gap.n})")
    return (*means, gap.cell())


def _scores(results: StudyResults, same: Same, metric: str) -> dict[int, float]:
    """Return seed -> accuracy, over every arm that names this configuration."""
    runs = reported(results).runs
    rows = runs[runs["run_id"].isin(_runs(results, same))]
    return {seed: value for by_seed in scores(rows, metric).values() for seed, value in by_seed.items()}


def _runs(results: StudyResults, same: Same, seeds: set[int] | None = None) -> set[str]:
    return {
        planned.run.run_id
        for planned in results.plan.runs
        if (planned.run.configuration.loss, planned.run.configuration.subset) == same
        and planned.stage != "explore"
        and (seeds is None or planned.run.seed in seeds)
    }
