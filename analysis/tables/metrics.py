"""Every metric on test clips, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.measures import tested_by
from analysis.statistics.intervals import CELL, MIN_SEEDS, accuracy_interval, t_interval
from analysis.tables.table import NONE, Table
from trainables.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Collection

    from analysis.findings.finding import Finding
    from trainables.metrics import Metric


def metrics_tables(finding: Finding) -> tuple[Table, ...]:
    """Tabulate each configuration's metrics on test clips; empty where no run has more than its accuracy."""
    measured = {metric: finding.scores(tested_by(name)) for name, metric in METRICS.items()}
    known = [metric for metric, scores in measured.items() if scores]
    if len(known) < 2:  # noqa: PLR2004 -- accuracy alone has tables of its own
        return ()
    several = len(finding.subsets) > 1
    keys = dict.fromkeys(key for metric in known for key in measured[metric])
    rows = tuple(
        (
            key.configuration,
            *([key.subset] if several else []),
            *(_cell(metric, measured[metric].get(key, {}).values()) for metric in known),
        )
        for key in keys
    )
    lower = [metric.words for metric in known if not metric.higher_is_better]
    of_lower = f"Of {' and '.join(lower)} a lower value is better. " if lower else ""
    note = (
        f"On test clips: {CELL}. {of_lower}Runs of earlier versions lack the metrics that need probabilities, so they "
        "are not in their means."
    )
    headings = (f"{metric.words[0].upper()}{metric.words[1:]} ({metric.unit})" for metric in known)
    return (Table("Test metrics", ("Configuration", *(["Subset"] if several else []), *headings), rows, note),)


def _cell(metric: Metric, values: Collection[float]) -> str:
    if not values:
        return NONE
    if metric.unit == "%":
        return accuracy_interval(values).cell()
    interval = t_interval(values)
    if interval.half_width is None or interval.n < MIN_SEEDS:
        runs = f" ({', '.join(f'{value:.3f}' for value in values)})" if interval.n > 1 else ""
        return f"{interval.mean:.3f}{runs}"
    return f"{interval.mean:.3f} ± {interval.half_width:.3f} (n = {interval.n})"
