"""What a page is made of: parts of text and tables, and figures; each knows whether it has changed.

Names go into a page as the children of components, which a browser shows as text whatever they hold.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dash import dcc, html
from plotly.utils import PlotlyJSONEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.figures.figure import Figure
    from analysis.tables.table import Table

BUTTONS = ["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]  # none that sends data elsewhere
LONGEST = 400  # rows of a table in a page; the rest is in its CSV file


@dataclass(frozen=True)
class Block:
    """A piece of a page.

    Attributes:
        key: names it among the pieces of its page.
        stamp: changes whenever the piece does.
        parts: the components of a part; empty for a figure.
        figure: a figure; None for a part.
        file: what the figure's picture is called when it is saved.

    """

    key: str
    stamp: str
    parts: tuple[Any, ...] = ()
    figure: Figure | None = None
    file: str = ""

    def component(self) -> Any:  # noqa: ANN401 -- any component
        """Lay the block out."""
        if self.figure is None:
            return html.Div(list(self.parts), id={"type": "part", "key": self.key}, className="part")
        saved = {"format": "png", "scale": 2, "filename": self.file}
        config: Any = {
            "responsive": True,
            "displaylogo": False,
            "displayModeBar": True,  # where nothing hovers too
            "modeBarButtons": [BUTTONS],
            "toImageButtonOptions": saved,
        }
        graph = dcc.Graph(
            id={"type": "figure", "key": self.key},
            figure=self.drawing(),
            config=config,
            style={"height": self.figure.drawing.layout.height},
        )
        children = [html.H3(self.figure.title), graph, html.Figcaption(self.figure.caption)]
        children.append(dcc.Store(id={"type": "zoom", "key": self.key}))  # what the reader did to the axes
        return html.Figure(children, **aria(label=self.figure.title))

    def drawing(self) -> dict[str, Any]:
        """Return the figure as plain data. What the reader zoomed and hid stays as long as ``uirevision`` does."""
        if self.figure is None:
            msg = f"block {self.key} is no figure"
            raise ValueError(msg)
        drawn: dict[str, Any] = self.figure.drawing.to_plotly_json()
        return {**drawn, "layout": {**drawn["layout"], "uirevision": self.key}}


@dataclass(frozen=True)
class Page:
    """A page with its title and its blocks, from top to bottom."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def stamps(self) -> list[list[str]]:
        """The key and the stamp of every block."""
        return [[block.key, block.stamp] for block in self.blocks]


def part(key: str, *components: Any) -> Block:  # noqa: ANN401 -- any components
    """Return a block of components, stamped by what they hold."""
    text = json.dumps(components, cls=PlotlyJSONEncoder)
    return Block(key, hashlib.sha256(text.encode()).hexdigest()[:16], components)


def table(found: Table, csv: str = "", links: Sequence[str] = ()) -> list[Any]:
    """Lay out a table with its note and, where it has an address, a link that saves it as CSV.

    Args:
        found: the table.
        csv: the address of the CSV file.
        links: of each row, where its first cell leads; empty for none.

    """
    parts: list[Any] = [html.H3(found.title)]
    if found.rows:
        head = html.Thead(html.Tr([html.Th(cell, scope="col") for cell in found.header]))
        body = []
        for index, row in enumerate(found.rows[:LONGEST]):
            cells = [html.Strong(cell) if (index, place) in found.bold else cell for place, cell in enumerate(row)]
            body.append(_row(cells, links[index] if links else ""))
        parts.append(scrolled(html.Table([head, html.Tbody(body)]), found.title))
    more = f" The first {LONGEST} of {len(found.rows)} rows are shown." if len(found.rows) > LONGEST else ""
    save = html.A("CSV", href=csv, download="", **aria(label=f"{found.title} as CSV")) if csv and found.rows else ""
    if found.note or more or save:
        parts.append(html.P([f"{found.note}{more} ", save], className="note"))
    return parts


def aria(**attributes: str) -> Any:  # noqa: ANN401 -- dash types only the attributes that it can name
    """Return what screen readers are told of a component."""
    return {f"aria-{name}": text for name, text in attributes.items()}


def outward(name: str, address: str) -> Any:  # noqa: ANN401 -- a component
    """Lay out a link to another server's page, which opens beside this one."""
    return html.A(name, href=address, target="_blank", rel="noopener noreferrer")


def scrolled(inner: Any, label: str) -> Any:  # noqa: ANN401 -- components
    """Lay a wide table out so that it scrolls by itself, by the keyboard too."""
    return html.Div(inner, className="scroll", tabIndex="0", role="region", **aria(label=label))


def _row(cells: Sequence[Any], link: str) -> Any:  # noqa: ANN401 -- components
    first = dcc.Link(cells[0], href=link) if link else cells[0]
    rest = [html.Td(cell, className="tight" if _short(cell) else "") for cell in cells[1:]]
    return html.Tr([html.Td(first), *rest])


def _short(cell: Any) -> bool:  # noqa: ANN401 -- a text or a component around one
    """Say whether a cell should stay on one line: a number, a p-value or a mean with its interval does."""
    text = cell if isinstance(cell, str) else str(cell.children)
    return len(text) < (24 if "(n = " in text else 14)  # characters, as in the report


def percent(value: float | None) -> str:
    """Write a fraction in percent; a dash where there is none."""
    return "-" if value is None or value != value else f"{100 * value:.1f}"  # noqa: PLR0124 -- NaN alone differs
