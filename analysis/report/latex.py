r"""The report's tables in LaTeX, to ``\input`` into a paper; needs the packages booktabs and longtable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import name as unicode_name

from trainables.characters import flat

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
    "·": r"$\cdot$",
    "\u2212": "$-$",
    "\u00d7": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "`": r"\textasciigrave{}",
    **{sign: f"{{{sign}}}" for sign in "[]*"},  # after \\ they would be an argument
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "λ": r"$\lambda$",
    **{letter: rf"$\{unicode_name(letter).rpartition(' ')[2].lower()}$" for letter in "αβγδεζηθικμνξπρστυφχψω"},
}
# What pdfLaTeX sets in T1 fonts without further packages: Latin letters, and the usual punctuation.
_KNOWN = re.compile(
    r"[ -~¡-¬®-ĥĨ-ķĹ-ľŁ-ňŊ-ťŨ-ž"
    r"\u2010-\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122\u2190-\u2193]"
)
# Any other sign is set by XeLaTeX and LuaLaTeX, in a font that has it; pdfLaTeX writes its number.
_UNICODE_SIGN = (
    r"\ifdefined\unicodesign\else"
    r"\DeclareRobustCommand\unicodesign[2]{\ifdefined\Umathcode#2\else{[}U+#1{]}\fi}"
    r"\fi"
)


def latex_text(text: str) -> str:
    """Return text that LaTeX shows as it is, on one line; characters that do not print become a question mark."""
    escaped = "".join(_sign(sign) for sign in flat(text))
    return re.sub(r"(?<=([-',]))(?=\1)", "{}", escaped)  # two of these would join to a dash or a quotation mark


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    return sign if _KNOWN.fullmatch(sign) else rf"\unicodesign{{{ord(sign):04X}}}{{{sign}}}"


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
            f"% Report of the study {flat(name)}, by gce-study. In the preamble: "
            r"\usepackage{booktabs,longtable} and \usepackage[T1]{fontenc}."
        ),
        _UNICODE_SIGN,
        rf"\paragraph{{{latex_text(headline)}.}} {latex_text(verdict)}",
    ]
    number = 0
    for section in sections:
        if section.text:
            parts.append(rf"\paragraph{{{latex_text(section.title)}.}} " + "\n\n".join(map(latex_text, section.text)))
        for table in section.tables:
            if table.rows:
                number += 1
                parts.append(to_latex(table, f"tab:{re.sub('[^A-Za-z0-9]+', '-', name)}-{number}"))
    return "\n\n".join(parts) + "\n"
