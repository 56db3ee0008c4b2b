"""The Explore tab of a study: a figure of chosen axes, and below it the runs that are selected there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from analysis.dashboard.blocks import Block, aria
from analysis.dashboard.explore.brush import Brush
from analysis.dashboard.explore.choices import EPOCH
from analysis.dashboard.explore.columns import titles
from analysis.dashboard.explore.figure import draw
from analysis.dashboard.explore.filters import FilterError
from analysis.dashboard.pages.explore.comparison import compared
from analysis.dashboard.pages.explore.drawer import drawer
from analysis.dashboard.pages.explore.graphs import graph, themed
from analysis.dashboard.pages.explore.grid import CHOOSE, filters, grid
from analysis.dashboard.pages.explore.runs import revision_block
from analysis.dashboard.studies import UnreadableStudyError
from analysis.plotting.styles import styles
from analysis.plotting.theme import empty
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.explore.choices import Choices
    from analysis.dashboard.explore.columns import Column
    from analysis.dashboard.explore.table import RunsTable
    from analysis.dashboard.explore.tables import Explored, Tables
    from analysis.dashboard.pages.view import View

CLEAR = "rgba(0, 0, 0, 0)"
NO_GROUPS = {"value": "none", "label": "nothing"}
DRAWN = ("x", "y", "colour", "facet", "group", "smoothing", "xlog", "ylog", "where", "brush")  # what a figure shows
SELECTS = {"x": "x axis", "y": "y axis", "colour": "Colour", "facet": "Panels"}


def explore_blocks(view: View) -> list[Block]:
    """Return the tab; what it shows comes by callbacks, so that it is built once."""
    components = (_controls(), _figure(), html.H2("Runs"), filters(), *grid(), compared(), drawer())
    return [Block("explore", view.address.study, components), revision_block(view)]


def _controls() -> Any:  # noqa: ANN401 -- a component
    selects = [
        dmc.Select(
            id=f"{CHOOSE}{name}", label=label, searchable=True, allowDeselect=False, data=[], maxDropdownHeight=360,
            comboboxProps={"width": 260, "position": "bottom-start"},
        )
        for name, label in SELECTS.items()
    ]  # fmt: skip
    group = dmc.SegmentedControl(
        id=f"{CHOOSE}group",
        data=[{"value": "seeds", "label": "Means of seeds"}, {"value": "runs", "label": "Single runs"}],
        size="sm",
        **aria(label="What marks show"),
    )
    smoothing = dmc.Slider(
        id=f"{CHOOSE}smoothing",
        min=0,
        max=95,
        step=5,
        updatemode="mouseup",
        size="sm",
        thumbLabel="Smoothing in percent",
    )
    logs = [dmc.Switch(id=f"{CHOOSE}{name}log", label=f"Log {name}", size="sm") for name in ("x", "y")]
    more = [
        html.Div(
            [html.Span("Show", className="label"), group],
            className="show",
            role="group",
            **aria(label="What marks show"),
        ),
        html.Div(
            [html.Span("Smoothing (%)", className="label"), smoothing],
            id="smoothing",
            className="smoothing",
            hidden=True,
        ),
        html.Div(logs, className="logs"),
    ]
    return html.Div([*selects, *more], className="controls", role="group", **aria(label="What the figure shows"))


def _figure() -> Any:  # noqa: ANN401 -- a component
    blank = empty(height=460)  # of the page's colour until it is drawn
    blank.update_layout(paper_bgcolor=CLEAR, plot_bgcolor=CLEAR, xaxis_visible=False, yaxis_visible=False)
    shown = graph(blank, file="explore", id="explore-figure", select=True, top="")
    return html.Figure(
        [
            shown,
            html.Figcaption("", id="explore-note", role="status"),
            dcc.Store(id="explore-drawn"),
            dcc.Store(id="explore-defaults"),
            dcc.Store(id="explore-agreed"),
            dcc.Store(id="explore-events"),
            dcc.Store(id="explore-narrow"),
        ],
        className="explore",
        **aria(label="Runs on chosen axes"),
    )


def add_explore_callbacks(callbacks: Callbacks, tables: Tables) -> None:
    """Add the callbacks of the tab."""
    chosen = [(f"{CHOOSE}{name}", "value") for name in (*SELECTS, "group", "smoothing")]
    chosen += [(f"{CHOOSE}{name}log", "checked") for name in ("x", "y")]
    callbacks.in_browser(
        "choices",
        Output("explore-agreed", "data"),
        *(Input(*one) for one in chosen),
        Input("address", "search"),
        Input("explore-defaults", "data"),
    )
    callbacks.in_browser("narrow", Output("explore-narrow", "data"), Input("address", "pathname"))
    callbacks.in_browser(
        "marks",
        Output("explore-events", "data"),
        Input("explore-figure", "clickData"),
        Input("explore-figure", "selectedData"),
    )

    def show(*arguments: Any) -> Any:  # noqa: ANN401 -- what ``values`` states; a figure and choices
        path, query, theme, changed, narrow, drawn = arguments
        try:
            explored = tables.explored(path, query)
        except (UnreadableStudyError, OSError):  # the page states it
            raise PreventUpdate from None
        return explore_figure(
            explored, dark=theme == "dark", changed=f"{changed} {narrow}", drawn=drawn or "", narrow=bool(narrow)
        )

    callbacks.add(
        show,
        Output("explore-figure", "figure"),
        Output("explore-figure", "style"),
        Output("explore-note", "children"),
        *(Output(f"{CHOOSE}{name}", "data") for name in SELECTS),
        Output("smoothing", "hidden"),
        Output("explore-defaults", "data"),
        Output("explore-drawn", "data"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("theme", "data"),
        Input("revision", "data"),
        Input("explore-narrow", "data"),
        State("explore-drawn", "data"),
        values=tuple[str | None, str | None, str | None, str | None, bool | None, str | None],
    )


def explore_figure(
    explored: Explored, *, dark: bool, changed: str, drawn: str, narrow: bool = False
) -> tuple[Any, ...]:
    """Return the figure and what its controls offer.

    Args:
        explored: what to draw.
        dark: whether the theme is dark.
        changed: the revision of the study.
        drawn: what is drawn now, as this function returned it last.
        narrow: whether the window is narrow.

    Raises:
        PreventUpdate: it is drawn already.

    """
    table, choices = explored.table, explored.choices
    parts = {name: value for name, value in choices.query().items() if name in DRAWN}
    now = repr((str(explored.address.beside()), parts, dark, changed))
    if now == drawn:
        raise PreventUpdate
    shown = table.resolved(choices)
    try:
        scene, problem = table.scene(choices), ""
    except FilterError:  # the filter's field states it; the figure shows all runs meanwhile
        scene, problem = table.scene(choices.but(where="")), " The filter is not applied."
    if scene is None or not len(scene.runs):
        figure, note = empty(height=260), "No run has values for both axes."
        figure.update_layout(xaxis_visible=False, yaxis_visible=False)
    else:
        made = draw(
            scene,
            styles(table.results.runs) if shown.colour == "arm" else {},
            means=shown.group == "seeds",
            smoothing=shown.smoothing,
            brush=Brush.parse(choices.brush) if choices.brush else None,
            narrow=narrow,
        )
        figure, note = made.figure, made.note
    revision = f"{shown.x} {shown.y} {shown.xlog} {shown.ylog} {shown.facet}"
    picture = themed(figure, dark=dark, revision=revision)
    hidden = " Test metrics are hidden until the study has ended." if table.hidden else ""
    style = {"height": figure.layout.height}
    offered = _offered(table, epochs=shown.x == EPOCH)
    defaults = _defaults(table, choices, shown)
    return picture, style, f"{note}{problem}{hidden}", *offered, shown.x != EPOCH, defaults, now


def _offered(table: RunsTable, *, epochs: bool) -> tuple[list[dict[str, Any]], ...]:
    """Return the choices of each select: x, y, and how runs are coloured and divided into panels."""
    curves = {"group": "Learning curves", "items": [{"value": EPOCH, "label": "Epoch"}]}
    columns = _options(table.columns, "error")
    measures = _options(table.measures, "error") if epochs else columns
    return [*columns, curves], measures, [NO_GROUPS, *columns], [NO_GROUPS, *columns]


def _defaults(table: RunsTable, choices: Choices, shown: Choices) -> dict[str, Any]:
    """Return what is drawn without a choice, and the choices that the study does not have."""
    defaults = table.defaults(choices)
    stored = {name: getattr(defaults, name) for name in (*SELECTS, "group", "xlog", "ylog")}
    unknown = [name for name in SELECTS if getattr(choices, name) != getattr(shown, name)]
    return stored | {"smoothing": "0", "unknown": unknown}


def _options(columns: Mapping[str, Column], *without: str) -> list[dict[str, Any]]:
    """Return the choices of a select: columns by their group."""
    kept = {name: column for name, column in columns.items() if name not in without}
    names = {id(column): name for name, column in kept.items()}
    return [
        {"group": group, "items": [{"value": names[id(one)], "label": visible(one.title)} for one in members]}
        for group, members in titles(kept).items()
    ]
