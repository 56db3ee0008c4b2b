"""The Dash application: a single page that follows its address and polls for changes every two seconds."""

from __future__ import annotations

import json
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash import ALL, MATCH, Dash, Input, Output, State
from flask import Response
from plotly.utils import PlotlyJSONEncoder

from analysis.components.files import CSS, FONT, SCRIPT, font_face, static_bytes, static_text
from analysis.dashboard.callbacks import Callbacks
from analysis.dashboard.files import add_files
from analysis.dashboard.frame import frame
from analysis.dashboard.guard import protect
from analysis.dashboard.pages.routes import add_callbacks
from analysis.dashboard.sounds import add_sounds, is_here
from analysis.dashboard.studies import UnreadableStudyError
from analysis.dashboard.updates import Browser, update
from analysis.plotting.palette import ON_DARK
from analysis.plotting.theme import LIGHT, templates

if TYPE_CHECKING:
    from flask import Flask

    from analysis.dashboard.guard import Guard
    from analysis.dashboard.studies import Studies
    from trainables.plans import StudyPlan

# Dash's page template, plus the theme script in the head: the theme must be set before anything is drawn.
INDEX = """<!doctype html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}<script src="/theme.js"></script>
<link rel="stylesheet" href="/components.css"><script src="/components.js" defer></script>{%css%}</head>
<body>
{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


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
        index_string=INDEX,
    )
    app.layout = frame()
    callbacks = Callbacks(app)
    _follow_address(callbacks, studies)
    add_callbacks(callbacks, studies)
    _add_shared(app.server)
    add_files(app.server, studies)
    add_sounds(app.server, studies.sounds, partial(_plan, studies))
    protect(app.server, guard, app.csp_hashes())
    callbacks.refuse_malformed()
    return app


def _light() -> bytes:
    """Return what a figure of the dark theme is saved with: the colours of white paper, and its template."""
    colours = {dark: light for light, dark in ON_DARK.items()}
    return json.dumps({"colours": colours, "template": templates()[LIGHT]}, cls=PlotlyJSONEncoder).encode()


def _add_shared(server: Flask) -> None:
    """Serve what the report's page contains too: the script that sets the theme, the components and their font."""
    theme = files("analysis.report").joinpath("templates", "theme.js").read_bytes()
    style = f"{font_face(f'/{FONT}')}\n{static_text(CSS)}".encode()
    shared = {
        "theme.js": (theme, "text/javascript"),
        CSS: (style, "text/css"),
        SCRIPT: (static_bytes(SCRIPT), "text/javascript"),
        FONT: (static_bytes(FONT), "font/woff2"),
        "light.json": (_light(), "application/json"),
    }

    def serve(name: str) -> Response:
        content, kind = shared[name]
        return Response(content, mimetype=kind)

    for name in shared:
        server.add_url_rule(f"/{name}", f"shared {name}", partial(serve, name))


def _follow_address(callbacks: Callbacks, studies: Studies) -> None:
    """Add the callbacks by which a page follows its address, the studies, and the theme."""
    part, figure, grid = ({"type": kind, "key": ALL} for kind in ("part", "figure", "grid"))

    def show(*arguments: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- see update
        path, query, _, theme, shown, parts, figures, grids, zooms = arguments
        zoom_of = {figure["key"]: zoom or {} for figure, zoom in zip(figures, zooms, strict=True)}
        keys = ([block["key"] for block in blocks] for blocks in (parts, grids))
        browser = Browser(theme == "dark", shown, next(keys), zoom_of, next(keys), here=is_here())
        return update(studies, (path, query), browser)

    callbacks.add_update(
        show,
        Output("page", "children"),
        Output("shown", "data"),
        Output(part, "children"),
        Output(figure, "figure"),
        Output(grid, "rowData"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("tick", "n_intervals"),
        Input("theme", "data"),
        State("shown", "data"),
        State(part, "id"),
        State(figure, "id"),
        State(grid, "id"),
        State({"type": "zoom", "key": ALL}, "data"),
    )
    callbacks.in_browser("arrive", Input("shown", "data"))
    callbacks.in_browser("start", Output("tick", "disabled"), Output("tick", "interval"), Input("shown", "data"))
    callbacks.in_browser("theme", Output("theme", "data"), Input("tick", "n_intervals"), State("theme", "data"))
    callbacks.in_browser("scheme", Output("mantine", "forceColorScheme"), Input("theme", "data"))
    callbacks.in_browser("chooseTheme", Output("theme-name", "children"), Input("theme-button", "n_clicks"))
    zoom = {"type": "zoom", "key": MATCH}
    callbacks.in_browser(
        "zoom",
        Output(zoom, "data"),
        Input({"type": "figure", "key": MATCH}, "relayoutData"),
        State(zoom, "data"),
    )


def _plan(studies: Studies, name: str) -> StudyPlan | None:
    try:
        return studies.plan(name)[0]
    except UnreadableStudyError:
        return None
