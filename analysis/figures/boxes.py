"""Accuracy per arm and training subset as box plots (the paper's Figure 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures import published
from analysis.plotting.figure import Figure, measure, named, panels
from analysis.plotting.styles import styles
from analysis.plotting.theme import axis_title, empty, escaped
from analysis.results.measures import metric_name, metric_words
from analysis.results.runs_table import Key, subsets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.findings.finding import Finding, Scores
    from analysis.plotting.styles import Style


@dataclass(frozen=True)
class Box:
    """The complete runs of the configuration that stands for an arm on a subset."""

    key: Key
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...]


def boxes_data(scores: Scores, representatives: Sequence[Key]) -> list[Box]:
    """Return one box per arm and subset (the paper's Figure 4), of the configuration that represents the arm."""
    return [Box(key, tuple(scores[key].values()), tuple(scores[key])) for key in representatives if key in scores]


def boxes(finding: Finding) -> tuple[Figure, ...]:
    """Draw a box per arm and subset, beside the published numbers where the data set is the paper's."""
    results, metric = finding.reported, finding.metric
    caption = (
        "Each box stands for an arm on a subset, by its configuration of the highest mean "
        f"{metric_words(finding.selected_on)} there, the first of those that tie: "
        "median, quartiles, whiskers to the furthest run within 1.5 quartile ranges. Every mark is a run."
    )
    figures = []
    for where, runs in panels(results.runs, metric):
        shown = [key for key in finding.representatives if key.subset in subsets(runs)]
        if data := boxes_data(finding.scores(metric), shown):
            title = f"{metric_name(metric)} per arm{where or ' and subset'}"
            drawing = draw_boxes(data, metric, styles(results.runs))
            marks = published.published_marks(results) if metric == "test" else []
            published.add_to_boxes(drawing, marks)
            name = named(measure(metric), "per arm", where)
            figures.append(Figure(name, title, caption + (published.CAPTION if marks else ""), drawing))
    return tuple(figures)


def draw_boxes(data: Sequence[Box], metric: str, looks: Mapping[str, Style]) -> go.Figure:
    """Draw accuracy (%) per subset, one box per arm with every run beside it."""
    figure = empty(height=460)
    for arm in dict.fromkeys(box.key.arm for box in data):
        look = looks[arm]
        of_arm = [box for box in data if box.key.arm == arm]
        figure.add_box(
            x=[box.key.subset for box in of_arm for _ in box.accuracies],
            y=[100 * value for box in of_arm for value in box.accuracies],
            customdata=[[escaped(box.key.configuration), seed] for box in of_arm for seed in box.seeds],
            hovertemplate="%{customdata[0]}<br>seed %{customdata[1]}: %{y:.1f} %<extra></extra>",
            name=escaped(arm),
            offsetgroup=escaped(arm),  # published numbers stand in the same column
            boxpoints="all",
            pointpos=0,
            jitter=0.35,
            marker={"color": look.colour, "symbol": look.marker, "size": 6, "opacity": 0.7},
            line={"width": 1.5},
            fillcolor="rgba(0,0,0,0)",
        )
    order = list(dict.fromkeys(box.key.subset for box in data))
    figure.update_layout(boxmode="group", boxgap=0.25, boxgroupgap=0.2)
    figure.update_xaxes(title_text="Training subset", type="category", categoryorder="array", categoryarray=order)
    figure.update_yaxes(title_text=axis_title(metric))
    return figure
