"""Write a study's report: a folder with the files of the requested formats, by default HTML, Markdown and CSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.utils import PlotlyJSONEncoder

from analysis.plotting.dark import differing_colours, without_template
from analysis.plotting.theme import templates
from analysis.report import latex
from analysis.report.codebook import codebook
from analysis.report.drawing.browser import print_pdf
from analysis.report.drawing.images import IMAGES, figure_files
from analysis.report.drawing.sizes import FigureFormat
from analysis.report.json_report import report_json
from analysis.report.markdown import markdown_text, to_markdown
from analysis.report.method_report import method_report
from analysis.report.plotly.source import plotly_js
from analysis.report.sections import figures_of, report_sections
from analysis.results.reported_metric import of_metric
from analysis.results.study_results import load_results
from analysis.statistics.intervals import LEVEL, MIN_SEEDS
from analysis.tables.csv_text import frame_csv
from analysis.tables.summary import summary
from trainables.characters import visible
from trainables.numerals import unbroken
from trainables.plans import study_folder
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.plotting.figure import Figure
    from analysis.report.method_report import MethodReport
    from analysis.report.sections import Section
    from trainables.storage.types import Location

FORMATS = ("html", "md", "latex", "csv", "json", "pdf", *IMAGES)
USUAL = ("html", "md", "csv")  # what a study ends with; they need nothing that is not installed
USUAL_FIGURES = FigureFormat()
HOW_TO_READ = (
    "A run is one training of one configuration with one seed. A configuration is an arm with every parameter fixed.",
    "Only complete runs enter means, intervals and choices. The others are listed above and never count as zero.",
    f"An interval is a {100 * LEVEL:g} % t-interval over n runs: what other seeds, not other data, would change.",
    f"Fewer than {MIN_SEEDS} runs are shown beside their mean: an interval over them could be wider than the scale.",
    "Runs that all score the same have no interval: they show no spread to judge by.",
    "Configurations are chosen on validation clips alone; the score on test clips is read afterwards.",
    "The highest of several means is too high by selection.",
    "The score on test clips is not selected on, but comes from the same runs.",
    "Validation clips keep the labels they came with and differ between subsets: compare them within a subset only.",
    "Seeds are paired: seed s gives every configuration the same order and split, and equal networks equal weights.",
    "Differences are therefore taken seed by seed; overlapping intervals of two means do not test their difference.",
    "That both may be the best does not mean that they are equal: more seeds may separate them.",
)


def write_report(  # noqa: PLR0913 -- what decides a report
    storage: Location | Path | str,
    name: str,
    out: Location | Path | None = None,
    formats: Sequence[str] = USUAL,
    *,
    show_test: bool = False,
    metric: str = "accuracy",
    figures: FigureFormat = USUAL_FIGURES,
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

    Raises:
        FileNotFoundError: the storage location holds no study of that name.
        ValueError: a format is not one of ``FORMATS``, or the report cannot be of the metric.
        RenderError: a format needs a browser, and this machine has none, or it failed.
        OSError: the folder cannot be written.

    """
    root = location(storage)
    folder = study_folder(root, name) / "report" if out is None else location(out)
    results = of_metric(load_results(root, name, show_test=show_test), metric)
    write_files(method_report(results, root), folder, formats, figures)
    return folder


def write_files(
    report: MethodReport, folder: Location, formats: Sequence[str] = USUAL, figures: FigureFormat = USUAL_FIGURES
) -> None:
    """Write a report's files to a folder; see ``write_report``."""
    for file, data in files(report, formats, figures).items():
        (folder / file).write(data)


