"""Write a study's report: a folder with report.html (opens offline), report.md, runs.csv and summary.csv."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from analysis import compare, exploration, figure_data, figures, tables
from analysis.frames import (
    accuracy_name,
    arms,
    explored,
    load_study,
    reported,
    reported_metric,
    selected_on,
    subsets,
    summary,
)
from analysis.intervals import LEVEL
from analysis.provenance import cost_table, data_table, provenance_table, settings_table
from analysis.verdict import verdict
from trainables.labels import symbol
from trainables.records import study_folder, write_atomically

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analysis.frames import StudyResults
    from analysis.tables import Table


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
    "One run has no interval, and neither have runs that all score the same: they show no spread to judge by.",
    "Configurations are chosen by validation accuracy alone; the test accuracy is read afterwards.",
    "The highest of several means is too high by selection.",
    "The test accuracy is not selected on, but comes from the same runs.",
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
        "summary.csv": summary(reported(results).runs).to_csv(index=False),
        "report.md": markdown(results, found),
        "report.html": page(results, found),
    }
    for file, text in files.items():
        write_atomically(folder / file, text.encode())
    return folder


def sections(results: StudyResults) -> list[Section]:
    """Return the report's sections after the verdict, in reading order."""
    shown, exploring = reported(results), explored(results)
    found = []
    if len(exploring.runs):
        found.append(Section("Exploring", _exploring(results), (exploration.exploration_table(results),)))
    if len(shown.runs):
        choice = () if len(exploring.runs) else (tables.choice_table(shown.runs),)
        found += [
            Section("Accuracy", _sweeps(shown, (reported_metric(shown.runs), selected_on(results.plan)))),
            Section("Results", (), (*choice, *tables.result_tables(shown))),
            Section("Arms on each subset", _boxes(shown)),
            Section("Learning curves", _curves(shown)),
        ]
    found.append(Section("Left out", (), (tables.left_out_table(results.runs), tables.skipped_table(results))))
    if compare.is_published_data(results.plan.dataset):
        found.append(Section("Published", (), (compare.published_table(results), compare.claims_table(results))))
    made = (data_table(results), settings_table(results), cost_table(results), provenance_table(results))
    found.append(Section("Provenance", (), made))
    return [section for section in found if section.figures or section.tables]


def _panels(runs: pd.DataFrame, metric: str) -> list[tuple[str, pd.DataFrame]]:
    """Return what may share an axis, each with the end of its title: validation does not compare across subsets."""
    names = subsets(runs)
    if metric == "test" or len(names) == 1:
        return [("", runs)]
    return [(f" on {name}", runs[runs["subset"] == name]) for name in names]


def _exploring(results: StudyResults) -> tuple[Figure, ...]:
    """Draw what led to the choice: the posterior of a settle study, else the means of the runs that ended."""
    data = figure_data.posterior_sweep(results) if results.plan.method == "settle" else None
    if data is None:
        return _sweeps(explored(results), (selected_on(results.plan),))
    caption = (
        "Every open mark is an exploring run; filled marks are posterior means with the interval that holds 95 % of "
        "the posterior, which learns from neighbouring values too. The choice is made on these numbers."
    )
    title = f"{accuracy_name(data.metric)} against {symbol(data.parameter)}"
    return (Figure(title, caption, figures.draw_sweep(data, arms(results.runs))),)


def _sweeps(results: StudyResults, metrics: tuple[str, ...]) -> tuple[Figure, ...]:
    """Draw each of the accuracies against every varied number."""
    found = []
    for parameter in figure_data.sweep_parameters(results.runs):
        for metric in dict.fromkeys(metrics):
            caption = (
                f"Every open mark is a run; filled marks are means with {100 * LEVEL:g} % t-intervals over seeds. "
                "A level with a band is an arm without this parameter; its runs stand at the right edge."
            )
            if metric == selected_on(results.plan):
                caption += " The choice is made on these numbers."
            for where, runs in _panels(results.runs, metric):
                data = figure_data.sweep(runs, parameter, metric)
                if len({x for line in data.lines for x in line.x}) > 1:  # one value alone has no axis
                    title = f"{accuracy_name(metric)} against {symbol(parameter)}{where}"
                    found.append(Figure(title, caption, figures.draw_sweep(data, arms(results.runs))))
    return tuple(found)


def _boxes(results: StudyResults) -> tuple[Figure, ...]:
    metric = reported_metric(results.runs)
    caption = (
        "Each box stands for an arm on a subset, by its configuration of the highest mean validation accuracy there: "
        "median, quartiles, whiskers to the furthest run within 1.5 quartile ranges. Every mark is a run."
    )
    found = []
    for where, runs in _panels(results.runs, metric):
        if data := figure_data.boxes(runs, metric):
            title = f"{metric.capitalize()} accuracy per arm{where or ' and subset'}"
            found.append(Figure(title, caption, figures.draw_boxes(data, metric, arms(results.runs))))
    return tuple(found)


def _curves(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the learning curves, a figure per subset."""
    caption = (
        "The same configurations as in the boxes. Thin lines are runs, whatever their status; the thick line is the "
        "mean of the complete ones, drawn as long as all of them still train. Training losses of different losses have "
        "different scales and do not compare."
    )
    found = []
    for where, runs in _panels(results.runs, "validation"):
        accuracy, loss = (
            figure_data.curves(runs, results.curves, name) for name in ("validation_accuracy", "train_loss")
        )
        if any(curve.runs for curve in accuracy):
            title = f"Validation accuracy and training loss per epoch{where}"
            found.append(Figure(title, caption, figures.draw_curves(accuracy, loss, arms(results.runs))))
    return tuple(found)


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
