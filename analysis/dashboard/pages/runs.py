"""The list of a study's runs: filtered, sorted, page by page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import dcc, html

from analysis.dashboard.addresses import FILTERS
from analysis.dashboard.blocks import MIN_CHOICES, Block, aria, chip, page_links, part, percent, scrolled
from analysis.results.measures import metric_column, on_verified
from analysis.results.runs_table import UNRECORDED, selected_on
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.pages.view import View
    from analysis.dashboard.snapshot import Live
    from analysis.results.study_results import StudyResults

MINUTE_S = 60
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


def runs_blocks(view: View) -> list[Block]:
    """Return the filters and one page of the runs, each with a link to its own page."""
    results, live, address = view.snapshot.results, view.live, view.address
    runs = listing(with_running(results.runs, live), address)
    chips = [_filter(name, runs.choices[name], address) for name in FILTERS if len(runs.choices[name]) >= MIN_CHOICES]
    save = html.A("All runs as CSV", href=address.csv("runs"), download="")
    note = html.P([f"{counted(runs.count, 'run')}; page {runs.page} of {runs.pages}. ", save], className="note")
    columns = columns_of(results)
    return [
        part("filters", *chips),
        part("runs", note, _rows(runs, columns, address), page_links(runs.page, runs.pages, address)),
    ]


def columns_of(results: StudyResults) -> list[str]:
    """Return the columns of the list of runs: the stage and the verified accuracy only where the study uses them."""
    unused = {name for name in ("stage", "fold") if (results.runs[name] == "").all()}
    unused |= {"verified_accuracy"} if not on_verified(selected_on(results.plan)) else set()
    return [name for name in SORTS if name not in unused]


def _filter(name: str, choices: Mapping[str, int], address: Address) -> Any:  # noqa: ANN401 -- a component
    """Return a filter as links, each to the address with that choice."""
    chosen = getattr(address, name)
    links = [chip("all", address.but(**{name: ""}, page=1), chosen=not chosen)]
    for value, count in choices.items():
        links.append(chip(f"{value} ({count})", address.but(**{name: value}, page=1), chosen=value == chosen))
    return html.Div([html.Span(name.capitalize(), className="label"), *links], className="chips", role="group")


def _rows(runs: Listing, columns: list[str], address: Address) -> Any:  # noqa: ANN401 -- a component
    head = []
    for name in columns:
        reverse = address.sort == name and not address.descending
        order = ("descending" if address.descending else "ascending") if address.sort == name else "none"
        arrow = {"ascending": " ▲", "descending": " ▼", "none": ""}[order]
        link = dcc.Link(f"{SORTS[name]}{arrow}", href=str(address.but(sort=name, descending=reverse, page=1)))
        head.append(html.Th(link, scope="col", **aria(sort=order)))
    body = []
    for row in runs.rows:
        link = dcc.Link(str(row["configuration"]), href=str(address.beside(run=row["run_id"])))
        body.append(html.Tr([html.Td(link), *(html.Td(_cell(name, row)) for name in columns[1:])]))
    shown = html.Table([html.Thead(html.Tr(head)), html.Tbody(body)])
    return scrolled(shown, "Runs")


def _cell(name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    if name == "validation" or name.endswith("_accuracy"):
        return percent(value)
    if name == "wall_s":
        return "-" if math.isnan(value) else f"{value / MINUTE_S:.1f}"
    return str(value)
