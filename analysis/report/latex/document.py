r"""The report's text and tables as LaTeX without a preamble, to ``\input`` into a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.report.latex.tables import FITTED, to_latex
from analysis.report.latex.text import UNICODE_SIGN, latex_text
from trainables.characters import flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.report.sections import Section

# Lines of names and numbers have few places to break at.
SLACK = r"\emergencystretch=3em"


def document(name: str, headline: str, verdict: str, sections: Sequence[Section]) -> str:
    """Return the report as LaTeX."""
    parts = [
        (
            f"% Report of the study {flat(name)}, by gce-study. In the preamble: "
            r"\usepackage{booktabs,graphicx,longtable} and \usepackage[T1]{fontenc}."
        ),
        f"{{{SLACK}",
        UNICODE_SIGN,
        FITTED,
        rf"\paragraph{{{latex_text(headline)}.}} {latex_text(verdict)}",
    ]
    number = 0
    for section in sections:
        if section.words:
            terms = (rf"\textit{{{latex_text(term)}.}} {latex_text(text)}" for term, text in section.terms)
            words = (*map(latex_text, section.text), *terms, *map(latex_text, section.points))
            parts.append(rf"\paragraph{{{latex_text(section.title)}.}} " + "\n\n".join(words))
        for table in section.tables:
            if table.rows:
                number += 1
                parts.append(to_latex(table, f"tab:{re.sub('[^A-Za-z0-9]+', '-', name)}-{number}"))
    return "\n\n".join(parts) + "\n\n\\par}\n"
