r"""Tables in LaTeX with booktabs' rules, as wide as a line of text at most; they need booktabs, longtable, graphicx."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from analysis.report.latex.text import BREAK, UNICODE_SIGN, latex_text
from analysis.tables.table import NONE

if TYPE_CHECKING:
    from analysis.tables.table import Table

LONG = 35  # rows that no longer fit on a page
LINE_PT = 345.0  # width of a line in LaTeX's article; columns are shares of it
LETTER_PT = 4.9  # width of a letter of such a table, on the safe side
GAP_PT = 8.0  # between two columns
NARROWEST_PT = 58.0  # of a column that folds
NO_CELL = "--"
LINE_END = r"\\"
# A table that is wider than the line all the same is scaled down.
FITTED = (
    r"\providecommand\fitted[1]{\sbox0{#1}\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi}"
)


def to_latex(table: Table, label: str) -> str:
    r"""Write a table: a float, or a ``longtable`` where it does not fit on a page. The title is the caption.

    Numbers are aligned at the decimal point, columns of long text fold, and the note stands below the table.

    Args:
        table: with at least one row.
        label: for ``\ref``.

    """
    widths = _widths(table)
    columns = "".join(_column(table, place, width) for place, width in enumerate(widths))
    head = " & ".join(_head(table, place) for place in range(len(table.header))) + r" \\"
    rows = [
        " & ".join(_cell(table, row, place, widths) for place in range(len(widths))) for row in range(len(table.rows))
    ]
    body = [f"{row} \\tabularnewline" for row in rows]
    caption = rf"\caption{{{latex_text(table.title)}.}}"
    note = [rf"\par\smallskip{{\footnotesize\raggedright {latex_text(table.note)}\par}}"] if table.note else []
    if len(rows) > LONG:
        return "\n".join(
            [
                r"{\small\setlength{\tabcolsep}{4pt}\setlength{\LTcapwidth}{\linewidth}",
                rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}",
                rf"{caption}\label{{{label}}}\\",
                *(r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"),
                *(*body, r"\end{longtable}", *note, "}"),
            ]
        )
    return "\n".join(
        [
            *(r"\begin{table}[tbp]", r"\centering\small\setlength{\tabcolsep}{4pt}", caption, rf"\label{{{label}}}"),
            *(rf"\fitted{{\begin{{tabular}}{{@{{}}{columns}@{{}}}}", r"\toprule", head, r"\midrule"),
            *(*body, r"\bottomrule", r"\end{tabular}}", *note, r"\end{table}"),
        ]
    )


def standalone(table: Table, label: str) -> str:
    """Return a table with the definitions that it uses, to be pasted into any document; see ``to_latex``."""
    text = to_latex(table, label)
    used = [
        definition for command, definition in ((r"\unicodesign", UNICODE_SIGN), (r"\fitted", FITTED)) if command in text
    ]
    return "\n".join([*used, text])


def _widths(table: Table) -> list[float]:
    """Return the width of each column in points; 0 of those that are as wide as what they hold.

    Columns of text that do not fit share what the others leave, the longer ones with more of it.
    """
    count = len(table.header)
    natural = [LETTER_PT * max(_length(table, place), _longest_word(table.header[place])) for place in range(count)]
    text = [place for place in range(count) if table.kind(place) == "text"]
    left = LINE_PT - GAP_PT * (count - 1) - sum(natural[place] for place in range(count) if place not in text)
    widths = [0.0] * count
    folding = sorted(text, key=lambda place: natural[place])
    while folding and sum(natural[place] for place in folding) > left:
        fair = left / len(folding)
        if natural[folding[0]] > fair:
            total = sum(natural[place] ** 0.5 for place in folding)
            for place in folding:
                widths[place] = max(NARROWEST_PT, left * natural[place] ** 0.5 / total)
            break
        left -= natural[folding.pop(0)]
    return widths


def _length(table: Table, place: int) -> int:
    return max((len(row[place]) for row in table.rows), default=0)


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _column(table: Table, place: int, width: float) -> str:
    if table.kind(place) == "number":
        return "r@{}l"  # before and after the decimal point
    return f"p{{{width / LINE_PT:.3f}\\linewidth}}" if width else "l"


def _head(table: Table, place: int) -> str:
    """Return a column's heading, on as many lines as make it as narrow as its cells."""
    number = table.kind(place) == "number"
    text = table.header[place]
    lines = textwrap.wrap(text, max(_length(table, place), _longest_word(text), 8), break_long_words=False)
    shown = rf"\shortstack[{'r' if number else 'l'}]{{{LINE_END.join(map(latex_text, lines))}}}"
    return (
        rf"\multicolumn{{2}}{{r}}{{{shown}}}"
        if number
        else rf"\multicolumn{{1}}{{{'@{}l' if not place else 'l'}}}{{{shown}}}"
    )


def _cell(table: Table, row: int, place: int, widths: list[float]) -> str:
    bold = (row, place) in table.bold
    text = table.rows[row][place]
    if table.kind(place) == "number":
        if text in {NONE, ""}:
            return rf"\multicolumn{{2}}{{c}}{{{NO_CELL if text else ''}}}"
        whole, rest = (
            _bold(latex_text(part)) if bold and part else latex_text(part) for part in table.parts(row, place)
        )
        return f"{whole} & {rest}"
    shown = NO_CELL if text == NONE else latex_text(text)
    return (rf"\raggedright{BREAK}" if widths[place] else "") + (_bold(shown) if bold else shown)


def _bold(text: str) -> str:
    return rf"\textbf{{{text}}}"
