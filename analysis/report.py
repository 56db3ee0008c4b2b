"""Write a study's report: a folder with report.html (opens offline), report.md, runs.csv and summary.csv."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis import figure_data, figures, tables
from analysis.frames import load_study, reported_metric, summary, symbol
from analysis.intervals import LEVEL
from analysis.provenance import cost_table, data_table, provenance_table
from analysis.verdict import verdict
from trainables.records import study_folder, write_atomically

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from analysis.frames import StudyResults
    from analysis.tables import Table

PUBLISHED_KIND = "fsdnoisy18k"  # the data set that the published numbers are of


@dataclass(frozen=True)
class Figure:
    """A drawn figure with its title and a caption that says what it shows."""

    title: str
    caption: str
    drawing: go.Figure


@dataclass(frozen=True)
class Section:
    """One section of the report: a heading, then figures, then tables."""

    title: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()


HOW_TO_READ = (
    "A run is one training of one configuration with one seed. A configuration is an arm with every parameter fixed.",
    "Only complete runs enter means, intervals and choices. The others are listed above and never count as zero.",
    f"An interval is a {100 * LEVEL:g} % t-interval over n runs: what other seeds, not other data, would change.",
    "One run has no interval.",
    "Configurations are chosen by validation accuracy alone; the test accuracy is read afterwards.",
    "Validation clips keep the labels they came with and differ between subsets: compare them within a subset only.",
    "Seeds are paired: seed s gives every configuration the same initial weights, order and split.",
    "Differences are therefore taken seed by seed; overlapping intervals of two means do not test their difference.",
    "Not told apart does not mean equal: more seeds may separate two configurations.",
)


def write_report(storage: Path | str, name: str, out: Path | None = None) -> Path:
    """Write a study's report and return its folder.

    Each file is written to a temporary name and then moved into place, so a reader sees a whole file or the old one.

    Args:
        storage: the storage location that holds the study and the ledger.
        name: the study's name.
        out: the folder to write to; ``storage/studies/NAME/report`` when None.

    Raises:
        FileNotFoundError: the storage location holds no study of that name.
        OSError: the folder cannot be written.

    """
    root = Path(storage) if isinstance(storage, str) else storage
    results = load_study(root, name)
    folder = study_folder(root, name) / "report" if out is None else out
    found = sections(results)
    files = {
        "runs.csv": results.runs.to_csv(index=False),
        "summary.csv": summary(results.runs).to_csv(index=False),
        "report.md": markdown(results, found),
        "report.html": page(results, found),
    }
    for file, text in files.items():
        write_atomically(folder / file, text.encode())
    return folder


def sections(results: StudyResults) -> list[Section]:
    """Return the report's sections after the verdict, in reading order."""
    runs = results.runs
    found = [
        Section("Accuracy", _sweeps(results)),
        Section("Results", (), (tables.choice_table(runs), *tables.result_tables(results))),
        Section("Arms on each subset", _boxes(results)),
        Section("Learning curves", _curves(results)),
        Section("Left out", (), (tables.left_out_table(runs), tables.skipped_table(results))),
    ]
    if results.plan.dataset.kind == PUBLISHED_KIND:
        found.append(Section("Published", (), (tables.published_table(runs), tables.claims_table(runs))))
    found.append(Section("Provenance", (), (data_table(results), cost_table(results), provenance_table(results))))
    return [section for section in found if section.figures or section.tables]


def _sweeps(results: StudyResults) -> tuple[Figure, ...]:
    """Draw accuracy against every varied number, test before validation."""
    found = []
    for parameter in figure_data.sweep_parameters(results.runs):
        for metric in dict.fromkeys((reported_metric(results.runs), "validation")):
            data = figure_data.sweep(results.runs, parameter, metric)
            if not data.lines:
                continue
            caption = (
                f"Every open mark is a run; filled marks are means with {100 * LEVEL:g} % t-intervals over seeds. "
                "A level with a band is an arm without this parameter; its runs stand at the right edge."
            )
            if metric == "validation":
                caption += " The choice is made on these numbers."
            title = f"{metric.capitalize()} accuracy against {symbol(parameter)}"
            found.append(Figure(title, caption, figures.draw_sweep(data)))
    return tuple(found)


def _boxes(results: StudyResults) -> tuple[Figure, ...]:
    metric = reported_metric(results.runs)
    data = figure_data.boxes(results.runs, metric)
    if not data:
        return ()
    caption = (
        "Each box stands for an arm on a subset, by its configuration of the highest mean validation accuracy there: "
        "median, quartiles, whiskers to the furthest run within 1.5 quartile ranges. Every mark is a run."
    )
    return (Figure(f"{metric.capitalize()} accuracy per arm and subset", caption, figures.draw_boxes(data, metric)),)


def _curves(results: StudyResults) -> tuple[Figure, ...]:
    accuracy = figure_data.curves(results, "validation_accuracy")
    if not any(curve.runs for curve in accuracy):
        return ()
    caption = (
        "The same configurations as in the boxes. Thin lines are runs, whatever their status; the thick line is the "
        "mean of the complete ones, drawn as long as all of them still train. Training losses of different losses have "
        "different scales and do not compare."
    )
    drawing = figures.draw_curves(accuracy, figure_data.curves(results, "train_loss"))
    return (Figure("Validation accuracy and training loss per epoch", caption, drawing),)


def markdown(results: StudyResults, found: list[Section]) -> str:
    """Return the report as Markdown: the verdict and every table; the figures are in the HTML."""
    plan = results.plan
    parts = [f"# {tables.markdown_text(plan.name)}", tables.markdown_text(plan.description)]
    parts += ["## Verdict", tables.markdown_text(verdict(results))]
    for section in found:
        if not section.tables:
            continue
        parts.append(f"## {section.title}")
        for table in section.tables:
            parts += [f"### {table.title}", tables.to_markdown(table)]
    parts += ["## How to read this", "\n".join(f"- {line}" for line in HOW_TO_READ)]
    parts.append("The figures are in report.html, the runs in runs.csv, the means in summary.csv (fractions).")
    return "\n\n".join(part for part in parts if part) + "\n"


def page(results: StudyResults, found: list[Section]) -> str:
    """Return the report as one HTML page that needs no network: plotly.js lies inside it once."""
    environment = Environment(
        loader=PackageLoader("analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["embed"] = _embed
    return environment.get_template("report.html.j2").render(
        plan=results.plan,
        verdict=verdict(results),
        sections=found,
        how_to_read=HOW_TO_READ,
        spec=json.dumps(results.plan.spec, indent=2, ensure_ascii=False),
        plotly=Markup(get_plotlyjs()),  # noqa: S704 -- plotly's own source, no input of ours
    )


def _embed(figure: Figure, name: str) -> Markup:
    """Return a figure as an HTML fragment; plotly escapes <, > and / inside its JSON."""
    # Named one by one: the default set has a button that sends the data elsewhere.
    buttons = [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]
    config = {"responsive": True, "displaylogo": False, "modeBarButtons": buttons}
    text = figure.drawing.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=config)
    return Markup(text)  # noqa: S704 -- names in it went through figures.escaped
