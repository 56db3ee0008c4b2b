"""The grid of a study's runs, with its filters, its columns and what is done with selected runs; in two tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from analysis.dashboard.blocks import aria, room
from analysis.dashboard.explore.choices import FILTERS
from analysis.dashboard.pages.explore.buttons import go_button
from analysis.dashboard.pages.explore.grid_content import RowsRequest, grid_description, rows_response
from analysis.dashboard.studies import UnreadableStudyError

if TYPE_CHECKING:
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.explore.tables import Explored, Tables

BLOCK_ROWS = 100  # rows of a request
CHOOSE = "choose-"  # of the ids of components that choose a part of the address, see assets/runs.js
THEME = (
    "themeQuartz.withParams({backgroundColor: 'var(--paper)', foregroundColor: 'var(--ink)', "
    "headerBackgroundColor: 'var(--shade)', borderColor: 'var(--line)', accentColor: 'var(--mark)', "
    "rowHoverColor: 'var(--shade)', selectedRowBackgroundColor: 'var(--shade)', "
    "fontFamily: 'inherit', browserColorScheme: 'inherit'})"
)


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
