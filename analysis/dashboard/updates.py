"""What must change in a browser: the whole page, or the blocks whose content has changed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dash import no_update
from dash.exceptions import PreventUpdate

from analysis.dashboard.addresses import parse
from analysis.dashboard.pages.routes import make_page
from trainables.characters import visible

if TYPE_CHECKING:
    from analysis.dashboard.studies import Studies

AXIS = re.compile(r"[xy]axis\d*")


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
