"""The folder ``paper``: what an article on a study needs, for LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.drawing.images import images
from analysis.report.drawing.sizes import laid_out, needs_both_columns
from analysis.report.first_screen import FirstScreen
from analysis.report.formats import PAPER, PDF_FIGURES, SIZES
from analysis.report.paper.article import TALLEST_MM, article
from analysis.report.paper.methods_text import methods_tex, references_bib
from analysis.report.paper.result_table import result_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.plotting.figure import Figure
    from analysis.report.drawing.browser import Browser
    from analysis.report.formats import SizeName
    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section

APPENDIX = "Appendix"


def paper_files(
    browser: Browser, report: MethodReport, sections: Sequence[Section], size: SizeName | None = None
) -> dict[str, bytes]:
    """Return the files by their names: ``main.tex`` and what it inputs, and a PDF of each figure.

    Figures have the numbers of the report. Those of its appendix are left out. A figure too tall for a page is pushed
    together, and if that is not enough, LaTeX shrinks it with its text.

    Args:
        browser: draws the figures.
        report: of the study.
        sections: of the report.
        size: of the figures; by default those with panels beside one another take both columns, the others one.

    Raises:
        ValueError: the size is that of slides.
        RenderError: Chromium is not installed, or drawing failed.

    """
    if size == "slide":
        msg = f"size {size!r} of format {PAPER}; allowed: column, double"
        raise ValueError(msg)
    cited = cited_figures(sections, size)
    layouts = {str(number): laid_out(figure.drawing, SIZES[its], TALLEST_MM) for number, figure, its in cited}
    drawn = images(browser, layouts, [PDF_FIGURES])
    texts = text_files(report, [(number, figure, its == "double") for number, figure, its in cited])
    made = {file: text.encode() for file, text in texts.items()}
    made |= {f"{PAPER}/figure{number}.pdf": data for (number, _), data in drawn.items()}
    return made


def cited_figures(sections: Sequence[Section], size: SizeName | None) -> list[tuple[int, Figure, SizeName]]:
    """Return the figures that an article may show, with their numbers and sizes."""
    return [
        (number, figure, size or ("double" if needs_both_columns(figure.drawing) else "column"))
        for section in sections
        if section.group != APPENDIX
        for number, figure in enumerate(section.figures, section.first_figure)
    ]


def text_files(report: MethodReport, figures: Sequence[tuple[int, Figure, bool]]) -> dict[str, str]:
    """Return the files of text by their names.

    Args:
        report: of the study.
        figures: the number, the figure, and whether it takes both columns.

    """
    screen = report.headline
    plan, table = report.finding.plan, FirstScreen(report).table
    bib = references_bib(report.methods)
    texts = (screen.text, screen.advice, report.verdict)
    rows = table is not None and bool(table.rows)
    files = {
        "main.tex": article(plan.name, texts, figures, cites=bool(bib)),
        "methods.tex": methods_tex(report.methods),
        "refs.bib": bib,
        "table.tex": result_table(table) if table is not None and rows else "",
    }
    return {f"{PAPER}/{file}": text for file, text in files.items()}
