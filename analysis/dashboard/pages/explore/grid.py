"""The grid of a study's runs, with its filters, its columns and what is done with selected runs; in two tabs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate
from typing_extensions import TypedDict

from analysis.dashboard.blocks import MIN_CHOICES, aria, room
from analysis.dashboard.explore.choices import FILTERS
from analysis.dashboard.explore.rows import PROBLEMS, in_order, rows_of, shown_columns, status_counts
from analysis.dashboard.studies import UnreadableStudyError
from trainables.characters import visible
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.explore.choices import Choices
    from analysis.dashboard.explore.table import RunsTable
    from analysis.dashboard.explore.tables import Explored, Tables

BLOCK_ROWS = 100  # rows of a request
MAX_REQUESTED = 1000
CHOOSE = "choose-"  # of the ids of components that choose a part of the address, see assets/runs.js
WIDTHS = {"configuration": 230, "error": 380, "series": 200, "status": 120, "subset": 150}
DEFAULT_WIDTH = 130
THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--paper)', foregroundColor: 'var(--ink)', "
    "headerBackgroundColor: 'var(--shade)', borderColor: 'var(--line)', accentColor: 'var(--mark)', "
    "rowHoverColor: 'var(--shade)', selectedRowBackgroundColor: 'var(--shade)', "
    "fontFamily: 'inherit', browserColorScheme: 'inherit'})"
)


class Sort(TypedDict):
    """A column by which the grid sorts."""

    colId: str
    sort: str


class RowsRequest(TypedDict):
    """The rows that the grid asks for: from ``startRow``, without ``endRow``."""

    startRow: int
    endRow: int
    sortModel: list[Sort]


def filters() -> Any:  # noqa: ANN401 -- a component
    """Return the filters of the runs."""
    where = dmc.TextInput(
        id=f"{CHOOSE}where",
        label="Filter",
        description="As in runs.csv, where accuracies are fractions and times are in seconds",
        placeholder='loss == "cce" and seed < 3 and validation > 0.7',
        debounce=True,  # until Enter, or until the focus leaves
        className="where",
        inputProps={"spellCheck": "false", "autoCapitalize": "off"},
    )
    choices = [
        dmc.Select(
            id=f"{CHOOSE}{name}",
            label=name.capitalize(),
            searchable=True,
            allowDeselect=False,
            data=[],
            display="block" if name == "arm" else "none",  # until it is known which have several values
        )
        for name in FILTERS
    ]
    return html.Div([where, *choices], className="filters", role="search", **aria(label="Filters of the runs"))


def grid() -> list[Any]:
    """Return the grid with the line above it; what it shows comes by callbacks."""
    actions = [
        html.Span("Select runs to compare them", id="runs-chosen", className="soft"),
        go_button("Overlay curves", id="compare-curves", compare="curves"),
        go_button("Compare side by side", id="compare-sides", compare="sides"),
        _choice_of_columns(),
        html.A("CSV", id="runs-csv", download="", className="button", title="Save these runs as CSV"),
    ]
    return [
        html.Div(
            [
                html.Span("", id="runs-count", role="status"),
                html.Div(id="runs-status", className="chips"),
                html.Div(actions, className="actions"),
            ],
            className="over",
        ),
        html.Div(room(_table()), role="region", **aria(label="Runs")),
        html.P("Enter or a click on a name opens a run; Space selects it.", className="note"),
        dcc.Store(id="runs-defaults"),
        dcc.Store(id="runs-agreed"),
        dcc.Store(id="grid-followed"),
    ]


def _choice_of_columns() -> Any:  # noqa: ANN401 -- a component
    choose = dmc.MultiSelect(
        id=f"{CHOOSE}columns", label="Columns", searchable=True, hidePickedOptions=False, clearable=True
    )
    return dmc.Popover(
        [dmc.PopoverTarget(dmc.Button("Columns", variant="default", size="xs")), dmc.PopoverDropdown(choose)],
        width=340,
        position="bottom-end",
        withinPortal=False,
        withRoles=False,  # they would stand on an element without a role
        trapFocus=True,
    )


def _table() -> Any:  # noqa: ANN401 -- a component
    return dag.AgGrid(
        id="runs-grid",
        rowModelType="infinite",
        getRowId="params.data.row",
        columnDefs=[],
        defaultColDef={
            "resizable": True,
            "sortable": True,
            "minWidth": 70,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        dashGridOptions={
            "theme": {"function": THEME},
            "cacheBlockSize": BLOCK_ROWS,
            "maxBlocksInCache": 20,
            "rowSelection": {"mode": "multiRow", "enableClickSelection": False, "headerCheckbox": False},
            "selectionColumnDef": {"pinned": "left", "width": 44},
            "suppressFieldDotNotation": True,
            "suppressColumnVirtualisation": True,  # so that screen readers have every column
            "rowHeight": 34,
            "animateRows": False,
        },
        className="runs-grid",
        style={"height": "min(34rem, 75vh)"},
    )


def go_button(text: str, id: str = "", **changes: str | None) -> Any:  # noqa: A002, ANN401 -- Dash's name; a component
    """Return a button that changes parts of the address, for assets/runs.js; None removes a part."""
    data: Any = {"data-go": json.dumps(changes)} | ({"id": id} if id else {})
    return html.Button(text, type="button", className="button", **data)


def add_grid_callbacks(callbacks: Callbacks, tables: Tables) -> None:
    """Add the callbacks of the grid."""
    chosen = [f"{CHOOSE}{name}" for name in ("where", *FILTERS, "columns")]
    callbacks.in_browser(
        "choices",
        Output("runs-agreed", "data"),
        *(Input(name, "value") for name in chosen),
        Input("address", "search"),
        Input("runs-defaults", "data"),
    )
    callbacks.in_browser(
        "grid",
        Output("grid-followed", "data"),
        Input("address", "search"),
        Input("revision", "data"),
        Input("runs-grid", "columnDefs"),
    )

    def rows(request: RowsRequest | None, path: str | None, query: str | None) -> Any:  # noqa: ANN401 -- rows
        return rows_response(_explored(tables, path, query), request)

    def describe(path: str | None, query: str | None, _: str | None, shown: list[Any] | None) -> Any:  # noqa: ANN401
        return grid_description(_explored(tables, path, query), shown)

    callbacks.add(
        rows,
        Output("runs-grid", "getRowsResponse"),
        Input("runs-grid", "getRowsRequest"),
        State("address", "pathname"),
        State("address", "search"),
        values=tuple[RowsRequest | None, str | None, str | None],
    )
    callbacks.add(
        describe,
        Output("runs-grid", "columnDefs"),
        Output("runs-count", "children"),
        Output("runs-status", "children"),
        Output(f"{CHOOSE}where", "error"),
        *(Output(f"{CHOOSE}{name}", "data") for name in (*FILTERS, "columns")),
        *(Output(f"{CHOOSE}{name}", "display") for name in FILTERS),
        Output("runs-csv", "href"),
        Output("runs-defaults", "data"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("revision", "data"),
        State("runs-grid", "columnDefs"),
        values=tuple[str | None, str | None, str | None, list[dict[str, Any]] | None],
    )


def _explored(tables: Tables, path: str | None, query: str | None) -> Explored:
    try:
        return tables.explored(path, query)
    except (UnreadableStudyError, OSError):  # the page states it
        raise PreventUpdate from None


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
