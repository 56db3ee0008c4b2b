"""Figures that a page draws by callbacks of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc

from analysis.dashboard.blocks import BARRED, BUTTONS, room
from analysis.plotting.dark import on_dark
from trainables.characters import visible

if TYPE_CHECKING:
    import plotly.graph_objects as go

SELECT = ["select2d", "lasso2d"]


def graph(
    figure: Any,  # noqa: ANN401 -- here and below, components
    *,
    file: str,
    id: str = "",  # noqa: A002 -- Dash's name
    select: bool = False,
    top: str = BARRED,
) -> Any:  # noqa: ANN401
    """Return a figure that follows the width of its place.

    Args:
        figure: plotly's, or as plain data.
        file: name under which its image is saved.
        id: of the component; empty for none.
        select: whether an area of it can be selected.
        top: see ``room``: by default its buttons stand above it, empty if they have room in it.

    """
    config: Any = {
        "responsive": True,
        "displaylogo": False,
        "displayModeBar": True,  # also on devices that cannot hover
        "modeBarButtons": [[*(SELECT if select else []), *BUTTONS]],
        "toImageButtonOptions": {"filename": visible(file)},
    }
    height = figure["layout"]["height"]
    identity: dict[str, Any] = {"id": id} if id else {}
    shown = dcc.Graph(figure=figure, config=config, style={"height": height}, **identity)
    return room(shown, top)


def themed(figure: go.Figure, *, dark: bool, revision: str = "") -> dict[str, Any]:
    """Return a figure as plain data in a theme; what a reader changes in it persists while ``revision`` is the same."""
    drawn: dict[str, Any] = figure.to_plotly_json()
    drawn = on_dark(drawn) if dark else drawn
    return {**drawn, "layout": {**drawn["layout"], "uirevision": revision}}