def files(report: MethodReport, formats: Sequence[str], figures: FigureFormat = USUAL_FIGURES) -> dict[str, bytes]:
    """Return a report's files by their names in its folder.

    These are ``report.*``, two CSV files with their codebook ``columns.md``, and ``figures/NAME.png``.

    Raises:
        ValueError: a format is not one of ``FORMATS``.
        RenderError: a format needs a browser, and this machine has none, or it failed.

    """
    if unknown := [form for form in formats if form not in FORMATS]:
        msg = f"format {unknown[0]!r}; allowed: {', '.join(FORMATS)}"
        raise ValueError(msg)
    sections = report_sections(report)
    html = page(report, sections) if {"html", "pdf"} & set(formats) else ""
    made: dict[str, str] = {}
    if "csv" in formats:
        made["runs.csv"] = frame_csv(report.finding.results.runs)
        made["summary.csv"] = frame_csv(means := summary(report.finding))
        made["columns.md"] = codebook({"runs.csv": report.finding.results.runs.columns, "summary.csv": means.columns})
    if "md" in formats:
        made["report.md"] = markdown(report, sections)
    if "latex" in formats:
        made["report.tex"] = latex.document(report.finding.plan.name, report.headline.text, report.verdict, sections)
    if "json" in formats:
        made["report.json"] = report_json(report, sections)
    if "html" in formats:
        made["report.html"] = html
    drawn: dict[str, bytes] = {"report.pdf": print_pdf(html)} if "pdf" in formats else {}
    if wanted := [form for form in IMAGES if form in formats]:
        drawings = {name: figure.drawing for name, figure in figures_of(sections).items()}
        drawn |= figure_files(drawings, wanted, figures)
    return {file: text.encode() for file, text in made.items()} | drawn


def markdown(report: MethodReport, sections: list[Section]) -> str:
    """Return the report as Markdown: the verdict and every table; the figures are in the HTML."""
    plan = report.finding.plan
    parts = [f"# {markdown_text(plan.name)}", markdown_text(plan.description)]
    result = report.headline
    parts.append(f"**{markdown_text(result.text)}.** {markdown_text(result.advice)}".rstrip())
    parts += ["## In full", markdown_text(report.verdict)]
    for section in sections:
        if not section.tables and not section.text:
            continue
        parts += [f"## {markdown_text(section.title)}", *map(markdown_text, section.text)]
        for table in section.tables:
            parts += [f"### {markdown_text(table.title)}", to_markdown(table)]
    parts += ["## How to read this", "\n".join(f"- {line}" for line in HOW_TO_READ)]
    parts.append("The figures are in report.html, the runs in runs.csv, the means in summary.csv (fractions).")
    return "\n\n".join(part for part in parts if part) + "\n"


def page(report: MethodReport, sections: list[Section]) -> str:
    """Return the report as one HTML page that needs no network: it contains plotly.js once."""
    environment = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: (
            unbroken(visible(value)) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    environment.filters["data"] = _data
    drawings = {name: _drawn(figure) for name, figure in figures_of(sections).items()}
    return environment.get_template("report.html.j2").render(
        plan=report.finding.plan,
        headline=report.headline,
        verdict=report.verdict,
        sections=sections,
        how_to_read=HOW_TO_READ,
        spec=json.dumps(report.finding.plan.spec, indent=2, ensure_ascii=False),
        drawings=drawings,
        on_dark=differing_colours(drawings.values()),
        templates=templates(),
        plotly=Markup(plotly_js()),  # noqa: S704 -- plotly's source, not user input
    )


def _drawn(figure: Figure) -> dict[str, Any]:
    """Return a figure as plain data, with the buttons that appear above it."""
    # Named one by one: the default set has a button that sends the data elsewhere.
    buttons = [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]
    config = {"responsive": True, "displaylogo": False, "modeBarButtons": buttons}
    return {**without_template(figure.drawing.to_plotly_json()), "config": config}


def _data(value: object) -> Markup:
    """Return a value as JSON inside a script element, which nothing in it can end."""
    text = json.dumps(value, cls=PlotlyJSONEncoder, ensure_ascii=True).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 -- a browser reads it as data; its names went through plotting.theme.escaped
