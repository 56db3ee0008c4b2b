"""The drawer of one run, beside the list that it was opened from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from analysis.dashboard.blocks import table
from analysis.dashboard.pages.explore.graphs import graph, themed
from analysis.dashboard.pages.run import curve_of, facts_of, log_end, provenance_of, settings_of, title_of
from analysis.dashboard.studies import UnreadableStudyError
from analysis.figures.clips import draw_confusion
from analysis.results.clip_labels import matches_labels
from analysis.statistics.clips import confusion
from trainables.characters import visible

if TYPE_CHECKING:
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.explore.tables import Explored, Tables
    from analysis.dashboard.studies import Studies
    from trainables.records import Record

LOG_LINES = 20
CLOSED: tuple[Any, ...] = (False, "", [], "")


def drawer() -> Any:  # noqa: ANN401 -- a component
    """Return the drawer, closed."""
    inner = html.Div(id="run-drawer-content")
    return html.Div(
        [
            dmc.Drawer(
                inner,
                id="run-drawer",
                position="right",
                size="min(44rem, 100vw)",
                title="",
                opened=False,
                returnFocus=True,
                closeButtonProps={"aria-label": "Close"},
            ),
            dcc.Store(id="run-drawer-shown"),
            dcc.Store(id="run-drawer-closed"),
        ]
    )


def add_drawer_callbacks(callbacks: Callbacks, tables: Tables, studies: Studies) -> None:
    """Add the callbacks of the drawer."""

    def show(path: str | None, query: str | None, theme: str | None, changed: str | None, shown: str | None) -> Any:  # noqa: ANN401
        try:
            explored = tables.explored(path, query)
        except (UnreadableStudyError, OSError):  # the page states it
            raise PreventUpdate from None
        return drawn_run(explored, studies, dark=theme == "dark", changed=changed or "", shown=shown or "")

    callbacks.add(
        show,
        Output("run-drawer", "opened"),
        Output("run-drawer", "title"),
        Output("run-drawer-content", "children"),
        Output("run-drawer-shown", "data"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("theme", "data"),
        Input("revision", "data"),
        State("run-drawer-shown", "data"),
        values=tuple[str | None, str | None, str | None, str | None, str | None],
    )
    callbacks.in_browser("drawer", Output("run-drawer-closed", "data"), Input("run-drawer", "opened"))


def drawn_run(explored: Explored, studies: Studies, *, dark: bool, changed: str, shown: str) -> tuple[Any, ...]:
    """Return whether the drawer is open, its title and its content.

    Args:
        explored: what the address names.
        studies: the studies, whose logs are read.
        dark: whether the theme is dark.
        changed: the revision of the study.
        shown: what the drawer shows now, as this function returned it last.

    Raises:
        PreventUpdate: nothing has changed.

    """
    run_id = explored.choices.drawer
    runs = explored.table.runs
    rows = runs[runs["run_id"] == run_id] if run_id else runs.iloc[:0]
    now = repr((explored.address.study, run_id, dark, changed, explored.address.view)) if len(rows) else ""
    if now == shown:
        raise PreventUpdate
    if not now:
        return CLOSED
    row = dict(rows.iloc[0])
    snapshot = explored.snapshot
    record = snapshot.results.records.get(run_id)
    page = dcc.Link("Open the page of this run", href=str(explored.address.beside(run=run_id)))
    parts: list[Any] = [html.P(page), *facts_of(row, snapshot)]
    if record is not None and record.epochs:
        curve = curve_of(record, row, snapshot)
        parts += [html.H3(curve.title), graph(themed(curve.drawing, dark=dark), file=title_of(row))]
    if record is not None:
        parts += _confusion(explored, record, dark=dark)
    parts += table(settings_of(snapshot.runs[run_id]))
    parts += log_end(studies, run_id, LOG_LINES)
    if record is not None:
        parts += table(provenance_of(record))
    return True, visible(title_of(row)), parts, now


def _confusion(explored: Explored, record: Record, *, dark: bool) -> list[Any]:
    """Return the confusion matrix of a run; nothing without test clips or their labels, or while they are hidden."""
    labels, classes = explored.snapshot.results.labels, explored.snapshot.plan.dataset.classes
    if record.test is None or labels is None or not matches_labels(record, labels):
        return []
    counts = confusion([record.test.predictions], labels.truth(record.run.fold), classes)
    figure = draw_confusion(counts, classes)
    note = html.P("Test clips: shares of each label, by prediction.", className="note")
    return [html.H3("Labels and predictions"), graph(themed(figure, dark=dark), file="confusion"), note]
