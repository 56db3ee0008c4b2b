"""Grids of many rows: sorted, filtered and scrolled in the browser.

The renderers of cells are in assets/grid.js; every name reaches them as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import dash_ag_grid as dag
from dash import html

ROW_HEIGHT = 52  # pixels
MAX_OPEN = 25  # a grid of more rows scrolls by itself


@dataclass(frozen=True)
class Grid:
    """A grid.

    Attributes:
        label: what a screen reader calls it.
        columns: ag-grid's column definitions.
        rows: one mapping a row; ``key`` identifies the row and never changes.
        options: further options of ag-grid.

    """

    label: str
    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)


def grid_component(key: str, grid: Grid) -> Any:  # noqa: ANN401 -- a component
    """Return a grid as a component that keeps scroll, selection and order when its rows change."""
    fits = len(grid.rows) <= MAX_OPEN
    shown = dag.AgGrid(
        id={"type": "grid", "key": key},
        columnDefs=grid.columns,
        rowData=grid.rows,
        getRowId="params.data.key",
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        dashGridOptions={
            "rowHeight": ROW_HEIGHT,
            "domLayout": "autoHeight" if fits else "normal",
            "enableCellTextSelection": True,
            "ensureDomOrder": True,
            "suppressMenuHide": True,
            "animateRows": False,
            **grid.options,
        },
        className="ag-theme-quartz",
        style={"width": "100%", "height": None if fits else "calc(100dvh - 11rem)"},
    )
    attributes: Any = {"aria-label": grid.label}
    return html.Div(shown, className="grid", role="region", **attributes)
