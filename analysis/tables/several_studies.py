"""Studies side by side: the configurations that they share, and by how much those differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_words
from analysis.tables.interval_cells import IntervalCells
from analysis.tables.table import NONE, Table
from analysis.text.phrases import joined
from analysis.text.validation_clips import earlier_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.findings.shared_configurations import Difference, SharedConfigurations

PLAIN = ("validation", "verified", "test")  # accuracies, which the rows name by their clips alone
HEADER = ("Configuration", "Subset")


def comparison(shared: SharedConfigurations) -> Table:
    """Tabulate the configurations that at least two of the studies have, by the runs that enter their means.

    The difference is taken seed by seed where both studies trained a seed on the same data; without such seeds, or on
    other data, only the means are shown. Of more than two studies, each is compared with the first.
    """
    names = shared.names
    places = [(same, metric) for same in shared.shared for metric in shared.metrics]
    means = {
        (same, metric): [None if runs is None else runs.interval(metric) for runs in shared.shared[same]]
        for same, metric in places
    }
    gaps = {
        (same, metric): [shared.difference(same, 0, place, metric) for place in range(1, len(names))]
        for same, metric in places
    }
    known = [interval for row in means.values() for interval in row if interval is not None]
    others = range(1, len(names))
    compared = [place for place in others if any(row[place - 1] for row in gaps.values())]
    cells = IntervalCells([*known, *(gap.gap for row in gaps.values() for gap in row if gap and not gap.same_runs)])
    rows = [
        (
            *(shared.label(same), same.subset, metric if metric in PLAIN else metric_words(metric)),
            *(NONE if interval is None else cells.cell(interval) for interval in means[same, metric]),
            *(_gap(gaps[same, metric][place - 1], cells) for place in compared),
        )
        for same, metric in places
        if any(means[same, metric])
    ]
    differences = ("Difference",) if len(names) == 2 else tuple(f"{names[0]} minus {names[i]}" for i in compared)  # noqa: PLR2004 -- a pair
    note = f"In %, of runs that do not explore. {f'{what} ' if (what := cells.note()) else ''}"
    unpaired = [names[i] for i in others if not shared.paired(0, i, "test")]
    note += _on_differences([names[i] for i in compared], unpaired)
    if len({results.plan.semantics for results in shared.studies}) > 1:
        texts = [(results.plan.name, earlier_version(results.plan)) for results in shared.studies]
        note += "".join(f" {name}: {text}" for name, text in texts if text)
    measured = "Accuracy" if set(shared.metrics) <= set(PLAIN) else "Metric"
    return Table(joined(names), (*HEADER, measured, *names, *(differences if compared else ())), tuple(rows), note)


def _on_differences(compared: Sequence[str], unpaired: Sequence[str]) -> str:
    """Return how studies are compared with the first, or why they are not.

    Args:
        compared: the studies of which a difference is shown.
        unpaired: those with other data.

    """
    if not compared:
        why = "the data sets differ" if unpaired else "the studies have no seed in common"
        return f"No difference is shown, because {why}."
    text = "The difference, first minus second in points, is paired by seed over the n seeds that both have"
    return f"{text}; {joined(unpaired)} has other data." if unpaired else f"{text}."


def _gap(difference: Difference | None, cells: IntervalCells) -> str:
    if difference is None:
        return NONE
    gap = difference.gap
    return f"the same runs (n = {gap.n})" if difference.same_runs else cells.cell(gap, "+")
