"""What surrounds every page: the rail with its links, the choice of a theme, and what a screen reader hears."""

from __future__ import annotations

from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from analysis.dashboard.blocks import aria
from analysis.plotting.theme import FONT

TICK_MS = 2000  # between two checks for changes


class Destination(NamedTuple):
    """A link of the rail; ``icon`` is the end of a class in assets/frame.css."""

    title: str
    path: str
    icon: str


RAIL = (
    Destination("Studies", "/", "studies"),
    Destination("Compare", "/compare", "compare"),
    Destination("Queue", "/queue", "queue"),
)


def frame() -> Any:  # noqa: ANN401 -- a component
    """Return the layout; ``page`` is filled as soon as the address is known."""
    return dmc.MantineProvider(
        [
            html.A("Skip to the content", href="#content", className="skip"),
            dcc.Location(id="address"),
            dcc.Interval(id="tick", interval=TICK_MS, disabled=True),  # until the page is there, see assets/page.js
            dcc.Store(id="shown"),
            dcc.Store(id="theme"),
            dmc.AppShell(
                [
                    dmc.AppShellNavbar(_rail(), **aria(label="Main")),
                    dmc.AppShellMain(
                        html.Div(html.P("Reading the records …", className="soft"), id="page"), id="content"
                    ),
                ],
                navbar={"width": 76, "breakpoint": "sm"},
            ),
            html.Div(id="news", role="status", className="unseen"),
            html.Div(
                "The dashboard is not responding. This page is out of date until it does.",
                id="silence",
                role="alert",
                hidden=True,
            ),
        ],
        id="mantine",
        theme={"fontFamily": FONT, "headings": {"fontFamily": FONT}, "primaryColor": "blue", "autoContrast": True},
    )


def _rail() -> list[Any]:
    """Return the links, then the button that changes the theme."""
    links = [
        html.Li(dcc.Link([_icon(to.icon), html.Span(to.title)], href=to.path, className="rail-item")) for to in RAIL
    ]
    theme = html.Button(
        [_icon("theme"), html.Span("Theme", id="theme-name")], id="theme-button", className="rail-item", type="button"
    )
    return [html.Ul(links), theme]


def _icon(name: str) -> Any:  # noqa: ANN401 -- a component
    return html.Span(className=f"glyph glyph-{name}", **aria(hidden="true"))
