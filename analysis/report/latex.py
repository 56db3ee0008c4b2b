r"""The report's tables in LaTeX, to ``\input`` into a paper; needs the packages booktabs and longtable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.report.sections import Section
    from analysis.tables.table import Table

WIDE = 32  # characters of a cell above which its column folds
LONG = 35  # rows that no longer fit on a page
LINE = 0.9  # of the text's width, shared by the columns that fold

_SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
    "β": r"$\beta$",
    "·": r"$\cdot$",
    "`": r"\textasciigrave{}",
    **{sign: f"{{{sign}}}" for sign in "[]*"},  # after \\ they would be an argument
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def latex_text(text: str) -> str:
    """Return text that LaTeX shows as it is, on one line; characters that do not print become a question mark."""
    flat = "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))
    escaped = "".join(_SIGNS.get(sign, sign) for sign in flat)
    return re.sub(r"(?<=-)(?=-)", "{}", escaped)  # two hyphens would join to a dash


def to_latex(table: Table, label: str) -> str:
    r"""Write a table with booktabs' rules: a float, or a ``longtable`` where it does not fit on a page.

    Args:
        table: its note goes below the title, into the caption.
        label: for ``\ref``.

    """
    head = " & ".join(rf"\textbf{{{latex_text(cell)}}}" for cell in table.header) + r" \\"
    cells = [
        [rf"\textbf{{{latex_text(cell)}}}" if (i, j) in table.bold else latex_text(cell) for j, cell in enumerate(row)]
        for i, row in enumerate(table.rows)
    ]
    rows = [" & ".join(row) + r" \\" for row in cells]
    caption = " ".join(part for part in (f"{latex_text(table.title)}.", latex_text(table.note)) if part)
    columns = _columns(table)
    if len(rows) > LONG:
        return "\n".join(
            [
                rf"\begin{{longtable}}{{{columns}}}",
                rf"\caption{{{caption}}}\label{{{label}}}\\",
                *(r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot"),
                *(*rows, r"\end{longtable}"),
            ]
        )
    return "\n".join(
        [
            *(r"\begin{table}[tbp]", r"\centering", rf"\caption{{{caption}}}", rf"\label{{{label}}}", r"\small"),
            *(rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule"),
            *(*rows, r"\bottomrule", r"\end{tabular}", r"\end{table}"),
        ]
    )


def _columns(table: Table) -> str:
    """Return the columns' kinds: those with a long cell fold, and share the line by the length of their longest one."""
    lengths = [max((len(row[i]) for row in (table.header, *table.rows)), default=0) for i in range(len(table.header))]
    total = sum(lengths)
    return "".join(
        f"p{{{max(0.1, LINE * length / total):.2f}\\linewidth}}" if length > WIDE else "l" for length in lengths
    )


def document(name: str, headline: str, verdict: str, sections: Sequence[Section]) -> str:
    """Return the report's text and tables as LaTeX without a preamble."""
    parts = [
        (
            f"% Report of the study {' '.join(name.split())}, by gce-study. In the preamble: "
            r"\usepackage{booktabs,longtable} and \usepackage[T1]{fontenc}."
        ),
        rf"\paragraph{{{latex_text(headline)}.}} {latex_text(verdict)}",
    ]
    number = 0
    for section in sections:
        if section.text:
            parts.append(rf"\paragraph{{{latex_text(section.title)}.}} " + "\n\n".join(map(latex_text, section.text)))
        for table in section.tables:
            if table.rows:
                number += 1
                parts.append(to_latex(table, f"tab:{name}-{number}"))
    return "\n\n".join(parts) + "\n"
