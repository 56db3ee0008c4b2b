"""Write a study's report: a folder with the files of the requested formats, by default HTML, Markdown and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.codebook import codebook
from analysis.report.drawing.browser import Browser
from analysis.report.drawing.images import figure_files
from analysis.report.formats import FORMATS, IMAGES, PAPER, USUAL, FigureFormat
from analysis.report.json_report import report_json
from analysis.report.latex.document import document
from analysis.report.markdown import markdown
from analysis.report.method_report import method_report
from analysis.report.page import page
from analysis.report.paper.folder import paper_files
from analysis.report.sections import figures_of, report_sections
from analysis.results.reported_metric import of_metric
from analysis.results.study_results import load_results
from analysis.tables.csv_text import frame_csv
from analysis.tables.summary import summary
from trainables.plans import study_folder
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section
    from trainables.storage.types import Location

USUAL_FIGURES = FigureFormat()
# file -> (the format that it is written with, what a link to it is called).
DOWNLOADS = {
    "report.pdf": ("pdf", "PDF"),
    "report.tex": ("latex", "LaTeX"),
    "report.md": ("md", "Markdown"),
    "runs.csv": ("csv", "Runs, CSV"),
    "summary.csv": ("csv", "Means, CSV"),
    "report.json": ("json", "JSON"),
}


def write_report(  # noqa: PLR0913 -- what decides a report
    storage: Location | Path | str,
    name: str,
    out: Location | Path | None = None,
    formats: Sequence[str] = USUAL,
    *,
    show_test: bool = False,
    metric: str = "accuracy",
    figures: FigureFormat = USUAL_FIGURES,
    long: bool = False,
) -> Location:
    """Write a study's report and return its folder.

    Every file is made before the first is written; each is written to a temporary name and then moved into place, so a
    reader sees a whole file or the old one.

    Args:
        storage: the storage location that holds the study and the ledger.
        name: the study's name.
        out: the folder to write to; ``storage/studies/NAME/report`` when None.
        formats: any of ``FORMATS``.
        show_test: whether to show the test accuracies of a study that has not ended.
        metric: the metric on test clips that the report is of, one of ``analysis.results.reported_metric.REPORTABLE``.
        figures: size and resolution of the figures that are files of their own.
        long: whether the PDF has every section; by default it has the first screen, Figure 1 and Table 1.

    Raises:
        FileNotFoundError: the storage location holds no study of that name.
        ValueError: a format is not one of ``FORMATS`` or cannot have the size, or the report cannot be of the metric.
        RenderError: a format needs a browser, and this machine has none, or it failed.
        OSError: the folder cannot be written.

    """
    root = location(storage)
    folder = study_folder(root, name) / "report" if out is None else location(out)
    results = of_metric(load_results(root, name, show_test=show_test), metric)
    write_files(method_report(results, root), folder, formats, figures, long=long)
    return folder


def write_files(
    report: MethodReport,
    folder: Location,
    formats: Sequence[str] = USUAL,
    figures: FigureFormat = USUAL_FIGURES,
    *,
    long: bool = False,
) -> None:
    """Write a report's files to a folder; see ``write_report``."""
    for file, data in files(report, formats, figures, long=long).items():
        (folder / file).write(data)


def files(
    report: MethodReport, formats: Sequence[str], figures: FigureFormat = USUAL_FIGURES, *, long: bool = False
) -> dict[str, bytes]:
    """Return a report's files by their names in its folder.

    These are ``report.*``, two CSV files with their codebook ``columns.md``, and ``figures/NAME.png``.

    Raises:
        ValueError: a format is not one of ``FORMATS``, or cannot have the size.
        RenderError: a format needs a browser, and this machine has none, or it failed.

    """
    if unknown := [form for form in formats if form not in FORMATS]:
        msg = f"format {unknown[0]!r}; allowed: {', '.join(FORMATS)}"
        raise ValueError(msg)
    sections = report_sections(report)
    made: dict[str, str] = {}
    if "csv" in formats:
        made["runs.csv"] = frame_csv(report.finding.results.runs)
        made["summary.csv"] = frame_csv(means := summary(report.finding))
        made["columns.md"] = codebook({"runs.csv": report.finding.results.runs.columns, "summary.csv": means.columns})
    if "md" in formats:
        made["report.md"] = markdown(report, sections)
    if "latex" in formats:
        made["report.tex"] = document(report.finding.plan.name, report.headline.text, report.verdict, sections)
    if "json" in formats:
        made["report.json"] = report_json(report, sections)
    if "html" in formats:
        links = {file: name for file, (form, name) in DOWNLOADS.items() if form in formats}
        made["report.html"] = page(report, sections, links)
    with Browser() as browser:
        drawn = _drawn_files(browser, report, sections, formats, figures, long=long)
    return {file: text.encode() for file, text in made.items()} | drawn


def _drawn_files(  # noqa: PLR0913 -- a browser, and what decides a report
    browser: Browser,
    report: MethodReport,
    sections: Sequence[Section],
    formats: Sequence[str],
    figures: FigureFormat,
    *,
    long: bool,
) -> dict[str, bytes]:
    """Return the files that a browser draws; without such a format none is started."""
    drawn: dict[str, bytes] = {}
    if "pdf" in formats:
        browser.open(page(report, sections, {}, "long" if long else "short"))
        drawn["report.pdf"] = browser.pdf()
    if wanted := [form for form in IMAGES if form in formats]:
        drawings = {name: figure.drawing for name, figure in figures_of(sections).items()}
        drawn |= figure_files(browser, drawings, wanted, figures)
    if PAPER in formats:
        drawn |= paper_files(browser, report, sections, figures.size)
    return drawn
