"""A study's runs as listed in a page (filtered, sorted, paginated), and the details of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.dashboard.addresses import FILTERS
from analysis.results.clip_labels import matches_labels
from analysis.results.measures import metric_column
from analysis.results.runs_table import UNRECORDED
from analysis.statistics.clips import confusion
from analysis.tables.table import NONE, Table
from analysis.text.features import features_in_words
from trainables.naming import listed_names, number, symbol

if TYPE_CHECKING:
    import pandas as pd

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.studies import Live
    from analysis.results.clip_labels import ClipLabels
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Record

ROWS_PER_PAGE = 50
SORTS = {
    "configuration": "Configuration",
    "subset": "Subset",
    "seed": "Seed",
    "fold": "Fold",
    "stage": "Stage",
    "status": "Status",
    "validation": "Validation (%)",
    "verified_accuracy": "Verified (%)",
    "test_accuracy": "Test (%)",
    "epochs": "Epochs",
    "wall_s": "Minutes",
}


@dataclass(frozen=True)
class Listing:
    """One page of the runs selected by an address.

    Attributes:
        rows: the rows of the runs table, as mappings from column to value.
        count: number of runs that pass the filters.
        page: number of the page, from 1.
        pages: number of pages.
        choices: filter -> value in the study -> number of runs that would remain if it were chosen.

    """

    rows: list[dict[str, Any]]
    count: int
    page: int
    pages: int
    choices: dict[str, dict[str, int]]


def with_running(runs: pd.DataFrame, live: Live) -> pd.DataFrame:
    """Return the runs table with ``validation``, and with status, epoch and accuracy of the runs in training.

    ``validation`` is over clips, in studies of the first version of the training over patches.
    """
    runs = runs.assign(validation=runs[metric_column(runs, "validation")])
    in_flight = {flight.run_id: flight for flight in live.flights}
    now = runs["run_id"].isin(in_flight) & runs["status"].isin(UNRECORDED)
    if not now.any():
        return runs
    runs.loc[now, "status"] = "running"
    runs.loc[now, "epochs"] = [in_flight[run_id].epoch for run_id in runs.loc[now, "run_id"]]
    accuracy = [in_flight[run_id].validation_accuracy for run_id in runs.loc[now, "run_id"]]
    runs.loc[now, "validation"] = np.array(accuracy, dtype=float)
    return runs


def listing(runs: pd.DataFrame, address: Address) -> Listing:
    """Return the page of runs selected by an address; beyond the last page, the last."""
    selected = _filtered(runs, address, FILTERS)
    if address.sort in SORTS:
        selected = selected.sort_values(
            address.sort, ascending=not address.descending, kind="stable", na_position="last"
        )
    pages = max(1, -(-len(selected) // ROWS_PER_PAGE))
    page = min(address.page, pages)
    rows = selected.iloc[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE].to_dict("records")
    choices = {}
    for name in FILTERS:
        counts = _filtered(runs, address, [other for other in FILTERS if other != name])[name].value_counts()
        choices[name] = {value: int(counts.get(value, 0)) for value in map(str, dict.fromkeys(runs[name])) if value}
    return Listing([{str(k): v for k, v in row.items()} for row in rows], len(selected), page, pages, choices)


def _filtered(runs: pd.DataFrame, address: Address, names: tuple[str, ...] | list[str]) -> pd.DataFrame:
    for name in names:
        if value := getattr(address, name):
            runs = runs[runs[name] == value]
    return runs


def settings_of(planned: PlannedRun) -> Table:
    """Tabulate the settings of a run: loss with every parameter, subset, seed, training settings and features."""
    configuration = planned.run.configuration
    rows = [("arm", planned.arm)]
    for part, named in (("loss", configuration.loss), ("network", configuration.network)):
        parameters = named.model_dump(exclude_none=True)
        rows.append((part, parameters.pop("name")))
        rows += [(symbol(name), number(value)) for name, value in parameters.items()]
    rows += [("subset", configuration.subset), ("seed", str(planned.run.seed))]
    rows += [] if planned.run.fold is None else [("fold", planned.run.fold)]
    rows += [(name, number(value)) for name, value in dict(configuration.training).items()]
    if configuration.needs_frames:
        rows += [("features", features_in_words(planned.run.features))]
    if planned.run.embeddings:
        rows += [("embeddings", planned.run.embeddings)]
    rows += [("data set", planned.run.dataset), ("training semantics", str(planned.run.semantics))]
    return Table("What was trained", ("Setting", "Value"), tuple(rows))


def provenance_of(record: Record) -> Table:
    """Tabulate the provenance and the cost of a record."""
    cost = record.cost
    rows = [
        ("wall time", f"{cost.wall_s / 60:.1f} min"),
        ("CPU time", f"{cost.cpu_s / 60:.1f} min"),
        ("patches trained on", f"{cost.images:,} ({cost.images_per_s:.0f} per second)"),
    ]
    rows += record.provenance.entries()
    return Table("Provenance and cost", ("What", "Value"), tuple(rows))


def confusion_of(labels: ClipLabels | None, plan: StudyPlan, record: Record) -> Table | None:
    """Tabulate a run's test clips by label and prediction; None without test clips or their labels."""
    if record.test is None or labels is None or not matches_labels(record, labels):
        return None
    classes = plan.dataset.classes
    counts = confusion([record.test.predictions], labels.truth(record.run.fold), classes)
    rows = [
        (name, *(str(count) if count else "" for count in row), _share(row[i], row.sum()))
        for i, (name, row) in enumerate(zip(classes, counts, strict=True))
    ]
    never = [name for name, column in zip(classes, counts.T, strict=True) if not column.sum()]
    note = "Test clips; a row for each label, a column for each prediction."
    if never:
        note += f" Never predicted: {listed_names(never)}."
    return Table("Confusion", ("Label", *classes, "Right (%)"), tuple(rows), note)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if whole else NONE
