"""A study's report as one HTML page that needs no network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.utils import PlotlyJSONEncoder

from analysis.plotting.dark import differing_colours, without_template
from analysis.plotting.theme import templates
from analysis.report.first_screen import FirstScreen
from analysis.report.plotly.source import plotly_js
from analysis.report.reading import WORDS
from analysis.report.sections import figures_of
from trainables.characters import visible
from trainables.numerals import unbroken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.plotting.figure import Figure
    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section

GROUPS = ("Evidence", "Appendix")


def page(
    report: MethodReport, sections: Sequence[Section], downloads: Mapping[str, str], *, opened: bool = False
) -> str:
    """Return the report as a page that contains plotly.js once.

    Args:
        report: of the study.
        sections: of the report.
        downloads: file beside the page -> what it is called.
        opened: whether sections are open from the start, as for a long print.

    """
    environment = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: (
            unbroken(visible(value)) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    environment.filters["data"] = _data
    environment.filters["css_text"] = css_text
    drawings = {name: _drawn(figure) for name, figure in figures_of(sections).items()}
    answer = next((section for section in sections if section.group == "Answer"), None)
    return environment.get_template("report.html.j2").render(
        plan=report.finding.plan,
        screen=FirstScreen(report),
        answer=answer,
        groups={name: [section for section in sections if section.group == name] for name in GROUPS},
        words=WORDS,
        downloads=downloads,
        opened=opened,
        spec=json.dumps(report.finding.plan.spec, indent=2, ensure_ascii=False),
        drawings=drawings,
        on_dark=differing_colours(drawings.values()),
        templates=templates(),
        plotly=Markup(plotly_js()),  # noqa: S704 -- plotly's source, not user input
    )


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


def _data(value: object) -> Markup:
    """Return a value as JSON inside a script element, which nothing in it can end."""
    text = json.dumps(value, cls=PlotlyJSONEncoder, ensure_ascii=True).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 -- a browser reads it as data; its names went through plotting.theme.escaped
