"""Figures on dark paper: the ink, paper and grid of the theme change places with light ones, and hues stay.

Shades of heat maps stay too: their scale gets brighter with the value, on either paper.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from analysis.plotting.theme import GRID, INK, PAPER, STRENGTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DARK_INK, DARK_PAPER, DARK_GRID = "#e6e9ed", "#141414", "#343a42"
# From each colour of the theme to the one on dark paper. The palette's other colours stand out on both papers.
ON_DARK = {
    INK: DARK_INK,
    PAPER: DARK_PAPER,
    GRID: DARK_GRID,
    "#000000": "#f5f5f5",
    "#0072b2": "#2a86cc",  # otherwise the faint marks of single runs would be lost
    "#56b4e9": "#8ccbf2",  # further from the blue
    # What stands out most from white paper is dark, and from dark paper bright.
    **dict(zip(STRENGTHS, reversed(STRENGTHS), strict=True)),
}
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
    themed: dict[str, Any] = _with_colours(drawn, dark_colour)
    return themed


def differing_colours(figures: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return every colour of some figures that differs on dark paper, with the one that it becomes."""
    differing: dict[str, str] = {}

    def note(colour: str) -> str:
        if (to := dark_colour(colour)) != colour:
            differing[colour] = to
        return colour

    for figure in figures:
        _with_colours(figure, note)
    return differing


def _with_colours(value: Any, change: Callable[[str], str], key: str = "") -> Any:  # noqa: ANN401 -- any JSON value
    """Return a value with every colour changed: the texts whose key ends in ``color``. Names are not colours."""
    if isinstance(value, dict):
        return {name: _with_colours(inner, change, name) for name, inner in value.items()}
    if isinstance(value, list | tuple) and value and (key.endswith("color") or isinstance(value[0], dict)):
        return [_with_colours(inner, change, key) for inner in value]  # other lists, of numbers or names, may be long
    return change(value) if isinstance(value, str) and key.endswith("color") else value
