"""The sections of the report as blocks of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from dash import html

from analysis.dashboard.addresses import slug
from analysis.dashboard.blocks import Block, part, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.snapshot import Snapshot
    from analysis.plotting.figure import Figure


def section_blocks(snapshot: Snapshot, address: Address, tab: str, first_table: int = 0) -> list[Block]:
    """Return one section of the report, without the tables before the first."""
    section = next(section for section in snapshot.sections if slug(section.title) == tab)
    blocks = [part(f"{tab}-text", *map(html.P, section.text))] if section.text else []
    blocks += figure_blocks(snapshot, section.figures, address)
    for index, content in enumerate(section.tables[first_table:], first_table):
        blocks.append(part(f"{tab}-{index}", *table(content, address.csv(f"{quote(tab)}/{index}"))))
    return blocks


def figure_blocks(snapshot: Snapshot, figures: Iterable[Figure], address: Address) -> list[Block]:
    """Return figures as blocks that change with the study."""
    return [
        Block(slug(f.title), str(snapshot.number), figure=f, file=f"{address.study} {slug(f.title)}") for f in figures
    ]
