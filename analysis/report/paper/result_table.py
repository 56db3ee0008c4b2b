"""The table of a study's results for a two-column article, with siunitx's columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.report.latex.tables import FITTED, LINE_END
from analysis.report.latex.text import BREAK, UNICODE_SIGN, latex_text, power
from analysis.tables.table import NONE
from trainables.numerals import MINUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.tables.table import Table

COLUMN_PT, PAGE_PT = 239.0, 495.0  # width of one column and of both
LETTER_PT = 4.6  # of a letter at the size of the table
GAP_PT = 8.0  # between two columns
LARGEST_NAME = 0.45  # of the table's width
MANY_ROWS = 40  # that fit on a page
_PARAMETER = re.compile(r"(?<![\w.])([A-Za-z])=(10\^-?\d+\.5|\d+(?:\.\d+)?)(?![\w.])")
# A mean, its half width, and what follows in parentheses: other ends, the values themselves, or their number.
_MEAN = re.compile(rf"(?P<mean>[+{MINUS}]?[\d,]+(?:\.\d+)?)(?: ± (?P<half_width>[\d.]+))?(?: (?P<rest>\(.*\)))?")


def result_table(table: Table, label: str = "tab:results") -> str:
    r"""Return the table as a float of one column, or of both where it does not fit into one.

    Means and half widths are aligned at the decimal point, and what follows them in parentheses on the left. Beyond
    ``MANY_ROWS`` rows it has the first, and its note states how many there are.

    Args:
        table: of means with half widths; its first column names the rows.
        label: for ``\ref``.

    """
    shown = table.rows[:MANY_ROWS]
    columns = [_Column.of(table, place) for place in range(1, len(table.header))]
    name_pt = LETTER_PT * max(len(row[0]) for row in (table.header, *shown))
    columns_pt = sum(column.width for column in columns)
    wide = min(name_pt, LARGEST_NAME * COLUMN_PT) + columns_pt > COLUMN_PT
    width = PAGE_PT if wide else COLUMN_PT
    folds = name_pt + columns_pt > width
    name = f"p{{{max(60.0, min(LARGEST_NAME * width, width - columns_pt)):.0f}pt}}" if folds else "l"
    body = [
        " & ".join([_name(row[0], folds=folds), *(column.cell(number) for column in columns)]) + r" \tabularnewline"
        for number, row in enumerate(shown)
    ]
    head = ["Configuration", *(column.heading for column in columns)]
    left = f" The first {len(shown)} of {len(table.rows)} rows." if len(table.rows) > len(shown) else ""
    kind = "table*" if wide else "table"
    return "\n".join(
        [
            UNICODE_SIGN,
            FITTED,
            rf"\begin{{{kind}}}[tbp]",
            rf"\caption{{{latex_text(table.title)}.}}",
            rf"\label{{{label}}}",
            r"\centering\small\setlength{\tabcolsep}{4pt}",
            r"\sisetup{mode=text,reset-text-series=false,retain-explicit-plus}",
            rf"\fitted{{\begin{{tabular}}{{@{{}}{name}{''.join(c.format for c in columns)}@{{}}}}",
            r"\toprule",
            " & ".join(head) + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}}",
            rf"\par\smallskip{{\footnotesize\raggedright {latex_text(table.note + left)}\par}}",
            rf"\end{{{kind}}}",
            "",
        ]
    )


def _name(text: str, *, folds: bool) -> str:
    r"""Return a configuration's name with its parameters as formulas: ``adaptive $T=10^{2.5}$``."""
    parts = _PARAMETER.split(text)
    shown = latex_text(parts[0]) + ("~" if parts[0].endswith(" ") and len(parts) > 1 else "")
    for symbol, value, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        shown += f"${symbol}={power(value)}$" + latex_text(rest)
    return rf"\raggedright{BREAK}{shown}" if folds else shown


