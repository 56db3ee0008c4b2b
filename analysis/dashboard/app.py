"""The Dash application: a single page that follows its address and polls for changes every two seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate
from flask import Response, abort, request

from analysis.dashboard.addresses import parse, view_of
from analysis.dashboard.callbacks import refuse_malformed
from analysis.dashboard.guard import protect
from analysis.dashboard.pages import make_page, slug
from analysis.dashboard.sounds import add_sounds, is_here
from analysis.dashboard.studies import UnreadableStudyError
from analysis.tables.csv_text import csv_text, frame_csv
from analysis.tables.labels.review import review_frame
from trainables.characters import visible
from trainables.records import log_path, record_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from analysis.dashboard.guard import Guard
    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Studies
    from analysis.findings.label_audit import LabelAudit
    from trainables.plans import StudyPlan
    from trainables.storage.types import Location

TICK_MS = 2000
# Dash's page template, plus the theme script in the head: the theme must be set before anything is drawn.
INDEX = """<!doctype html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}<script src="/theme.js"></script>{%css%}</head>
<body>
{theme}{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""
AXIS = re.compile(r"[xy]axis\d*")


def make_app(studies: Studies, guard: Guard) -> Dash:
    """Return the application; it loads nothing from other servers."""
    app = Dash(
        "gce-study",
        assets_folder=str(Path(__file__).parent / "assets"),
        serve_locally=True,
        suppress_callback_exceptions=True,  # components come and go with the address
        title="gce-study",
        update_title="",
        enable_mcp=False,
        add_log_handler=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        index_string=INDEX.replace("{theme}", _shared("theme.html")),
    )
    app.layout = html.Div(
        [
            dcc.Location(id="address"),
            dcc.Interval(id="tick", interval=TICK_MS),
            dcc.Store(id="shown"),
            dcc.Store(id="theme"),
            html.Header(dcc.Link("gce-study", href="/"), className="top"),
            html.Main(html.P("Reading the records ...", className="soft"), id="page"),
        ]
    )
    _add_callbacks(app, studies)
    _add_files(app.server, studies)
    add_sounds(app.server, studies.sounds, partial(_plan, studies))
    protect(app.server, guard, app.csp_hashes())
    refuse_malformed(app.server, {output for output, callback in app.callback_map.items() if "callback" in callback})
    return app


def _shared(file: str) -> str:
    """Return a file that the report's page has too."""
    return files("analysis.report").joinpath("templates", file).read_text(encoding="utf-8")


def _add_callbacks(app: Dash, studies: Studies) -> None:
    part, figure = {"type": "part", "key": ALL}, {"type": "figure", "key": ALL}

    @app.callback(
        Output("page", "children"),
        Output("shown", "data"),
        Output(part, "children"),
        Output(figure, "figure"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("tick", "n_intervals"),
        Input("theme", "data"),
        State("shown", "data"),
        State(part, "id"),
        State(figure, "id"),
        State({"type": "zoom", "key": ALL}, "data"),
    )
    def show(*arguments: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- see update
        path, query, _, theme, shown, parts, figures, zooms = arguments
        zoom_of = {figure["key"]: zoom or {} for figure, zoom in zip(figures, zooms, strict=True)}
        browser = Browser(theme == "dark", shown, [part["key"] for part in parts], zoom_of, here=is_here())
        return update(studies, (path, query), browser)

    # The functions are in assets/page.js.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("page", "title"), Input("shown", "data")
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("page", "theme"),
        Output("theme", "data"),
        Input("tick", "n_intervals"),
        State("theme", "data"),
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("page", "zoom"),
        Output({"type": "zoom", "key": MATCH}, "data"),
        Input({"type": "figure", "key": MATCH}, "relayoutData"),
        State({"type": "zoom", "key": MATCH}, "data"),
    )


@dataclass(frozen=True)
class Browser:
    """The state of the page in a browser.

    Attributes:
        dark: whether its theme is dark.
        shown: what it shows: ``address``, ``title``, ``stamps`` and ``dark``; None at first.
        parts: keys of the parts, in its order.
        figures: keys of the figures, each with the reader's zoom.
        here: whether it runs on this machine.

    """

    dark: bool = False
    shown: dict[str, Any] | None = None
    parts: list[str] = field(default_factory=list)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    here: bool = True


def update(studies: Studies, where: tuple[str | None, str | None], browser: Browser) -> tuple[Any, ...]:
    """Return what must change in the browser: the whole page, or the blocks whose content has changed.

    Args:
        studies: the studies to show.
        where: path and query of the address.
        browser: the state of the browser's page.

    Returns:
        The page, what is then shown, the parts and the figures; ``no_update`` for what remains.

    Raises:
        PreventUpdate: nothing has changed.

    """
    address = f"{where[0] or ''}{where[1] or ''}"
    page = make_page(studies, parse(*where), here=browser.here)
    now = {"address": address, "title": visible(page.title), "stamps": page.stamps, "dark": browser.dark}
    shown, parts, figures = browser.shown, browser.parts, browser.figures
    if shown == now:
        raise PreventUpdate
    blocks = {block.key: block for block in page.blocks}
    before = dict(shown["stamps"]) if shown else {}
    if not shown or shown["address"] != address or list(before) != list(blocks) or set(blocks) != {*parts, *figures}:
        built = [block.component(dark=browser.dark) for block in page.blocks]
        return built, now, [no_update] * len(parts), [no_update] * len(figures)
    changed = {key for key, block in blocks.items() if before[key] != block.stamp}
    new_parts = [list(blocks[key].parts) if key in changed else no_update for key in parts]
    redrawn = {*figures} if shown["dark"] != browser.dark else changed
    new_figures = [
        zoomed(blocks[key].drawing(dark=browser.dark), zoom) if key in redrawn else no_update
        for key, zoom in figures.items()
    ]
    return no_update, now, new_parts, new_figures


def zoomed(drawn: dict[str, Any], zoom: dict[str, Any]) -> dict[str, Any]:
    """Return a figure with the reader's zoom applied; plotly's ``uirevision`` preserves only which traces are hidden.

    Args:
        drawn: the figure as plain data; it is not modified.
        zoom: the ends of the zoomed axes, such as ``{"xaxis.range[0]": 1.0, "xaxis.range[1]": 2.0}``.

    """
    layout = dict(drawn["layout"])
    for name in [name for name in layout if AXIS.fullmatch(name)]:
        ends = [zoom.get(f"{name}.range[{end}]") for end in (0, 1)]
        if all(isinstance(end, int | float) for end in ends):
            layout[name] = {**layout[name], "range": ends, "autorange": False}
    return {**drawn, "layout": layout}


def _add_files(server: Flask, studies: Studies) -> None:
    """Serve tables as CSV, records as JSON, logs, and the script of the theme; only GET is allowed."""
    theme = _shared("theme.js")

    @server.get("/theme.js")
    def script() -> Response:
        return Response(theme, mimetype="text/javascript")

    @server.get("/files/record/<run_id>.json")
    def record(run_id: str) -> Response:
        return _run_file(studies, run_id, record_path, "application/json")

    @server.get("/files/log/<run_id>.log")
    def log(run_id: str) -> Response:
        return _run_file(studies, run_id, log_path, "text/plain")

    @server.get("/files/<name>/<path:what>.csv")
    def table(name: str, what: str) -> Response:
        try:
            text = table_file(studies, name, what, **view_of(request.args))
        except (UnreadableStudyError, LookupError, ValueError):
            abort(404)
        except OSError as error:
            abort(503, str(error))
        file = f"{slug(name)}-{what.replace('/', '-')}.csv".encode("ascii", "ignore").decode().replace('"', "")
        return Response(text, mimetype="text/csv", headers=_attachment(file))


def _run_file(studies: Studies, run_id: str, path_of: Callable[[Location, str], Location], mimetype: str) -> Response:
    """Return a file of a run; only the runs of a study can be requested."""
    try:
        known = any(run_id in _runs(studies, name) for name in studies.names())
    except UnreadableStudyError as error:
        abort(503, str(error))
    if not known:
        abort(404)
    path = path_of(studies.storage, run_id)
    try:
        data = path.read_bytes()
    except OSError:
        abort(404)
    return Response(data, mimetype=mimetype, headers=_attachment(path.name))


def _runs(studies: Studies, name: str) -> Mapping[str, Any]:
    try:
        return studies.plan(name)[1]
    except UnreadableStudyError:
        return {}


def _plan(studies: Studies, name: str) -> StudyPlan | None:
    try:
        return studies.plan(name)[0]
    except UnreadableStudyError:
        return None


def _attachment(file: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file}"'}


def table_file(studies: Studies, name: str, what: str, **view: Any) -> str:  # noqa: ANN401 -- see Address.view
    """Return one of a study's CSV files: ``runs``, ``seeds``, ``review``, or ``SECTION/INDEX`` of the report's tables.

    Raises:
        UnreadableStudyError: the study cannot be read.
        LookupError: it has no such table.
        ValueError: the index is not a number.

    """
    snapshot = studies.snapshot(name, **view)
    if what == "runs":
        return frame_csv(snapshot.results.runs)
    if what == "review":
        return frame_csv(review_frame(_audit(snapshot)))
    if what == "seeds":
        return csv_text(snapshot.seeds.header, snapshot.seeds.rows)
    tab, index = what.split("/")
    section = {slug(section.title): section for section in snapshot.sections}[tab]
    table = section.tables[int(index)]
    return csv_text(table.header, table.rows)


def _audit(snapshot: Snapshot) -> LabelAudit:
    """Return the audit of a study's labels; raise LookupError without one."""
    if snapshot.audit is None or not snapshot.audit.runs:
        msg = "no audit"
        raise LookupError(msg)
    return snapshot.audit
