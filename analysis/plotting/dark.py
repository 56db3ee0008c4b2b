"""A figure on dark paper: the other template, and of each mark's colour the one that stands out there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import plotly.io as pio

from analysis.plotting.palette import ON_DARK
from analysis.plotting.theme import DARK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RGB = re.compile(r"rgba?\((\d+), ?(\d+), ?(\d+)(.*)\)")


def dark_colour(colour: str) -> str:
    """Return a colour, ``#rrggbb`` or ``rgba(r,g,b,a)``, as it is drawn on dark paper; any other text as it is."""
    if (parts := _RGB.fullmatch(colour)) is None:
        return ON_DARK.get(colour.lower(), colour)
    red, green, blue = (int(part) for part in parts.groups()[:3])
    to = ON_DARK.get(f"#{red:02x}{green:02x}{blue:02x}")
    return f"rgba({','.join(str(int(to[i : i + 2], 16)) for i in (1, 3, 5))}{parts[4]})" if to else colour


def on_dark(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a figure, as plain data, for dark paper; the given one is not modified."""
    themed: dict[str, Any] = _with_colours(without_template(drawn), dark_colour)
    return {**themed, "layout": {**themed.get("layout", {}), "template": pio.templates[DARK].to_plotly_json()}}


def without_template(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a figure, as plain data, without its template."""
    layout = {name: value for name, value in drawn.get("layout", {}).items() if name != "template"}
    return {**drawn, "layout": layout}


def differing_colours(figures: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return every colour of some figures, but for their templates, that differs on dark paper, with what it becomes.

    A browser needs them to draw a figure for either paper.
    """
    differing: dict[str, str] = {}

    def note(colour: str) -> str:
        if (to := dark_colour(colour)) != colour:
            differing[colour] = to
        return colour

    for figure in figures:
        _with_colours(without_template(figure), note)
    return differing


def _with_colours(value: Any, change: Callable[[str], str], key: str = "") -> Any:  # noqa: ANN401 -- any JSON value
    """Return a value with every colour changed: the texts whose key ends in ``color``. Names are not colours."""
    if isinstance(value, dict):
        return {name: _with_colours(inner, change, name) for name, inner in value.items()}
    if isinstance(value, list | tuple) and value and (key.endswith("color") or isinstance(value[0], dict)):
        return [_with_colours(inner, change, key) for inner in value]  # other lists, of numbers or names, may be long
    return change(value) if isinstance(value, str) and key.endswith("color") else value
