"""Selected runs compared: their learning curves in one figure, or side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Input, Output, html
from dash.exceptions import PreventUpdate

from analysis.dashboard.blocks import aria, table
from analysis.dashboard.explore.choices import EPOCH, MAX_COMPARED
from analysis.dashboard.explore.columns import Column
from analysis.dashboard.explore.compare import chosen_runs, side_by_side
from analysis.dashboard.explore.figure import draw
from analysis.dashboard.explore.scene import scene_of_curves
from analysis.dashboard.pages.explore.buttons import go_button
from analysis.dashboard.pages.explore.graphs import graph, themed
from analysis.dashboard.pages.run import settings_of
from analysis.dashboard.studies import UnreadableStudyError
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.explore.tables import Explored, Tables

RUN = Column("run", "Run", "text", "Run")


def compared() -> Any:  # noqa: ANN401 -- a component
    """Return the place below the grid where selected runs are compared, empty."""
    return html.Section(id="comparison", **aria(label="Comparison of the selected runs", live="polite"))


def add_compare_callbacks(callbacks: Callbacks, tables: Tables) -> None:
    """Add the callback that compares the selected runs."""

    def show(path: str | None, query: str | None, theme: str | None, _: str | None) -> Any:  # noqa: ANN401 -- components
        try:
            explored = tables.explored(path, query)
        except (UnreadableStudyError, OSError):  # the page states it
            raise PreventUpdate from None
        return comparison(explored, dark=theme == "dark")

    callbacks.add(
        show,
        Output("comparison", "children"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("theme", "data"),
        Input("revision", "data"),
        values=tuple[str | None, str | None, str | None, str | None],
    )


def comparison(explored: Explored, *, dark: bool) -> list[Any]:
    """Return the selected runs compared as the address asks: their curves in one figure, or side by side."""
    choices = explored.choices
    runs = chosen_runs(explored.table, choices.runs)
    if not choices.compare or runs.empty:
        return []
    names = {"curves": "Learning curves", "sides": "Side by side"}
    several = counted(len(runs), "run")
    title = f"Learning curves of {several}" if choices.compare == "curves" else f"{several} side by side"
    other = "sides" if choices.compare == "curves" else "curves"
    buttons = [go_button(names[other], compare=other), go_button("Close", compare=None)]
    head = html.Div([html.H2(title), *buttons], className="over")
    if len(choices.runs) == MAX_COMPARED:
        head = html.Div([head, html.P(f"At most {MAX_COMPARED} runs are compared.", className="note")])
    if choices.compare == "curves":
        return [head, *_curves(explored, dark=dark)]
    tables = [settings_of(explored.snapshot.runs[run_id]) for run_id in runs["run_id"]]
    settings = [{name: value for name, value in one.rows} for one in tables]  # noqa: C416 -- rows are tuples of any length
    content = side_by_side(explored.table, runs, settings)
    return [head, *table(content)[1:]]


def _curves(explored: Explored, *, dark: bool) -> list[Any]:
    """Return the learning curves of the selected runs, one below the other for each measure that matters."""
    measures = explored.table.measures
    runs = chosen_runs(explored.table, explored.choices.runs)
    shown = explored.choices.but(x=EPOCH, colour=RUN.name, facet="none", xlog="0", ylog="0", group="runs")
    parts: list[Any] = []
    for name in dict.fromkeys((explored.choices.y, "validation", "train_loss")):
        if name not in measures:
            continue
        scene = scene_of_curves(runs, explored.table.results.curves, measures[name], {RUN.name: RUN}, shown)
        if len(scene.runs):
            made = draw(scene, {}, means=False, smoothing=shown.smoothing)
            shown_curves = graph(themed(made.figure, dark=dark), file=f"{name} of runs", top="")
            parts += [html.H3(measures[name].title), shown_curves]
    return parts or [html.P("None of these runs has recorded an epoch.", className="note")]
