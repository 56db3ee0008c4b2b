"""A study's report as one HTML page that needs no network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from jinja2 import PackageLoader
from markupsafe import Markup

from analysis.components.files import font_face
from analysis.components.pages import environment
from analysis.components.table_view import TableView, table_view
from analysis.plotting.dark import differing_colours, without_template
from analysis.plotting.theme import templates
from analysis.report.first_screen import FirstScreen
from analysis.report.latex.tables import standalone
from analysis.report.plotly.source import plotly_js
from analysis.report.sections import figures_of
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.plotting.figure import Figure
    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section
    from analysis.tables.table import Table

MAX_HEIGHT = 480  # CSS pixels of a figure in a short print
LEAST_ZOOM = 0.6  # below it, the words in a figure could not be read
GROUPS = ("Evidence", "Appendix")


def page(
    report: MethodReport,
    sections: Sequence[Section],
    downloads: Mapping[str, str],
    printed: Literal["short", "long"] | None = None,
) -> str:
    """Return the report as a page that contains plotly.js once.

    Args:
        report: of the study.
        sections: of the report.
        downloads: file beside the page -> what it is called.
        printed: how much of it is to be printed: the answer, with a figure that fits on its first page, or all
            sections, which are then open; None for a screen.

    """
    made = environment(PackageLoader("analysis.report"))
    made.filters["css_text"] = css_text
    drawings = {name: _drawn(figure) for name, figure in figures_of(sections).items()}
    answer = next((section for section in sections if section.group == "Answer"), None)
    return made.get_template("report.html.j2").render(
        plan=report.finding.plan,
        screen=FirstScreen(report),
        answer=answer,
        groups={name: [section for section in sections if section.group == name] for name in GROUPS},
        downloads=downloads,
        opened=printed == "long",
        zooms=_zooms(answer) if printed == "short" else {},
        spec=json.dumps(report.finding.plan.spec, indent=2, ensure_ascii=False),
        drawings=drawings,
        on_dark=differing_colours(drawings.values()),
        templates=templates(),
        view=_view,
        font_face=Markup(font_face()),  # noqa: S704 -- our own font
        plotly=Markup(plotly_js()),  # noqa: S704 -- plotly's source, not user input
    )


def _zooms(section: Section | None) -> dict[int, float]:
    """Return how figures shrink to fit below the numbers on a printed page: number of the figure -> factor."""
    figures = enumerate(section.figures, section.first_figure) if section else ()
    heights = {number: figure.drawing.layout.height or MAX_HEIGHT for number, figure in figures}
    return {number: max(LEAST_ZOOM, round(MAX_HEIGHT / of, 3)) for number, of in heights.items() if of > MAX_HEIGHT}


def _view(table: Table, number: int) -> TableView:
    return table_view(table, standalone(table, f"tab:{number}"))


def css_text(text: str) -> Markup:
    """Return text as a quoted string of CSS inside a style element: all but letters, digits and spaces is escaped."""
    inert = re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", visible(text))
    return Markup(f'"{inert}"')  # noqa: S704 -- nothing in it has a meaning in CSS or HTML


def _drawn(figure: Figure) -> dict[str, Any]:
    """Return a figure as plain data, with the buttons that appear above it."""
    # Named one by one: the default set has a button that sends the data elsewhere.
    buttons = [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]
    config = {"responsive": True, "displaylogo": False, "modeBarButtons": buttons}
    return {**without_template(figure.drawing.to_plotly_json()), "config": config}
