"""What a page shows of a table: aligned numbers, bars of intervals, marks of arms.

The report, the dashboard and notebooks draw it from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from analysis.plotting.palette import ON_DARK
from analysis.tables.csv_text import csv_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.plotting.styles import Style
    from analysis.tables.table import Span, Table

LONG, TIGHT = (
    40,
    24,
)  # characters of a column's longest cell above which it has a least width, and below which no breaks
READ = 35  # words of a note that are always read
SENTENCE_END = re.compile(r"(?<=[.?!]) (?=[A-Z±])")
MARGIN = 0.06  # of a bar's scale, on either side


@dataclass(frozen=True)
class Column:
    """A column: its heading, whether its cells are numbers and have bars, and how it is set.

    ``rest`` is the greatest number of characters after the decimal point, by which numbers are aligned.
    """

    heading: str
    number: bool
    bar: bool
    name: str  # its CSS class
    rest: int

    @property
    def attributes(self) -> Markup:
        """The HTML attributes of its cells."""
        style = f' style="--rest: {self.rest}"' if self.rest else ""
        return Markup(' class="{}"{}').format(escape(self.name), Markup(style)) if self.name else Markup("")  # noqa: S704 -- a number


@dataclass(frozen=True)
class Cell:
    """A cell in two parts that meet at the decimal point, and the parts of its bar with their CSS.

    ``tight`` is whether it is a short one with digits, such as a number with its interval, which stays on one line.
    """

    whole: str
    rest: str
    bold: bool
    bar: tuple[tuple[str, str], ...] = ()
    tight: bool = False


@dataclass(frozen=True)
class Row:
    """A row, with the marker of the arm that it is about and the CSS of that arm's colour; empty without an arm."""

    cells: tuple[Cell, ...]
    marker: str = ""
    style: str = ""


@dataclass(frozen=True)
class TableView:
    """A table as it is shown, with its texts in other formats; ``latex`` is empty where it is not offered."""

    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    file: str
    csv: str
    latex: str = ""

    @property
    def notes(self) -> tuple[str, str]:
        """The note in two parts: the first sentences, of at most ``READ`` words, and the rest, which a page folds."""
        start, *others = SENTENCE_END.split(self.note)
        while others and len(f"{start} {others[0]}".split()) <= READ:
            start = f"{start} {others.pop(0)}"
        return start, " ".join(others)

    @property
    def chips(self) -> bool:
        """Whether a row has an arm's marker."""
        return any(row.marker for row in self.rows)


def table_view(table: Table, latex: str = "", rows: int | None = None) -> TableView:
    """Return what a page shows of a table.

    Args:
        table: the table.
        latex: the same table in LaTeX, to copy.
        rows: how many of its rows to show; all when None.

    """
    shown = range(len(table.rows[:rows]))
    columns = [_column(table, place) for place in range(len(table.header))]
    scales = {place: _scale(span for (_, at), span in table.spans.items() if at == place) for place in _barred(table)}
    lines = []
    for i in shown:
        cells = tuple(_cell(table, i, j, columns[j], scales.get(j)) for j in range(len(columns)))
        look = table.chips.get(i)
        lines.append(Row(cells, look.marker if look else "", arm_colour(look) if look else ""))
    file = re.sub(r"[^a-z0-9]+", "-", table.title.lower()).strip("-")[:60] or "table"
    return TableView(
        table.title, table.note, tuple(columns), tuple(lines), file, csv_text(table.header, table.rows), latex
    )


def arm_colour(look: Style) -> str:
    """Return the CSS by which everything in an element has an arm's colour, on either paper."""
    return f"--arm: {look.colour}; --arm-dark: {ON_DARK.get(look.colour, look.colour)}"


def _barred(table: Table) -> set[int]:
    return {column for _, column in table.spans}


def _column(table: Table, place: int) -> Column:
    number, cells = table.kind(place) == "number", [row[place] for row in table.rows]
    rest = max((len(table.parts(i, place)[1]) for i in range(len(cells))), default=0) if number else 0
    longest = max((len(cell) for cell in cells), default=0)
    name = "number" if number else "long" if longest > LONG else "tight" if longest < TIGHT else ""
    word = max((len(word) for cell in (*cells, table.header[place]) for word in cell.split()), default=0)
    barred = place in _barred(table)
    names = " ".join(filter(None, (name, "breaks" if word > TIGHT else "", "barred" if barred else "")))
    return Column(table.header[place], number, barred, names, rest)


def _cell(table: Table, row: int, place: int, column: Column, scale: tuple[float, float] | None) -> Cell:
    text = table.rows[row][place]
    whole, rest = table.parts(row, place) if column.number else (text, "")
    span = table.spans.get((row, place))
    bar = _bar(span, scale) if span is not None and scale is not None else ()
    tight = place > 0 and len(text) < TIGHT and any(map(str.isdigit, text))
    return Cell(whole, rest, (row, place) in table.bold, bar, tight)


def _scale(spans: Iterable[Span]) -> tuple[float, float]:
    """Return the ends of the scale that the bars of a column share."""
    values = [value for span in spans for value in span if value is not None]
    low, high = min(values), max(values)
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _bar(span: Span, scale: tuple[float, float]) -> tuple[tuple[str, str], ...]:
    """Return the parts of a bar: the zero if the scale has it, the interval if there is one, and the mean."""
    low, high = scale

    def at(value: float) -> float:
        return 100 * (value - low) / (high - low)

    parts = [("zero", f"left: {at(0):.1f}%")] if low < 0 < high else []
    if span.low is not None and span.high is not None:
        parts.append(("range", f"left: {at(span.low):.1f}%; width: {at(span.high) - at(span.low):.1f}%"))
    return (*parts, ("mean", f"left: {at(span.mean):.1f}%"))
