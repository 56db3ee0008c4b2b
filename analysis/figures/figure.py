"""The report's figures of what is reported: each drawn from its data, with a title and a caption."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis import figure_data, figure_pairs, figure_published, figure_q, figure_runs, figures, paper
from analysis.frames import Key, accuracy_name, arms, complete_runs, reported_metric, selected_on, subsets
from analysis.intervals import LEVEL
from analysis.theme import MOST_DRAWN
from trainables.labels import symbol

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analysis.frames import StudyResults

PUBLISHED = (
    f" Published marks: mean ± {100 * paper.LEVEL:g} % confidence interval over {paper.RUNS} runs, method not known "
    f"({paper.SOURCE})."
)
STRIP = (
    f" The dark strip on the axis: values that may be the best, which validation does not tell apart from the choice "
    f"({100 * LEVEL:g} %, all comparisons together)."
)


@dataclass(frozen=True)
class Figure:
    """A drawn figure with its title and a caption that says what it shows; ``name`` is one in the report."""

    name: str
    title: str
    caption: str
    drawing: go.Figure


def named(*parts: str) -> str:
    """Return a name for a figure, of lower-case letters, digits and underscores: ``accuracy_vs_t``."""
    return re.sub(r"[^a-z0-9]+", "_", " ".join(parts).lower()).strip("_")


def axis(parameter: str) -> str:
    """Return what a parameter is called in a figure's name."""
    return "t" if parameter == "temperature" else parameter


def panels(runs: pd.DataFrame, metric: str) -> list[tuple[str, pd.DataFrame]]:
    """Return what may share an axis, each with the end of its title: validation does not compare across subsets."""
    names = subsets(runs)
    if metric == "test" or len(names) == 1:
        return [("", runs)]
    return [(f" on {name}", runs[runs["subset"] == name]) for name in names]


def part_drawn(runs: pd.DataFrame) -> str:
    """Return the end of a caption where a configuration has more runs than are drawn one by one; else nothing."""
    if runs.groupby(list(Key._fields)).size().max() <= MOST_DRAWN:
        return ""
    return (
        f" Of a configuration with more than {MOST_DRAWN} runs, the first {MOST_DRAWN} in the plan's order are drawn; "
        "means and intervals rest on all of them."
    )