@dataclass(frozen=True)
class _Column:
    """A column of the table, which takes one to four of LaTeX: the mean, a sign, the half width, and the rest.

    Attributes:
        title: its heading.
        cells: from top to bottom.
        bold: the rows that are bold.

    """

    title: str
    cells: tuple[str, ...]
    bold: frozenset[int]

    @classmethod
    def of(cls, table: Table, place: int) -> _Column:
        """Return a column of a table."""
        bold = frozenset(row for row, column in table.bold if column == place)
        return cls(table.header[place], tuple(row[place] for row in table.rows), bold)

    @cached_property
    def means(self) -> list[re.Match[str]]:
        """The cells that begin with a number."""
        return [match for match in map(_MEAN.fullmatch, self.cells) if match]

    @property
    def half_widths(self) -> list[str]:
        """The half widths."""
        return [match["half_width"] for match in self.means if match["half_width"]]

    @property
    def has_rest(self) -> bool:
        """Whether something in parentheses follows a number."""
        return any(match["rest"] for match in self.means)

    @property
    def parts(self) -> int:
        """How many columns of LaTeX it takes."""
        return 1 + 2 * bool(self.half_widths) + self.has_rest

    @property
    def format(self) -> str:
        """The column in LaTeX's preamble."""
        means = _format([match["mean"].replace(",", "") for match in self.means])
        half = rf"@{{\,}}c@{{\,}}S[table-format={_format(self.half_widths)}]" if self.half_widths else ""
        return rf"S[table-format={means}]{half}{'@{~}l' if self.has_rest else ''}"

    @property
    def letters(self) -> int:
        """The number of letters of the longest cell."""
        return max(map(len, self.cells), default=0)

    @property
    def width(self) -> float:
        """The width that it needs, in points."""
        longest_piece = max(map(len, re.split(r"[_/ ]|(?=\+)", self.title)))
        return LETTER_PT * max(longest_piece, self.letters) + GAP_PT

    @property
    def heading(self) -> str:
        """The heading, above the numbers and on lines of at most so many letters where it has places to break at.

        siunitx puts what is wider than the numbers behind them, so they would stand apart from their half widths.
        """
        lines = [""]
        for piece in re.split(r"(?<=[_/ ])(?=\S)|(?=\+)", self.title.removesuffix(" accuracy")):
            if lines[-1] and len(lines[-1] + piece) > self.letters:
                lines.append("")
            lines[-1] += piece
        text = LINE_END.join(latex_text(line.strip()) for line in lines)
        shown = rf"\shortstack{{{text}}}" if len(lines) > 1 else text
        return rf"\multicolumn{{{self.parts}}}{{c}}{{{shown}}}"

    def cell(self, row: int) -> str:
        """Return a cell in LaTeX."""
        text, face = self.cells[row], r"\bfseries " * (row in self.bold)
        match = _MEAN.fullmatch(text)
        if match is None:
            shown = "--" if text in {NONE, ""} else latex_text(text)
            return rf"\multicolumn{{{self.parts}}}{{c}}{{{face}{shown}}}"
        mean, half_width, rest = match["mean"].replace(",", "").replace(MINUS, "-"), match["half_width"], match["rest"]
        after = latex_text(rest) if rest else ""
        if rest and not half_width and self.half_widths:
            return rf"{face}{mean} & \multicolumn{{{self.parts - 1}}}{{@{{~}}l}}{{{face}{after}}}"
        halves = [r"$\pm$", face + half_width] if half_width else ["", ""]
        return " & ".join([face + mean, *(halves if self.half_widths else []), *([face + after] * self.has_rest)])


def _format(numbers: Sequence[str]) -> str:
    """Return siunitx's format of a column: the most digits before and after the decimal point, and a sign."""
    parts = [number.lstrip("+" + MINUS).partition(".") for number in numbers]
    whole = max((len(before) for before, _, _ in parts), default=1)
    decimals = max((len(after) for _, _, after in parts), default=0)
    sign = "+" if any(number[:1] in {"+", MINUS} for number in numbers) else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
