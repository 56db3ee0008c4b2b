"""Jinja's environment for pages: names are inert, and the macros of tables and figures are at hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from analysis.components.files import FOLDER
from trainables.characters import visible
from trainables.numerals import unbroken

if TYPE_CHECKING:
    from jinja2 import BaseLoader


def environment(*loaders: BaseLoader) -> Environment:
    """Return an environment whose templates may import ``components.html.j2``.

    Every text is escaped, without unprintable characters, and with its numbers unbroken. The filter ``data`` writes a
    value as JSON for a script element.

    Args:
        loaders: of the page's own templates.

    """
    made = Environment(
        loader=ChoiceLoader([*loaders, PackageLoader("analysis.components", FOLDER)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters["data"] = as_data
    return made


def as_data(value: object) -> Markup:
    """Return a value as JSON inside a script element, which nothing in it can end."""
    from plotly.utils import PlotlyJSONEncoder  # noqa: PLC0415 -- slow to import, and a table needs none

    text = json.dumps(value, cls=PlotlyJSONEncoder, ensure_ascii=True).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 -- a browser reads it as data; its names went through plotting.theme.escaped


def _shown(value: object) -> object:
    """Return what a page shows for a value: text without unprintable characters, and with its numbers unbroken."""
    return unbroken(visible(value)) if isinstance(value, str) and not isinstance(value, Markup) else value
