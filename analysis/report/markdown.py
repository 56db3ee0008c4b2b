"""Tables and text as Markdown."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from trainables.characters import flat

if TYPE_CHECKING:
    from analysis.tables.table import Table


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
