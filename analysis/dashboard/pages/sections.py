"""The sections of the report as blocks of a tab."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from dash import html

from analysis.dashboard.addresses import slug
from analysis.dashboard.blocks import Block, part, table
from analysis.report.sections import AUDIT

if TYPE_CHECKING:
    from analysis.dashboard.pages.view import View
    from analysis.report.sections import Section

# The sections on each tab, by title; all others are on the first.
CLIPS = ("Test clips", "Validation labels", AUDIT)
ABOUT = ("Data", "Methods", "Provenance", "Runs and their cost", "Left out")


def sections_of(view: View, titles: tuple[str, ...]) -> list[Section]:
    """Return the sections with some titles, in this order, without those that the study lacks."""
    of_title = {section.title: section for section in view.snapshot.sections}
    return [of_title[title] for title in titles if title in of_title]


def section_blocks(view: View, section: Section, first_table: int = 0) -> list[Block]:
    """Return one section of the report, without the tables before the first."""
    name, study = slug(section.title), view.address.study
    blocks = [part(f"{name}-text", html.H2(section.title, id=name), *map(html.P, section.text))]
    for figure in section.figures:
        stamp = str(view.snapshot.number)
        blocks.append(Block(slug(figure.title), stamp, figure=figure, file=f"{study} {slug(figure.title)}"))
    for index, content in enumerate(section.tables[first_table:], first_table):
        blocks.append(part(f"{name}-{index}", *table(content, view.address.csv(f"{quote(name)}/{index}"))))
    return blocks
