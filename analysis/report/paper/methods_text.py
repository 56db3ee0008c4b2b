"""A study's methods in LaTeX, with their citations, and the works that they cite as BibTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.report.latex.text import UNICODE_SIGN, latex_text
from analysis.text.methods.bibliography import WORKS, cited_works

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.text.methods.parts import Methods


def methods_tex(methods: Methods) -> str:
    r"""Return the methods in LaTeX, a ``\paragraph`` for each part; empty without any.

    ``(Hsu, 1981)`` becomes ``\cite{hsu}``, and ``Hsu, 1981`` ``Hsu~\cite{hsu}``.
    """
    if not methods.parts:
        return ""
    text = "\n\n".join(rf"\paragraph{{{latex_text(heading)}.}} {latex_text(told)}" for heading, told in methods.parts)
    keys = {latex_text(WORKS[key].citation()): key for key in cited_works(methods.works)}
    if keys:
        one = "|".join(map(re.escape, sorted(keys, key=len, reverse=True)))
        text = re.sub(rf" ?\(((?:{one})(?:; (?:{one}))*)\)", lambda found: _cite(found[1].split("; "), keys), text)
        text = re.sub(rf"(?:{one})", lambda found: found[0].rpartition(",")[0] + _cite([found[0]], keys), text)
    return f"{UNICODE_SIGN}%\n{text}\n"


def _cite(citations: Sequence[str], keys: dict[str, str]) -> str:
    return rf"~\cite{{{','.join(keys[citation] for citation in citations)}}}"


def references_bib(methods: Methods) -> str:
    """Return an entry for each work that the methods cite."""
    return "\n".join(WORKS[key].bibtex(key) for key in cited_works(methods.works))
