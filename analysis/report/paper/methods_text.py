"""The paragraph on methods in LaTeX, with its citations, and the works that it cites as BibTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.report.latex.text import UNICODE_SIGN, latex_text
from analysis.text.methods.bibliography import WORKS, cited_works

if TYPE_CHECKING:
    from collections.abc import Sequence


def methods_tex(methods: Sequence[str]) -> str:
    r"""Return the paragraph in LaTeX: ``(Hsu, 1981)`` becomes ``\cite{hsu}``, and ``Hsu, 1981`` ``Hsu~\cite{hsu}``.

    Args:
        methods: the paragraph, then a reference for each work that it cites; see ``text.methods.paragraph.methods``.

    """
    if not methods:
        return ""
    text = latex_text(methods[0])
    keys = {latex_text(WORKS[key].citation()): key for key in cited_works(methods[1:])}
    if keys:
        one = "|".join(map(re.escape, sorted(keys, key=len, reverse=True)))
        text = re.sub(rf" ?\(((?:{one})(?:; (?:{one}))*)\)", lambda found: _cite(found[1].split("; "), keys), text)
        text = re.sub(rf"(?:{one})", lambda found: found[0].rpartition(",")[0] + _cite([found[0]], keys), text)
    return f"{UNICODE_SIGN}%\n{text}\n"


def _cite(citations: Sequence[str], keys: dict[str, str]) -> str:
    return rf"~\cite{{{','.join(keys[citation] for citation in citations)}}}"


def references_bib(methods: Sequence[str]) -> str:
    """Return an entry for each work that the paragraph cites."""
    return "\n".join(WORKS[key].bibtex(key) for key in cited_works(methods[1:]))
