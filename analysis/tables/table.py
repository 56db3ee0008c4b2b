"""A table: a title, a header, rows of text and a note."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.text.methods.procedures import Procedure

NONE = "-"


@dataclass(frozen=True)
class Table:
    """A titled table of plain text.

    ``note`` explains the numbers, ``bold`` holds the (row, column) in bold type, and ``procedures`` are those whose
    results the table holds.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    bold: frozenset[tuple[int, int]] = frozenset()
    procedures: tuple[Procedure, ...] = ()


def as_html(table: Table) -> str:
    """Return a table, and its note, for a notebook; nothing in it is read as markup. Without rows it is empty."""
    if not table.rows:
        return ""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in table.header)
    rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    note = f"<p>{html.escape(table.note)}</p>" if table.note else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"
