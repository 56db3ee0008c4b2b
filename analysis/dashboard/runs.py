"""A study's runs as a page lists them: filtered, sorted and cut into pages; and all that is known of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.dashboard.addresses import FILTERS
from analysis.results.clip_labels import matches_labels
from analysis.statistics.clips import confusion
from analysis.tables.table import NONE, Table
from trainables.naming import number, symbol

if TYPE_CHECKING:
    import pandas as pd

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.studies import Live
    from analysis.results.clip_labels import ClipLabels
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Record

ROWS = 50  # on a page
SORTS = {
    "configuration": "Configuration",
    "subset": "Subset",
    "seed": "Seed",
    "stage": "Stage",
    "status": "Status",
    "validation_accuracy": "Validation (%)",
    "test_accuracy": "Test (%)",
    "epochs": "Epochs",
    "wall_s": "Minutes",
}


@dataclass(frozen=True)
class Listing:
    """One page of the runs that an address asks for.

    Attributes:
        rows: a row of the runs table each, as a mapping from column to value.
        found: how many runs the filters leave.
        page: the page's number, from 1; pages: how many there are.
        choices: filter -> its values in the study, each with the number of runs that choosing it would leave.

    """

    rows: list[dict[str, Any]]
    found: int
    page: int
    pages: int
    choices: dict[str, dict[str, int]]


def with_running(runs: pd.DataFrame, live: Live) -> pd.DataFrame:
    """Return the runs table with the status ``running``, and the epoch, of what is being trained at this moment."""
    flying = {flight.run_id: flight for flight in live.flights}
    now = runs["run_id"].isin(flying) & runs["status"].isin(["missing", "damaged"])
    if not now.any():
        return runs
    shown = runs.copy()
    shown.loc[now, "status"] = "running"
    shown.loc[now, "epochs"] = [flying[run_id].epoch for run_id in shown.loc[now, "run_id"]]
    accuracy = [flying[run_id].validation_accuracy for run_id in shown.loc[now, "run_id"]]
    shown.loc[now, "validation_accuracy"] = np.array(accuracy, dtype=float)
    return shown


def listing(runs: pd.DataFrame, address: Address) -> Listing:
    """Return the page of runs that an address asks for; a page past the last is the last."""
    found = _filtered(runs, address, FILTERS)
    if address.sort in SORTS:
        found = found.sort_values(address.sort, ascending=not address.descending, kind="stable", na_position="last")
    pages = max(1, -(-len(found) // ROWS))
    page = min(address.page, pages)
    rows = found.iloc[(page - 1) * ROWS : page * ROWS].to_dict("records")
    choices = {}
    for name in FILTERS:
        left = _filtered(runs, address, [other for other in FILTERS if other != name])[name].value_counts()
        choices[name] = {value: int(left.get(value, 0)) for value in map(str, dict.fromkeys(runs[name])) if value}
    return Listing([{str(k): v for k, v in row.items()} for row in rows], len(found), page, pages, choices)


def _filtered(runs: pd.DataFrame, address: Address, names: tuple[str, ...] | list[str]) -> pd.DataFrame:
    for name in names:
        if asked := getattr(address, name):
            runs = runs[runs[name] == asked]
    return runs


def settings_of(planned: PlannedRun) -> Table:
    """Tabulate what a run is: its loss with every parameter, subset, seed and training settings."""
    configuration = planned.run.configuration
    loss = configuration.loss.model_dump(exclude_none=True)
    rows = [("arm", planned.arm), ("loss", loss.pop("name"))]
    rows += [(symbol(name), number(value)) for name, value in loss.items()]
    rows += [("subset", configuration.subset), ("seed", str(planned.run.seed))]
    rows += [(name, number(value)) for name, value in configuration.training.model_dump().items()]
    rows += [("data set", planned.run.dataset), ("training semantics", str(planned.run.semantics))]
    return Table("What was trained", ("Setting", "Value"), tuple(rows))


def provenance_of(record: Record) -> Table:
    """Tabulate what one record says of its making and its cost."""
    cost = record.cost
    rows = [
        ("wall time", f"{cost.wall_s / 60:.1f} min"),
        ("CPU time", f"{cost.cpu_s / 60:.1f} min"),
        ("patches trained on", f"{cost.images:,} ({cost.images_per_s:.0f} per second)"),
    ]
    rows += record.provenance.entries()
    return Table("Provenance and cost", ("What", "Value"), tuple(rows))


def confusion_of(labels: ClipLabels | None, plan: StudyPlan, record: Record) -> Table | None:
    """Count a run's test clips by label and prediction; None where it has none or the labels are not kept here."""
    if record.test is None or labels is None or not matches_labels(record, labels):
        return None
    classes = plan.dataset.classes
    counts = confusion([record.test.predictions], labels.test, classes)
    rows = [
        (name, *(str(count) if count else "" for count in row), _share(row[i], row.sum()))
        for i, (name, row) in enumerate(zip(classes, counts, strict=True))
    ]
    never = [name for name, column in zip(classes, counts.T, strict=True) if not column.sum()]
    note = "Test clips; a row for each label, a column for each prediction."
    if never:
        note += f" Never predicted: {', '.join(never)}."
    return Table("Confusion", ("Label", *classes, "Right (%)"), tuple(rows), note)


def _share(right: int, of: int) -> str:
    return f"{100 * right / of:.0f}" if of else NONE
