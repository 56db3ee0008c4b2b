"""Studies side by side: the configurations that they share, and by how much those differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import metric_words
from analysis.statistics.intervals import CELL
from analysis.tables.table import NONE, Table
from analysis.text.validation_clips import earlier_version

if TYPE_CHECKING:
    from analysis.findings.shared_configurations import Difference, Same, SharedConfigurations

PLAIN = ("validation", "verified", "test")  # accuracies, which the rows name by their clips alone
HEADER = ("Configuration", "Subset")


def comparison(shared: SharedConfigurations) -> Table:
    """Tabulate the configurations that at least two of the studies have, by the runs that enter their means.

    The difference is taken seed by seed where both studies trained a seed on the same data; without such seeds, or on
    other data, only the means are shown. Of more than two studies, each is compared with the first.
    """
    names = shared.names
    rows = [
        (shared.label(same), same.subset, metric if metric in PLAIN else metric_words(metric), *cells)
        for same in shared.shared
        for metric in shared.metrics
        if set(cells := _cells(shared, same, metric)) != {NONE}
    ]
    others = range(1, len(names))
    gaps = ("Difference",) if len(names) == 2 else tuple(f"{names[0]} minus {names[i]}" for i in others)  # noqa: PLR2004 -- a pair
    note = (
        f"In %, of runs that do not explore: {CELL}. "
        "The difference, first minus second in points, is paired by seed over the n seeds that both have"
    )
    unpaired = [names[i] for i in others if not shared.paired(0, i, "test")]
    note += "." if not unpaired else _other_data(unpaired, len(names))
    if len({results.plan.semantics for results in shared.studies}) > 1:
        texts = [(results.plan.name, earlier_version(results.plan)) for results in shared.studies]
        note += "".join(f" {name}: {text}" for name, text in texts if text)
    what = "Accuracy" if set(shared.metrics) <= set(PLAIN) else "Metric"
    return Table(" and ".join(names), (*HEADER, what, *names, *gaps), tuple(rows), note)


def _other_data(names: list[str], studies: int) -> str:
    pair = studies == 2  # noqa: PLR2004 -- a pair
    which = "" if pair else f" for {', '.join(names)}"
    return f"; there is none{which}, because the data sets differ."


def _cells(shared: SharedConfigurations, same: Same, metric: str) -> tuple[str, ...]:
    intervals = [None if runs is None else runs.interval(metric) for runs in shared.shared[same]]
    means = [NONE if interval is None else interval.cell() for interval in intervals]
    gaps = [_gap(shared.difference(same, 0, place, metric)) for place in range(1, len(shared.names))]
    return (*means, *gaps)


def _gap(difference: Difference | None) -> str:
    if difference is None:
        return NONE
    return f"the same runs (n = {difference.gap.n})" if difference.same_runs else difference.gap.cell()
