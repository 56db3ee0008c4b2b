"""What must change in a browser: the whole page, or the blocks whose content has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dash import no_update
from dash.exceptions import PreventUpdate

from analysis.dashboard.addresses import Address, parse
from analysis.dashboard.blocks import INNER
from analysis.dashboard.pages.routes import make_page
from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.dashboard.studies import Studies


@dataclass(frozen=True)
class Browser:
    """The state of the page in a browser.

    Attributes:
        dark: whether its theme is dark.
        shown: what it shows: ``address``, ``title``, ``stamps``, ``news``, ``busy`` and ``dark``; None at first.
        parts: keys of the parts, in its order.
        figures: keys of the figures, each with the reader's zoom.
        grids: keys of the grids.
        here: whether it runs on this machine.

    """

    dark: bool = False
    shown: dict[str, Any] | None = None
    parts: list[str] = field(default_factory=list)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    grids: list[str] = field(default_factory=list)
    here: bool = True


def update(studies: Studies, where: tuple[str | None, str | None], browser: Browser) -> tuple[Any, ...]:
    """Return what must change in the browser: the whole page, or the blocks whose content has changed.

    Args:
        studies: the studies to show.
        where: path and query of the address.
        browser: the state of the browser's page.

    Returns:
        The page, what is then shown, the parts, the figures and the rows of the grids; ``no_update`` for what remains.

    Raises:
        PreventUpdate: nothing has changed.

    """
    address = f"{where[0] or ''}{where[1] or ''}"
    page = make_page(studies, parse(*where), here=browser.here, dark=browser.dark)
    now = {
        "address": address,
        "title": visible(page.title),
        "stamps": page.stamps,
        "news": page.news,
        "busy": page.busy,
        "dark": browser.dark,
    }
    shown, zooms = browser.shown, browser.figures
    if shown == now:
        raise PreventUpdate
    blocks = {block.key: block for outer in page.blocks for block in outer.family}
    before = dict(shown["stamps"]) if shown else {}
    in_browser = {*browser.parts, *zooms, *browser.grids}
    same_page = shown is not None and _page_of(shown["address"]) == _page_of(address)
    if not shown or not same_page or set(before) != in_browser or _outer(before) != _outer(blocks):
        built = [block.component(dark=browser.dark, zooms=zooms if same_page else {}) for block in page.blocks]
        return built, now, *([no_update] * len(keys) for keys in (browser.parts, zooms, browser.grids))
    changed = {key for key, block in blocks.items() if before.get(key) != block.stamp}
    rebuilt = {key for key in before if any(holder in changed for holder in _holders(key))}
    changed -= rebuilt
    parts = [
        blocks[key].content(dark=browser.dark, zooms=zooms) if key in changed else no_update for key in browser.parts
    ]
    redrawn = {*zooms} - rebuilt if shown["dark"] != browser.dark else changed
    figures = [
        blocks[key].drawing(dark=browser.dark, zoom=zoom) if key in redrawn else no_update
        for key, zoom in zooms.items()
    ]
    grids = [blocks[key].rows if key in changed else no_update for key in browser.grids]
    return no_update, now, parts, figures, grids


def _holders(key: str) -> list[str]:
    """Return the keys of the blocks that hold a block."""
    names = key.split(INNER)
    return [INNER.join(names[:count]) for count in range(1, len(names))]


def _outer(keys: Iterable[str]) -> list[str]:
    """Return the keys of the blocks that lie in no other."""
    return [key for key in keys if INNER not in key]


def _page_of(address: str) -> Address:
    """Return the page at an address, without what only its blocks depend on."""
    path, _, query = address.partition("?")
    at = parse(path, query)
    return Address(place=at.place, study=at.study, run=at.run, tab=at.tab, known=at.known, **at.view)
