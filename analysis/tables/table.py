"""A table: a title, columns of text or numbers, rows, and a note."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from analysis.plotting.styles import Style
    from analysis.text.methods.procedures import Procedure

NONE = "-"
Kind = Literal["text", "number"]
# A number as cells write it, with whatever follows it: a unit, an interval, a count of runs.
_WHOLE = r"(?P<whole>([<>] ?)?[+\u2212-]?\d+(,\d{3})*)"
_REST = r"(?P<rest>(\.\d+)?(e[+-]?\d+)?(\s*[%±(].*|\s\w[^:]*)?)"
_NUMBER = re.compile(_WHOLE + _REST, re.DOTALL)


class Span(NamedTuple):
    """An interval that a bar beside a cell shows, in the unit of the cell; without ends only the mean is drawn."""

    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Table:
    """A titled table of plain text.

    Attributes:
        title: of the table.
        header: the columns' titles.
        rows: the cells, one tuple a row.
        note: what explains the numbers.
        bold: the (row, column) in bold type.
        procedures: those whose results the table holds.
        kinds: of each column, text or number; inferred from the cells if empty.
        spans: (row, column) -> the interval that a bar beside the cell shows; a column's bars share one scale.
        chips: row -> the colour and marker of the arm that the row is about.

    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    bold: frozenset[tuple[int, int]] = frozenset()
    procedures: tuple[Procedure, ...] = ()
    kinds: tuple[Kind, ...] = ()
    spans: dict[tuple[int, int], Span] = field(default_factory=dict)
    chips: dict[int, Style] = field(default_factory=dict)

    def kind(self, column: int) -> Kind:
        """Return whether a column holds text or numbers: stated, or inferred from its cells.

        The first column names the rows: it is text unless stated otherwise.
        """
        if self.kinds:
            return self.kinds[column]
        cells = [row[column] for row in self.rows if row[column] not in {"", NONE}]
        return "number" if column and cells and all(map(_NUMBER.fullmatch, cells)) else "text"

    def parts(self, row: int, column: int) -> tuple[str, str]:
        """Return a cell in two parts to align a column of numbers by: up to the decimal point, and from it.

        A cell that is no number is all in the first part.
        """
        cell = self.rows[row][column]
        found = _NUMBER.fullmatch(cell)
        return (found["whole"], found["rest"]) if found else (cell, "")
