"""A table: a title, a header, rows of text and a note."""

from __future__ import annotations

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