def accuracy_sweeps(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the reported accuracy, and the one that is chosen by, against every varied number."""
    return sweeps(results, (reported_metric(results.runs), selected_on(results.plan)))


def sweeps(results: StudyResults, metrics: tuple[str, ...], prefix: str = "") -> tuple[Figure, ...]:
    """Draw each of the accuracies against every varied number; ``prefix`` begins the figures' names."""
    return tuple(
        figure
        for parameter in figure_data.sweep_parameters(results.runs)
        for metric in dict.fromkeys(metrics)
        for figure in _sweep(results, parameter, metric, prefix)
    )


def _sweep(results: StudyResults, parameter: str, metric: str, prefix: str) -> list[Figure]:
    caption = (
        f"Every open mark is a run; filled marks are means with {100 * LEVEL:g} % t-intervals over seeds. "
        "A level with a band is an arm without this parameter; its runs stand at the right edge."
    )
    if metric == selected_on(results.plan):
        caption += " The choice is made on these numbers."
    marks = figure_published.published_marks(results, parameter) if metric == "test" else []
    found = []
    for where, runs in panels(results.runs, metric):
        data = figure_data.sweep(runs, parameter, metric)
        if len({x for line in data.lines for x in line.x}) > 1:  # one value alone has no axis
            title = f"{accuracy_name(metric)} against {symbol(parameter)}{where}"
            drawing = figures.draw_sweep(data, arms(results.runs))
            figure_published.add_to_sweep(drawing, marks)
            spans = figure_data.may_be_best(runs, parameter)
            figures.add_strip(drawing, spans, parameter, [x for line in data.lines for x in line.x])
            name = named(prefix, "" if metric == "test" else metric, "accuracy vs", axis(parameter), where)
            text = caption + part_drawn(runs) + PUBLISHED * bool(marks) + STRIP * bool(spans)
            found.append(Figure(name, title, text, drawing))
    return found


def boxes(results: StudyResults) -> tuple[Figure, ...]:
    """Draw a box per arm and subset, beside the published numbers where the data set is the paper's."""
    metric = reported_metric(results.runs)
    caption = (
        "Each box stands for an arm on a subset, by its configuration of the highest mean validation accuracy there: "
        "median, quartiles, whiskers to the furthest run within 1.5 quartile ranges. Every mark is a run."
    )
    found = []
    for where, runs in panels(results.runs, metric):
        if data := figure_data.boxes(runs, metric):
            title = f"{metric.capitalize()} accuracy per arm{where or ' and subset'}"
            drawing = figures.draw_boxes(data, metric, arms(results.runs))
            marks = figure_published.published_marks(results) if metric == "test" else []
            figure_published.add_to_boxes(drawing, marks)
            name = named("" if metric == "test" else metric, "accuracy per arm", where)
            found.append(Figure(name, title, caption + PUBLISHED * bool(marks), drawing))
    return tuple(found)


def curves(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the learning curves, a figure per subset."""
    caption = (
        "The same configurations as in the boxes. Thin lines are runs, whatever their status, and a mark at the end "
        "says which one ended otherwise than complete; the thick line is the mean of the complete ones, drawn "
        "as long as all of them still train. Training losses of different losses have different scales and do not "
        "compare."
    )
    found = []
    for where, runs in panels(results.runs, "validation"):
        accuracy, loss = (
            figure_data.curves(runs, results.curves, name) for name in ("validation_accuracy", "train_loss")
        )
        if any(curve.runs for curve in accuracy):
            title = f"Validation accuracy and training loss per epoch{where}"
            drawing = figures.draw_curves(accuracy, loss, arms(results.runs))
            found.append(Figure(named("learning curves", where), title, caption + part_drawn(runs), drawing))
    return tuple(found)


def pairs(results: StudyResults) -> tuple[Figure, ...]:
    """Draw the differences between the configurations of the boxes, seed by seed."""
    metric = reported_metric(results.runs)
    data = figure_pairs.pairs(results.runs, metric)
    if not data:
        return ()
    caption = (
        "The same configurations as in the boxes, the first less the second on the same subset. Every stroke is a seed "
        f"that both have; the diamond is the mean with its {100 * LEVEL:g} % t-interval (paired by seed, each at "
        "that level by itself), filled where the interval leaves zero out."
    )
    title = f"{accuracy_name(metric)}: differences between arms, paired by seed"
    return (Figure("paired_differences", title, caption, figure_pairs.draw_pairs(data, metric)),)


def adaptive_q(results: StudyResults) -> tuple[Figure, ...]:
    """Draw which q the adaptive loss chose, over epochs and against T."""
    found = []
    if data := figure_q.q_curves(results):
        number = figure_q.configurations(results)
        which = (
            f"{len(data)} of {number} adaptive configurations" if number > len(data) else "every adaptive configuration"
        )
        caption = (
            f"q_a, one number per batch, of {which}. The line is the mean over the batches of all complete "
            "runs, exploring ones included, as long as all of them still train; the band is one standard "
            "deviation of a batch on either side, no confidence interval."
        )
        drawing = figure_q.draw_q_curves(data, arms(results.runs))
        found.append(Figure("q_per_epoch", "q of the adaptive loss per epoch", caption, drawing))
    if sweep := figure_q.q_sweep(results):
        caption = (
            "Every open mark is a complete run's mean over its epochs, exploring runs included; filled marks are means "
            f"with {100 * LEVEL:g} % t-intervals over runs.{part_drawn(results.runs)} "
            "As T grows, all distances weigh the same and q_a tends to 1 less the sum over classes of the squared "
            "share of each: the batch's features then say nothing of its labels. The plan does not tell the shares, so "
            f"the dashed level takes {sweep.classes} classes of equal size; unequal classes have a lower limit, and a "
            "small training set, drawn without putting back, a higher one."
        )
        drawing = figure_q.draw_q_sweep(sweep, arms(results.runs))
        found.append(Figure("q_vs_t", "Mean q of the adaptive loss against T", caption, drawing))
    return tuple(found)


def run_map(results: StudyResults) -> tuple[Figure, ...]:
    """Draw every planned run's status and accuracy; nothing when no run is complete."""
    data = figure_runs.run_map(results.runs)
    if complete_runs(results.runs)["selection_accuracy"].isna().all():
        return ()
    metric = selected_on(results.plan)
    caption = (
        f"{accuracy_name(metric)} (%) of every planned run; brighter is higher. A mark says that the run is not "
        "complete and why; its shade is then the last accuracy it had. White cells without a mark are not planned."
    )
    if len(subsets(results.runs)) > 1 and metric == "validation":
        caption += " Compare shades within a subset only."
    if data.dropped:
        caption += f" {data.dropped} further configurations are not drawn; runs.csv has them."
    return (Figure("runs", "All runs: configurations and seeds", caption, figure_runs.draw_run_map(data)),)


def prices(results: StudyResults) -> tuple[Figure, ...]:
    """Draw what a configuration's training cost against what it reached, a figure per subset where needed."""
    metric = reported_metric(results.runs)
    caption = (
        f"Every mark is a configuration: mean accuracy with its {100 * LEVEL:g} % t-interval over seeds, and the mean "
        "wall time of its complete runs, all attempts together. Runs beside each other on one machine slow each other."
    )
    found = []
    for where, runs in panels(results.runs, metric):
        if data := figure_runs.prices(runs, metric):
            title = f"{accuracy_name(metric)} against training time{where}"
            drawing = figure_runs.draw_prices(data, metric, arms(results.runs))
            found.append(Figure(named("accuracy vs training time", where), title, caption, drawing))
    return tuple(found)
