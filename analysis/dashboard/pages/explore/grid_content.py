"""What the grid of a study's runs shows: its rows, its columns, and the texts and choices above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dash import no_update
from typing_extensions import TypedDict

from analysis.dashboard.blocks import MIN_CHOICES
from analysis.dashboard.explore.choices import FILTERS
from analysis.dashboard.explore.rows import PROBLEMS, in_order, rows_of, shown_columns, status_counts
from analysis.dashboard.pages.explore.buttons import go_button
from trainables.characters import visible
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.dashboard.explore.choices import Choices
    from analysis.dashboard.explore.table import RunsTable
    from analysis.dashboard.explore.tables import Explored

MAX_REQUESTED = 1000
WIDTHS = {"configuration": 230, "error": 380, "series": 200, "status": 120, "subset": 150}
DEFAULT_WIDTH = 130


class Sort(TypedDict):
    """A column by which the grid sorts."""

    colId: str
    sort: str


class RowsRequest(TypedDict):
    """The rows that the grid asks for: from ``startRow``, without ``endRow``."""

    startRow: int
    endRow: int
    sortModel: list[Sort]


def rows_response(explored: Explored, request: RowsRequest | None) -> Any:  # noqa: ANN401 -- rows, or nothing
    """Return the rows that the grid asks for, and how many there are."""
    if request is None:
        return no_update
    table, choices = explored.table, explored.choices
    runs, _ = table.listed(choices)
    order = [(sort["colId"], sort["sort"] == "desc") for sort in request["sortModel"]]
    start = max(0, request["startRow"])
    end = min(max(start, request["endRow"]), start + MAX_REQUESTED)
    columns = [table.columns[name] for name in shown_columns(table, choices.columns)]
    return {"rowData": rows_of(in_order(runs, table, order).iloc[start:end], columns), "rowCount": len(runs)}


def grid_description(explored: Explored, shown: list[Any] | None) -> tuple[Any, ...]:
    """Return the columns of the grid, unless they are shown already, and what stands above it."""
    table, choices = explored.table, explored.choices
    runs, problem = table.listed(choices)
    columns = column_definitions(table, choices)
    total = len(table.runs)
    count = counted(total, "run") if len(runs) == total else f"{len(runs):,} of {counted(total, 'run')}"
    options = [_values(table, choices, name) for name in FILTERS]
    return (
        no_update if columns == shown else columns,
        [count, *_reasons(choices)],
        _statuses(table, choices),
        problem or False,
        *options,
        [{"value": name, "label": visible(column.title)} for name, column in table.columns.items()],
        *(
            "block" if len(of) > MIN_CHOICES or getattr(choices, name) else "none"
            for name, of in zip(FILTERS, options, strict=True)
        ),
        _csv(explored),
        {"columns": ",".join(shown_columns(table, ()))},
    )


def _values(table: RunsTable, choices: Choices, name: str) -> list[dict[str, str]]:
    """Return what a filter offers: all values of a column, and what the address has chosen."""
    values = dict.fromkeys([*map(str, table.runs[name]), getattr(choices, name)])
    return [{"value": "", "label": "all"}, *({"value": value, "label": visible(value)} for value in values if value)]


def column_definitions(table: RunsTable, choices: Choices) -> list[dict[str, Any]]:
    """Return the columns of the grid; the first opens a run, numbers are aligned at the right."""
    order = dict(choices.sorted_by)
    definitions = []
    for place, name in enumerate(shown_columns(table, choices.columns)):
        column = table.columns[name]
        definition: dict[str, Any] = {"field": name, "headerName": visible(column.heading), "headerTooltip": name}
        width = WIDTHS.get(name, DEFAULT_WIDTH)
        definition |= {"flex": width, "minWidth": width} if place else {"width": width}  # a pinned column has no flex
        definition |= {"type": "rightAligned"} if column.kind != "text" else {}
        definition |= {"cellRenderer": "Run", "pinned": "left"} if place == 0 else {}
        definition |= {"cellRenderer": "Status"} if name == "status" and place else {}
        definition |= {"tooltipField": name} if column.kind == "text" else {}
        definition |= {"initialSort": "desc" if order[name] else "asc"} if name in order else {}
        definitions.append(definition)
    return definitions


def _statuses(table: RunsTable, choices: Choices) -> list[Any]:
    """Return the number of runs of each status as buttons that filter, problems first."""
    buttons = []
    for status, count in status_counts(table.runs).items():
        chosen = choices.status == status
        button = go_button(f"{count:,} {status}", status=None if chosen else status, brush=None)
        button.className = f"chip status {'bad' if status in PROBLEMS else status}{' here' if chosen else ''}"
        setattr(button, "aria-pressed", str(chosen).lower())
        buttons.append(button)
    return buttons


def _reasons(choices: Choices) -> list[Any]:
    """Return why runs are left out beside the filters: what is selected in the figure, with buttons that undo it."""
    parts: list[Any] = []
    if choices.brush:
        parts += [", selected in the figure ", go_button("Clear the selection", brush=None)]
    if choices.pick:
        parts += [", of one configuration ", go_button("Show all configurations", pick=None)]
    return parts


def _csv(explored: Explored) -> str:
    """Return the address of the listed runs as CSV."""
    query = {name: value for name, value in explored.choices.query().items() if name in CSV_FIELDS}
    base = explored.address.csv("runs")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}" if query else base


CSV_FIELDS = ("x", "y", "facet", "xlog", "ylog", "where", "brush", "pick", *FILTERS, "sort")
