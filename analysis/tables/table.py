"""A table: a title, a header, rows of text and a note."""

from __future__ import annotations

from dataclasses import dataclass

NONE = "-"


@dataclass(frozen=True)
class Table:
    """A titled table of plain text; ``note`` explains the numbers, ``bold`` holds the (row, column) in bold type."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    bold: frozenset[tuple[int, int]] = frozenset()
