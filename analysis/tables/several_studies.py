"""Studies side by side: the configurations that they share, and by how much those differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_words
from analysis.tables.interval_cells import IntervalCells
from analysis.tables.table import NONE, Table
from analysis.text.validation_clips import earlier_version

if TYPE_CHECKING:
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
    cells = IntervalCells([*known, *(gap.gap for row in gaps.values() for gap in row if gap and not gap.same_runs)])
    rows = [
        (
            *(shared.label(same), same.subset, metric if metric in PLAIN else metric_words(metric)),
            *(NONE if interval is None else cells.cell(interval) for interval in means[same, metric]),
            *(_gap(gap, cells) for gap in gaps[same, metric]),
        )
        for same, metric in places
        if any(means[same, metric])
    ]
    others = range(1, len(names))
    differences = ("Difference",) if len(names) == 2 else tuple(f"{names[0]} minus {names[i]}" for i in others)  # noqa: PLR2004 -- a pair
    note = (
        f"In %, of runs that do not explore{f': {what}' if (what := cells.note()) else ''}. "
        "The difference, first minus second in points, is paired by seed over the n seeds that both have"
    )
    unpaired = [names[i] for i in others if not shared.paired(0, i, "test")]
    note += "." if not unpaired else _other_data(unpaired, len(names))
    if len({results.plan.semantics for results in shared.studies}) > 1:
        texts = [(results.plan.name, earlier_version(results.plan)) for results in shared.studies]
        note += "".join(f" {name}: {text}" for name, text in texts if text)
    measured = "Accuracy" if set(shared.metrics) <= set(PLAIN) else "Metric"
    return Table(" and ".join(names), (*HEADER, measured, *names, *differences), tuple(rows), note)


def _other_data(names: list[str], studies: int) -> str:
    pair = studies == 2  # noqa: PLR2004 -- a pair
    which = "" if pair else f" for {', '.join(names)}"
    return f"; it is not shown{which}, because the data sets differ."


def _gap(difference: Difference | None, cells: IntervalCells) -> str:
    if difference is None:
        return NONE
    gap = difference.gap
    return f"the same runs (n = {gap.n})" if difference.same_runs else cells.cell(gap, "+")
