"""The table of a study's results for a two-column article, with siunitx's columns."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from analysis.report.latex.tables import FITTED, LINE_END
from analysis.report.latex.text import BREAK, UNICODE_SIGN, latex_text
from analysis.tables.table import NONE
from trainables.numerals import MINUS, compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.tables.table import Table

COLUMN_PT, PAGE_PT = 239.0, 495.0  # width of one column and of both
LETTER_PT = 4.6  # of a letter at the size of the table
GAP_PT = 8.0  # between two columns
LARGEST_NAME = 0.45  # of the table's width
MANY_ROWS = 40  # that fit on a page
LEAST_POWER = 100.0  # of smaller numbers no power of ten is written
_PARAMETER = re.compile(r"(?<![\w.])([A-Za-z])=(\d+(?:\.\d+)?)(?![\w.])")
_MEAN = re.compile(rf"(?P<mean>[+{MINUS}]?[\d,]+(?:\.\d+)?)(?: ± (?P<half_width>[\d.]+))?")


def result_table(table: Table, label: str = "tab:results") -> str:
    r"""Return the table as a float of one column, or of both where it does not fit into one.

    Means and half widths are aligned at the decimal point. Beyond ``MANY_ROWS`` rows it has the first, and its note
    states how many there are.

    Args:
        table: of means with half widths; its first column names the rows.
        label: for ``\ref``.

    """
    shown = table.rows[:MANY_ROWS]
    places = range(1, len(table.header))
    name_pt = LETTER_PT * max(len(row[0]) for row in (table.header, *shown))
    columns_pt = sum(_width(table, place) for place in places)
    wide = min(name_pt, LARGEST_NAME * COLUMN_PT) + columns_pt > COLUMN_PT
    width = PAGE_PT if wide else COLUMN_PT
    folds = name_pt + columns_pt > width
    name = f"p{{{max(60.0, min(LARGEST_NAME * width, width - columns_pt)):.0f}pt}}" if folds else "l"
    body = [
        " & ".join([_name(row[0], folds=folds), *(_cell(table, number, place) for place in places)])
        + r" \tabularnewline"
        for number, row in enumerate(shown)
    ]
    head = [
        "Configuration",
        *(rf"\multicolumn{{3}}{{c}}{{{_heading(table.header[place], _letters(table, place))}}}" for place in places),
    ]
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
            rf"\fitted{{\begin{{tabular}}{{@{{}}{name}{''.join(_column(table, place) for place in places)}@{{}}}}",
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


def _heading(text: str, letters: int) -> str:
    """Return a heading on lines of at most so many letters where it has places to break at.

    siunitx puts what is wider than the numbers behind them, so they would stand apart from their half widths.
    """
    lines = [""]
    for piece in re.split(r"(?<=[_/ ])(?=\S)|(?=\+)", text.removesuffix(" accuracy")):
        if lines[-1] and len(lines[-1] + piece) > letters:
            lines.append("")
        lines[-1] += piece
    return (
        rf"\shortstack{{{LINE_END.join(latex_text(line.strip()) for line in lines)}}}"
        if len(lines) > 1
        else latex_text(lines[0])
    )


def _name(text: str, *, folds: bool) -> str:
    r"""Return a configuration's name with its parameters as formulas: ``adaptive $T=10^{3}$``."""
    parts = _PARAMETER.split(text)
    shown = latex_text(parts[0]) + ("~" if parts[0].endswith(" ") and len(parts) > 1 else "")
    for symbol, value, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        shown += f"${symbol}={_as_power(value)}$" + latex_text(rest)
    return rf"\raggedright{BREAK}{shown}" if folds else shown


def _as_power(value: str) -> str:
    """Return a large whole or half power of ten as such, ``10^{2.5}`` of 316.228, and any other number as it is."""
    number = float(value)
    exponent = round(2 * math.log10(number)) / 2 if number >= LEAST_POWER else 0
    is_power = exponent and math.isclose(number, 10**exponent, rel_tol=1e-5)
    return f"10^{{{compact(exponent)}}}" if is_power else value


def _numbers(table: Table, place: int) -> list[tuple[str, str]]:
    """Return mean and half width of each cell of a column that has no other text."""
    found = (_MEAN.fullmatch(row[place]) for row in table.rows)
    return [(match["mean"].replace(",", ""), match["half_width"] or "") for match in found if match]


def _width(table: Table, place: int) -> float:
    longest_piece = max(map(len, re.split(r"[_/ ]|(?=\+)", table.header[place])))
    return LETTER_PT * max(longest_piece, _letters(table, place)) + GAP_PT


def _letters(table: Table, place: int) -> int:
    """Return the number of letters of a column's longest cell."""
    numbers = [len(mean) + len(half_width) + 3 for mean, half_width in _numbers(table, place)]
    others = [len(row[place]) for row in table.rows if not _MEAN.fullmatch(row[place])]
    return max((*numbers, *others), default=0)


def _column(table: Table, place: int) -> str:
    """Return three columns: of the mean, of the sign between both and of the half width."""
    numbers = _numbers(table, place)
    means = _format([mean for mean, _ in numbers])
    half_widths = _format([half_width for _, half_width in numbers if half_width])
    return rf"S[table-format={means}]@{{\,}}c@{{\,}}S[table-format={half_widths}]"


def _format(numbers: Sequence[str]) -> str:
    """Return siunitx's format of a column: the most digits before and after the decimal point, and a sign."""
    parts = [number.lstrip("+" + MINUS).partition(".") for number in numbers]
    whole = max((len(before) for before, _, _ in parts), default=1)
    decimals = max((len(after) for _, _, after in parts), default=0)
    sign = "+" if any(number[:1] in {"+", MINUS} for number in numbers) else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def _cell(table: Table, row: int, place: int) -> str:
    text = table.rows[row][place]
    bold = (row, place) in table.bold
    match = _MEAN.fullmatch(text)
    if match is None:
        shown = "--" if text in {NONE, ""} else latex_text(text)
        face = r"\bfseries " if bold else ""
        return rf"\multicolumn{{3}}{{c}}{{{face}{shown}}}"
    mean, half_width = match["mean"].replace(",", "").replace(MINUS, "-"), match["half_width"]
    face = r"\bfseries " if bold else ""
    return f"{face}{mean} & $\\pm$ & {face}{half_width}" if half_width else f"{face}{mean} & & "
