"""Names that hold markup: each format shows them as they are, whatever they hold."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analysis.report.latex.document import document
from analysis.report.latex.text import latex_text
from analysis.report.markdown import markdown_text, to_markdown
from analysis.report.plotly.source import plotly_js
from analysis.report.write import write_report
from analysis.tables.table import Table
from compiling import compiled, need, overfull
from hostile_text import HOSTILE
from trainables.characters import flat
from trainables.losses.catalogue import GCE

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder

# Of what `latex_text` may consist: signs without a meaning in LaTeX, and its own escapes.
PLAIN = r"[^\\{}$&#^_~%<>|\"`\[\]*]"
ESCAPES = (
    PLAIN,
    r"\\[&%$#_{}]",
    r"\\text[a-z]+\{\}",
    r"\{[\[\]*]\}",
    r"\{\}",
    r"\\hspace\{0pt\}",
    r"\$(?:-|\\[a-z]+|[Lqd]_[aqz])\$",
    rf"\\unicodesign\{{[0-9A-F]{{4,6}}\}}\{{{PLAIN}\}}",
)
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2028]")
MARKUP = st.text() | st.text(alphabet="`*_~$#@[]|<>&!-+=.)(1 \\'\"ab:/\n")
TAGS = ["<p>", "</p>", "<table>", "<thead>", "<tr>", "<th>", "</th>", "</tr>", "</thead>", "<tbody>", "<tr>", "<td>"]
TAGS += ["</td>", "</tr>", "</tbody>", "</table>"]
TAGS_OF_MARKDOWN = ("h1", "h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li")
PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx,longtable}
\begin{document}
\listoftables
\input{report/report.tex}
\end{document}
"""


@settings(deadline=None, max_examples=200, derandomize=True)
@given(MARKUP)
def test_no_text_has_a_meaning_in_latex(text: str) -> None:
    assert re.fullmatch(f"(?:{'|'.join(ESCAPES)})*", latex_text(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("'' ,, -- it's", "'{}' ,{}, -{}- it's"),
        ("e\u0301\u202e", "é?"),
        ("雨 🐶", r"\unicodesign{96E8}{雨} \unicodesign{1F436}{🐶}"),
        ("T=316.2278, lr=0.000123456", r"T=316.2278, lr=\hspace{0pt}0.000123456"),
        ("T=10^2.5 to 10^-3.5.", "T=$10^{2.5}$ to $10^{-3.5}$."),
        ("label_smoothing+clean", r"label\_\hspace{0pt}smoothing+\hspace{0pt}clean"),
        ("L_q, not xL_q", r"$L_q$, not xL\_q"),
        ("ρ² β", r"$\rho$² $\beta$"),
    ],
)
def test_latex_joins_no_signs_and_knows_each_letter(text: str, shown: str) -> None:
    assert latex_text(text) == shown


def test_labels_and_comments_of_latex_hold_no_markup() -> None:
    text = document("a%b\n\\c{", "h", "v", [])
    assert text.splitlines()[0].startswith("% Report of the study a%b \\c{, by gce-study.")


@settings(deadline=None, max_examples=200, derandomize=True)
@given(MARKUP)
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    """A parser of CommonMark with GitHub's tables and strike-through reads a paragraph, and a table of one cell."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    paragraph = parser.render(f"x {markdown_text(text)} x").replace("<!-- -->", "")
    table = parser.render(to_markdown(Table("t", ("h",), ((f"x{text}x",),)))).replace("<!-- -->", "")
    assert re.findall("<[^>]*>", paragraph + table) == TAGS
    assert html.unescape(paragraph) == f"<p>x {flat(text)} x</p>\n"
    assert f"<td>{flat(f'x{text}x')}</td>" in html.unescape(table)


@pytest.mark.slow  # pdflatex, twice
def test_the_latex_report_compiles_whatever_its_names_hold(full_study: Builder, tmp_path: Path) -> None:
    need("booktabs.sty")
    full_study.description, full_study.classes = HOSTILE, [HOSTILE, r"\input{/etc/passwd}"]
    full_study.skipped = [(HOSTILE, HOSTILE)]
    full_study.add(HOSTILE, GCE(name="gce", q=0.3), 0, status="failed", error=r"\bad{ $^")
    storage = tmp_path / "results"
    write_report(storage, full_study.write(storage), tmp_path / "report", formats=["latex"])
    (tmp_path / "paper.tex").write_text(PREAMBLE)
    printed = compiled(tmp_path, "paper")
    assert overfull(printed) == []
    assert "Missing character" not in printed
    assert (tmp_path / "paper.pdf").stat().st_size > 20_000
    assert "/etc/passwd" not in (tmp_path / "paper.log").read_text(errors="replace").replace("\n", "")


@pytest.mark.slow
def test_the_markdown_and_html_reports_hold_no_markup_of_names(full_study: Builder, tmp_path: Path) -> None:
    full_study.description, full_study.classes = HOSTILE, [HOSTILE, "<b>"]
    full_study.skipped = [(HOSTILE, HOSTILE)]
    full_study.add(HOSTILE, GCE(name="gce", q=0.3), 0, status="failed", error=HOSTILE)
    folder = write_report(tmp_path, full_study.write(tmp_path), formats=["md", "html"])
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render((folder / "report.md").read_text())
    assert set(re.findall(r"<([a-z0-9]+)", rendered)) <= {*TAGS_OF_MARKDOWN}
    assert "alert(1)" in rendered
    assert not HIDDEN.search((folder / "report.md").read_text())
    page = (folder / "report.html").read_text()
    assert not HIDDEN.search(page.replace(plotly_js(), ""))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
