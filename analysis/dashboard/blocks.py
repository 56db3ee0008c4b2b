"""The blocks of a page: parts with text and tables, and figures; a stamp of each shows whether it has changed.

Names enter a page only as children of components, which a browser shows as text whatever they contain.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from dash import dcc, html
from plotly.utils import PlotlyJSONEncoder

from analysis.components.dash_table import table_parts
from analysis.components.table_view import table_view
from analysis.dashboard.grids import Grid, grid_component
from analysis.plotting.dark import on_dark
from trainables.characters import visible
from trainables.naming import counted
from trainables.numerals import unbroken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.studies import Studies
    from analysis.plotting.figure import Figure
    from analysis.tables.table import Table

Zooms: TypeAlias = "Mapping[str, dict[str, Any]]"  # by the key of the figure
BUTTONS = [
    "toImage",
    "zoom2d",
    "pan2d",
    "zoomIn2d",
    "zoomOut2d",
    "resetScale2d",
]  # all but those that send data elsewhere
AXIS = re.compile(r"[xy]axis\d*")
INNER = "/"  # between the key of a part and that of a block in it
BARRED = "barred"  # class of a figure whose top is not free for its buttons
MAX_ROWS = 400  # of a table in a page; its CSV file has all
MIN_CHOICES = 2  # a filter with a single value is not shown


@dataclass(frozen=True)
class Block:
    """A piece of a page.

    Attributes:
        key: identifies the block within its page.
        stamp: changes whenever the content does.
        parts: the components of a part; empty for a figure.
        figure: a figure; None for another block.
        file: file name under which the figure's image is saved.
        grid: a grid; None for another block.
        inner: the blocks in a part, below its components; their keys begin with its own and ``INNER``.
        busy: whether it stands for something that is still being computed.

    """

    key: str
    stamp: str
    parts: tuple[Any, ...] = ()
    figure: Figure | None = None
    file: str = ""
    grid: Grid | None = None
    inner: tuple[Block, ...] = ()
    busy: bool = False

    @property
    def family(self) -> Iterator[Block]:
        """The block, then all blocks in it, and in these."""
        yield self
        for block in self.inner:
            yield from block.family

    def within(self, key: str) -> Block:
        """Return the block as one in the part with a key."""
        inner = tuple(block.within(key) for block in self.inner)
        return replace(self, key=f"{key}{INNER}{self.key}", inner=inner)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a grid; of another block none."""
        return self.grid.rows if self.grid else []

    def content(self, *, dark: bool, zooms: Zooms) -> list[Any]:
        """Return what a part holds."""
        return [*self.parts, *(block.component(dark=dark, zooms=zooms) for block in self.inner)]

    def component(self, *, dark: bool = False, zooms: Zooms | None = None) -> Any:  # noqa: ANN401 -- any component
        """Return the block as a component, its figures on white or on dark paper, with the reader's zoom of each."""
        if self.grid is not None:
            return grid_component(self.key, self.grid)
        if self.figure is None:
            content = self.content(dark=dark, zooms=zooms or {})
            return html.Div(content, id={"type": "part", "key": self.key}, className="part")
        config: Any = {
            "responsive": True,
            "displaylogo": False,
            "displayModeBar": "hover",  # by assets/frame.css also where the figure has the focus, or nothing hovers
            "modeBarButtons": [BUTTONS],
            "toImageButtonOptions": {"filename": visible(self.file)},
        }
        graph = dcc.Graph(
            id={"type": "figure", "key": self.key},
            figure=self.drawing(dark=dark, zoom=(zooms or {}).get(self.key)),
            config=config,
            style={"height": self.figure.drawing.layout.height},
        )
        title, caption = visible(self.figure.title), visible(self.figure.caption)
        head = html.Div([html.H3(title), _tools(title, self.file)], className="part-head")
        more: list[Any] = (
            [" ", html.Details([html.Summary("More"), visible(self.figure.more)])] if self.figure.more else []
        )
        top = BARRED if self.figure.drawing.layout.xaxis.side == "top" else ""  # where the names of columns stand
        children: list[Any] = [head, room(graph, top), html.Figcaption([caption, *more])]
        children.append(dcc.Store(id={"type": "zoom", "key": self.key}))  # the reader's zoom
        return html.Figure(children, **aria(label=title))

    def drawing(self, *, dark: bool = False, zoom: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the figure as plain data; the reader's changes persist while ``uirevision`` stays the same.

        Args:
            dark: whether the paper is dark.
            zoom: see ``zoomed``.

        Raises:
            ValueError: the block is not a figure.

        """
        if self.figure is None:
            msg = f"block {self.key} is not a figure"
            raise ValueError(msg)
        drawn: dict[str, Any] = self.figure.drawing.to_plotly_json()
        drawn = on_dark(drawn) if dark else drawn
        return zoomed({**drawn, "layout": {**drawn["layout"], "uirevision": self.key}}, zoom or {})


def _tools(title: str, file: str) -> Any:  # noqa: ANN401 -- a component
    """Return the buttons over a figure, on which the script of the components acts."""
    actions = {"png": "PNG", "svg": "SVG", "print": "PDF", "data": "Data"}
    named = {"data-name": re.sub(r"[^\w-]+", "_", visible(file)) or "figure"}
    buttons = [
        html.Button(shown, type="button", **{"data-action": action, **named, **aria(label=f"{title} as {shown}")})
        for action, shown in actions.items()
    ]
    return html.P(buttons, className="tools")


def room(shown: Any, top: str = "") -> Any:  # noqa: ANN401 -- components
    """Return a figure or a grid, which a browser loads late, in a place of its height: so nothing below it moves.

    If ``top`` is ``BARRED``, the buttons of a figure stand above it.
    """
    height = shown.style["height"]
    text = f"{height}px" if isinstance(height, int | float) else height
    return html.Div(shown, className=f"room {top}".strip(), style={"--room": text})


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


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        title: of the browser's window.
        blocks: from top to bottom.
        news: what a screen reader announces whenever it changes.

    """

    title: str
    blocks: tuple[Block, ...]
    news: str = ""

    @property
    def busy(self) -> bool:
        """Whether some of it is still being computed, so that the browser soon asks again."""
        return any(block.busy for outer in self.blocks for block in outer.family)

    @property
    def stamps(self) -> list[list[str]]:
        """The key and the stamp of every block, each followed by those of the blocks in it."""
        return [[block.key, block.stamp] for outer in self.blocks for block in outer.family]


def part(key: str, *components: Any) -> Block:  # noqa: ANN401 -- any components
    """Return a block of components, with a stamp of their content; every text in it is ``visible``."""
    components = tuple(map(_with_visible_text, components))
    return Block(key, _stamp(components), components)


def holder(key: str, *blocks: Block) -> Block:
    """Return a part that holds other blocks: they change one by one, and the part only if others come or go."""
    return Block(key, _stamp([block.key for block in blocks]), inner=tuple(block.within(key) for block in blocks))


def _with_visible_text(component: Any) -> Any:  # noqa: ANN401 -- a component, or what one may hold
    """Return a component, or a text, in which every text that a reader sees is ``visible``."""
    if isinstance(component, str):
        return unbroken(visible(component))
    if isinstance(component, list | tuple):
        return [_with_visible_text(inner) for inner in component]
    if getattr(component, "children", None) is not None:
        component.children = _with_visible_text(component.children)
    return component


def grid_block(key: str, grid: Grid) -> Block:
    """Return a block of a grid, with a stamp of its rows."""
    return Block(key, _stamp(grid.rows), grid=grid)


def _stamp(content: Any) -> str:  # noqa: ANN401 -- what JSON can hold, and components
    text = json.dumps(content, cls=PlotlyJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def table(content: Table, csv: str = "") -> list[Any]:
    """Return a table with its note and, given the address of its CSV file, a link that saves it."""
    view = table_view(content, rows=MAX_ROWS)
    if len(content.rows) > MAX_ROWS:
        more = f"The first {MAX_ROWS} of {len(content.rows):,} rows are shown."
        view = replace(view, note=f"{view.note} {more}".strip())
    return table_parts(view, csv)


def chip(text: str, address: Address, *, chosen: bool) -> Any:  # noqa: ANN401 -- a component
    """Return one choice of a filter, as a link."""
    return dcc.Link(text, href=str(address), className="chip here" if chosen else "chip")


def aria(**attributes: str) -> Any:  # noqa: ANN401 -- dash has no types for them
    """Return ARIA attributes, for screen readers."""
    return {f"aria-{name}": text for name, text in attributes.items()}


def data(**attributes: str) -> Any:  # noqa: ANN401 -- dash has no types for them
    """Return data attributes, for scripts in assets."""
    return {f"data-{name}": text for name, text in attributes.items()}


def outward(name: str, address: str) -> Any:  # noqa: ANN401 -- a component
    """Return a link to a page of another server, which opens in a new tab."""
    return html.A(name, href=address, target="_blank", rel="noopener noreferrer")


def elsewhere(studies: Studies, ray_dashboard: str = "") -> list[Any]:
    """Return links to the other pages about the studies that are reachable."""
    addresses = {"TensorBoard": studies.tensorboard(), "Ray dashboard": ray_dashboard}
    links = [outward(name, address) for name, address in addresses.items() if address]
    return [html.P(links, className="turning")] if links else []


def badge(state: str) -> Any:  # noqa: ANN401 -- a component
    """Return the state of a study as a badge."""
    return html.Span(state, className=f"badge {state.replace(' ', '-')}")


def bar(recorded: int, planned: int) -> Any:  # noqa: ANN401 -- a component
    """Return how many of the planned runs are recorded, as a bar."""
    text = f"{recorded} of {counted(planned, 'run')} recorded"
    return html.Progress(value=str(recorded), max=str(max(1, planned)), **aria(label=text))


def scrolled(inner: Any, label: str) -> Any:  # noqa: ANN401 -- components
    """Return a wide component in a container that scrolls, also with the keyboard."""
    return html.Div(inner, className="scroll", tabIndex="0", role="region", **aria(label=label))


def percent(value: float | None) -> str:
    """Format a fraction in percent; a dash for None or NaN."""
    return "-" if value is None or math.isnan(value) else f"{100 * value:.1f}"
