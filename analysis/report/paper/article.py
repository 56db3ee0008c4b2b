r"""A two-column article of a study's results, which inputs the other files of the folder: it compiles at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.latex.text import UNICODE_SIGN, latex_text
from analysis.text.phrases import joined
from trainables.characters import flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.plotting.figure import Figure

TALLEST_MM = 200.0  # of a figure: a taller one leaves no room on a page for its caption
# The columns are as wide as the figures: 84 mm, and 174 mm for both.
PREAMBLE = r"""\documentclass[10pt,twocolumn]{article}
\usepackage[T1]{fontenc}
\usepackage[a4paper,textwidth=174mm,textheight=247mm,columnsep=6mm,centering]{geometry}
\usepackage{mathptmx}
\usepackage{booktabs,graphicx,siunitx}
\usepackage[font=small,labelfont=bf]{caption}
\emergencystretch=3em"""


def article(name: str, texts: tuple[str, str, str], figures: Sequence[tuple[int, Figure, bool]], *, cites: bool) -> str:
    """Return ``main.tex``.

    Args:
        name: of the study.
        texts: headline, advice and verdict.
        figures: the number, the figure, and whether it takes both columns.
        cites: whether the methods cite works.

    """
    headline, advice, verdict = map(latex_text, texts)
    parts = [
        f"% The study {flat(name)}, by gce-study. pdflatex main; bibtex main; pdflatex main; pdflatex main",
        PREAMBLE,
        UNICODE_SIGN,
        rf"\title{{{latex_text(name)}}}",
        r"\author{}",
        r"\date{}",
        r"\begin{document}",
        r"\maketitle",
        rf"\begin{{abstract}}\noindent {headline}. {advice}\end{{abstract}}",
        r"\section{Methods}",
        r"\input{methods}",
        r"\section{Results}",
        f"{verdict} {_mentions([number for number, _, _ in figures])}",
        r"\input{table}",
        *(_float(number, figure, wide=wide) for number, figure, wide in figures),
        *([r"\bibliographystyle{unsrt}", r"\bibliography{refs}"] if cites else []),
        r"\end{document}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _mentions(numbers: Sequence[int]) -> str:
    """Return a sentence that refers to the table and to every figure."""
    marks = [rf"\ref{{fig:{number}}}" for number in numbers]
    table = r"Table~\ref{tab:results} has all configurations"
    if not marks:
        return f"{table}."
    return f"{table}; see also {'Figure' if len(marks) == 1 else 'Figures'}~{joined(marks)}."


def _float(number: int, figure: Figure, *, wide: bool) -> str:
    kind, width = ("figure*", r"\textwidth") if wide else ("figure", r"\columnwidth")
    return "\n".join(
        [
            rf"\begin{{{kind}}}[tbp]",
            r"\centering",
            rf"\includegraphics[width={width},height={TALLEST_MM:g}mm,keepaspectratio]{{figure{number}.pdf}}",
            rf"\caption{{{latex_text(figure.title)}. {latex_text(figure.caption)}}}",
            rf"\label{{fig:{number}}}",
            rf"\end{{{kind}}}",
        ]
    )
