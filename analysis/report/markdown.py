"""A report as Markdown: the first screen, and the text and tables of every section."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from analysis.report.first_screen import FirstScreen
from trainables.characters import flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section
    from analysis.tables.table import Table
    from analysis.text.tiles import Tile


def markdown(report: MethodReport, sections: Sequence[Section]) -> str:
    """Return the report in the order of the page; its figures are in the HTML."""
    screen, plan = FirstScreen(report), report.finding.plan
    parts = [f"# {markdown_text(plan.name)}: {markdown_text(screen.headline.text)}"]
    parts.append(markdown_text(" · ".join(screen.context)))
    parts += [markdown_text(screen.headline.advice), "\n".join(map(_tile, screen.tiles))]
    answer = [section for section in sections if section.group == "Answer"]
    parts += ["## In full", markdown_text(screen.verdict), markdown_text(plan.description)]
    parts += [part for section in answer for part in _section(section, "Cautions")]
    parts += [part for section in sections if section not in answer for part in _section(section, section.title)]
    parts.append("The figures are in report.html, the runs in runs.csv, the means in summary.csv (fractions).")
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section, title: str) -> list[str]:
    """Return the heading over a section's text, the text and the tables; empty if it has figures alone."""
    if not section.words and not section.tables:
        return []
    points = "\n".join(f"- {markdown_text(point)}" for point in section.points)
    heading = [f"## {markdown_text(title)}"] if section.words or section.group != "Answer" else []
    tables = enumerate(section.tables, section.first_table)
    return [
        *heading,
        *map(markdown_text, section.text),
        *(f"**{markdown_text(term)}.** {markdown_text(text)}" for term, text in section.terms),
        *([points] if points else []),
        *(part for n, table in tables for part in (f"### Table {n}. {markdown_text(table.title)}", to_markdown(table))),
    ]


def _tile(tile: Tile) -> str:
    readings = "; ".join(reading.text for reading in tile.readings)
    return f"- {markdown_text(tile.label)}: **{markdown_text(readings)}** ({markdown_text(tile.detail)})"


def to_markdown(table: Table) -> str:
    """Write a table in GitHub's Markdown, with every cell's markup made inert."""
    rows = [
        [f"**{markdown_text(cell)}**" if (i, j) in table.bold else markdown_text(cell) for j, cell in enumerate(row)]
        for i, row in enumerate(table.rows)
    ]
    lines = ["| " + " | ".join(row) + " |" for row in (map(markdown_text, table.header), *rows)]
    lines.insert(1, "|" + " --- |" * len(table.header))
    note = f"\n\n{markdown_text(table.note)}" if table.note else ""
    return "\n".join(lines) + note


def markdown_text(text: str) -> str:
    """Return text that GitHub's Markdown shows as it is, on one line.

    HTML, links, emphasis, strike-through, formulas, headings, lists and columns are escaped. Addresses are no links:
    a backslash breaks ``://`` and ``www.``. For ``@`` only a comment works, because e-mail addresses are found last.
    """
    line = html.escape(flat(text), quote=False)
    inline = re.sub(r"([\\`*_~$#@\[\]|])", r"\\\1", line).replace("@", "@<!-- -->").replace("://", ":\\//")
    inline = re.sub(r"(?i)\b(www)\.", r"\1\\.", inline)
    return re.sub(r"^(?=[-+=])|^(\d+)(?=[.)](?: |$))", r"\1\\", inline)
