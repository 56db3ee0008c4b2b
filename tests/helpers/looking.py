"""A page of the dashboard as a browser gets it from the server."""

import json

from plotly.utils import PlotlyJSONEncoder

from analysis.dashboard.updates import Browser, update


def look(studies, path, query=""):
    """Open a page; return its text as JSON, and the state of the browser that then shows it."""
    built, now, *_ = update(studies, (path, query), Browser())
    keys = {kind: [] for kind in ("part", "figure", "grid")}
    for component in (inner for block in built for inner in [block, *block._traverse()]):
        if isinstance(name := getattr(component, "id", None), dict) and name["type"] in keys:
            keys[name["type"]].append(name["key"])
    browser = Browser(shown=now, parts=keys["part"], figures={key: {} for key in keys["figure"]}, grids=keys["grid"])
    return json.dumps(built, cls=PlotlyJSONEncoder), browser
