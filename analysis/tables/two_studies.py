"""Two studies side by side: the configurations that both have, and by how much they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.results.measures import metric_words
from analysis.results.runs_table import differing_settings, key_of, scores, selected_on
from analysis.results.study_results import reported
from analysis.statistics.intervals import CELL, accuracy_interval, paired_difference
from analysis.tables.table import NONE, Table
from analysis.text.validation_clips import earlier_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.results.study_results import StudyResults
    from trainables.losses.base import Loss
    from trainables.networks.base import Network

PLAIN = ("validation", "verified", "test")  # accuracies, which the rows name by their clips alone
HEADER = ("Configuration", "Subset")


def comparison(first: StudyResults, second: StudyResults) -> Table:
    """Tabulate the configurations that both studies have, by the runs that enter their means.

    Two configurations are the same if loss, network and subset are equal, and every training setting that either study
    varies. The other settings may differ: they are part of the protocol, in which the studies differ as a whole.

    The difference is taken seed by seed where both trained a seed on the same data; without such seeds, or on other
    data, only the means are shown.
    """
    paired = first.plan.dataset.fingerprint == second.plan.dataset.fingerprint
    alike = first.plan.semantics == second.plan.semantics  # if not, one's validation accuracy is over patches
    metrics = dict.fromkeys((selected_on(first.plan), selected_on(second.plan), first.tested_by))
    pairs = {metric: paired and (alike or metric != "validation") for metric in metrics}
    settings = _settings(first, second)
    ours, theirs = _configurations(first, settings), _configurations(second, settings)
    rows = [
        (configuration.label, same.subset, metric if metric in PLAIN else metric_words(metric), *cells)
        for same, configuration in ours.items()
        if same in theirs
        for metric in metrics
        if set(cells := _cells(configuration, theirs[same], metric, paired=pairs[metric])) != {NONE}
    ]
    a, b = first.plan.name, second.plan.name
    a, b = (f"{a} (first)", f"{b} (second)") if a == b else (a, b)
    note = (
        f"In %, of runs that do not explore: {CELL}. "
        "The difference, first minus second in points, is paired by seed over the n seeds that both have"
    )
    note += "." if paired else "; there is none, because the data sets differ."
    for results in (first, second):
        if not alike and (text := earlier_version(results.plan)):
            note += f" {results.plan.name}: {text}"
    what = "Accuracy" if set(metrics) <= set(PLAIN) else "Metric"
    return Table(f"{a} and {b}", (*HEADER, what, a, b, "Difference"), tuple(rows), note)


def only(first: StudyResults, second: StudyResults) -> list[str]:
    """Name the configurations of the first study that the second does not have."""
    settings = _settings(first, second)
    ours, theirs = _configurations(first, settings), _configurations(second, settings)
    several = len({same.subset for same in (*ours, *theirs)}) > 1
    missing = [(configuration.label, same.subset) for same, configuration in ours.items() if same not in theirs]
    return [f"{label} on {subset}" if several else label for label, subset in missing]


class _Same(NamedTuple):
    """What makes configurations of two studies one."""

    loss: Loss
    network: Network
    subset: str
    settings: tuple[Any, ...]


@dataclass
class _Runs:
    """The runs of one configuration in a study, under whatever arms."""

    label: str
    results: StudyResults
    seeds: dict[str, int]  # run_id -> seed

    def scores(self, metric: str) -> dict[int, float]:
        """Return seed -> accuracy."""
        runs = reported(self.results).runs
        rows = runs[runs["run_id"].isin(self.seeds)]
        return {seed: value for by_seed in scores(rows, metric).values() for seed, value in by_seed.items()}

    def of(self, seeds: set[int]) -> set[str]:
        """Return the runs with these seeds."""
        return {run_id for run_id, seed in self.seeds.items() if seed in seeds}


def _settings(*studies: StudyResults) -> list[str]:
    return list(dict.fromkeys(name for results in studies for name in differing_settings(results.plan)))


def _configurations(results: StudyResults, settings: Sequence[str]) -> dict[_Same, _Runs]:
    """Return the configurations of a study's runs that do not explore, in the plan's order."""
    configurations: dict[_Same, _Runs] = {}
    for planned in results.plan.runs:
        if planned.stage != "explore":
            c = planned.run.configuration
            same = _Same(c.loss, c.network, c.subset, tuple(getattr(c.training, name) for name in settings))
            of_same = configurations.setdefault(same, _Runs(key_of(planned).configuration, results, {}))
            of_same.seeds[planned.run.run_id] = planned.run.seed
    return configurations


def _cells(first: _Runs, second: _Runs, metric: str, *, paired: bool) -> tuple[str, ...]:
    ours, theirs = first.scores(metric), second.scores(metric)
    means = (accuracy_interval(by_seed.values()).cell() if by_seed else NONE for by_seed in (ours, theirs))
    gap = paired_difference(ours, theirs) if paired else None
    if gap is None:
        return (*means, NONE)
    shared = set(ours) & set(theirs)
    if first.of(shared) == second.of(shared) and gap.half_width is None and gap.mean == 0:
        return (*means, f"the same runs (n = {gap.n})")
    return (*means, gap.cell())
