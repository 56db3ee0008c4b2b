"""Accuracy per arm and training subset as box plots with a diamond at the mean (the paper's Figure 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.figures.published import CAPTION, published_look, published_marks
from analysis.plotting.class_matrix import axis_names, shortened
from analysis.plotting.figure import Figure, measure, named, panels
from analysis.plotting.panel import jitter
from analysis.plotting.series import MAX_DOTS, stated
from analysis.plotting.styles import styles
from analysis.plotting.theme import INK, PAPER, axis_title, empty, escaped, faint
from analysis.results.measures import metric_name, metric_words
from analysis.results.runs_table import Key, subsets
from analysis.statistics.intervals import MIN_SEEDS, accuracy_interval
from trainables.naming import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.figures.published import PublishedMark
    from analysis.findings.finding import Finding, Scores
    from analysis.plotting.styles import Style

# Pixels: of an arm on the only subset, of one of many, and of all of them; and of a figure of several subsets.
ROW, LEAST_ROW, ALL_ROWS, HEIGHT = 44, 17, 400, 480
WIDTH, REACH, BESIDE = 0.5, 0.18, 0.4  # of an arm's room: its box, its runs to either side, and a published number
NARROW = 12  # boxes side by side that leave room for large marks
NAME = 22  # letters of an arm's name on the axis


@dataclass(frozen=True)
class Box:
    """The complete runs of the configuration that stands for an arm on a subset."""

    key: Key
    accuracies: tuple[float, ...]
    seeds: tuple[int, ...]


def boxes_data(scores: Scores, representatives: Sequence[Key]) -> list[Box]:
    """Return one box per arm and subset (the paper's Figure 4), of the configuration that represents the arm."""
    return [Box(key, tuple(scores[key].values()), tuple(scores[key])) for key in representatives if key in scores]


@dataclass(frozen=True)
class Places:
    """Where boxes stand: on several subsets side by side within each; on one, in rows that bear the arms' names.

    Attributes:
        subsets: in the order of the axis.
        arms: in their order within a subset.

    """

    subsets: tuple[str, ...]
    arms: tuple[str, ...]

    @property
    def rows(self) -> bool:
        """Whether boxes lie in rows, as there is a single subset."""
        return len(self.subsets) == 1

    @property
    def room(self) -> float:
        """How much of the axis an arm has."""
        return 1.0 if self.rows else 0.86 / len(self.arms)

    @property
    def mark(self) -> int:
        """The size of a mean's mark in pixels; narrow boxes show beside it."""
        return 10 if len(self.subsets) * len(self.arms) <= NARROW else 7

    @property
    def along(self) -> Literal["x", "y"]:
        """The axis of the accuracy."""
        return "x" if self.rows else "y"

    def at(self, arm: str, subset: str, beside: float = 0.0) -> float:
        """Return the place of an arm on a subset, or a part of its room beside it."""
        number = self.arms.index(arm)
        if self.rows:
            return number + beside
        return self.subsets.index(subset) + self.room * (number + 0.5 + beside - len(self.arms) / 2)

    def marks(self, across: Sequence[float | None], values: Sequence[float | None]) -> dict[str, object]:
        """Return the coordinates of some marks."""
        return {"y": across, "x": values} if self.rows else {"x": across, "y": values}


def draw_boxes(
    data: Sequence[Box], metric: str, looks: Mapping[str, Style], marks: Sequence[PublishedMark] = ()
) -> go.Figure:
    """Draw the accuracy (%) of every arm on every subset: box, runs and mean; and published numbers beside them.

    Args:
        data: what to draw.
        metric: what the accuracies are.
        looks: arm -> how it is drawn in every figure of the study.
        marks: published numbers; those of losses that no arm has are left out.

    """
    places = Places(
        tuple(dict.fromkeys(box.key.subset for box in data)), tuple(dict.fromkeys(box.key.arm for box in data))
    )
    row = max(LEAST_ROW, min(ROW, ALL_ROWS // len(data)))
    figure = empty(height=row * len(data) + 150 if places.rows else HEIGHT)
    for arm in places.arms:
        _add_arm(figure, [box for box in data if box.key.arm == arm], looks[arm], places)
    drawn = _beside(data, marks)
    for arm in places.arms:
        of_arm = [mark for mark in drawn if next(a for a in mark.arms if a in places.arms) == arm]
        if of_arm:
            across = [places.at(arm, mark.subset, BESIDE) for mark in of_arm]
            look = published_look(of_arm, looks[arm].colour, places.along)
            at = {"y": across} if places.rows else {"x": across}
            figure.add_scatter(**at, **look, mode="markers", showlegend=False)
    _explain(figure, data, published=bool(drawn))
    _label_axes(figure, places, metric)
    # An entry is one of several traces of an arm; the whole width of the figure keeps the legend low.
    legend: dict[str, object] = {"itemclick": False, "itemdoubleclick": False, "xref": "container"}
    # On top it is in view before the boxes are; rows bear their names themselves.
    figure.update_layout(legend=legend if places.rows else legend | {"y": 1, "yanchor": "top"})
    return figure


def _beside(data: Sequence[Box], marks: Sequence[PublishedMark]) -> list[PublishedMark]:
    """Return the published numbers on the subsets of the boxes, of losses that one of their arms has."""
    subsets, arms = {box.key.subset for box in data}, {box.key.arm for box in data}
    return [mark for mark in marks if mark.subset in subsets and arms.intersection(mark.arms)]


def _add_arm(figure: go.Figure, boxes: Sequence[Box], look: Style, places: Places) -> None:
    """Add an arm's boxes, runs and means."""
    arm = boxes[0].key.arm
    name = f"{escaped(shortened(arm))}{' (control)' if arm.endswith(CONTROL) else ''}"
    boxed = [box for box in boxes if len(box.accuracies) >= MIN_SEEDS]
    figure.add_box(  # without a value it is an entry of the legend
        **places.marks(
            [places.at(*box.key[::2]) for box in boxed for _ in box.accuracies],
            [100 * value for box in boxed for value in box.accuracies],
        ),
        orientation="h" if places.rows else "v",
        width=WIDTH * places.room,
        boxpoints=False if max(len(box.accuracies) for box in boxes) <= MAX_DOTS else "outliers",
        marker={"color": faint(look.colour, 0.5), "size": 4},
        line={"width": 1.5, "color": look.colour},
        fillcolor=faint(look.colour, 0.12),
        name=name,
        hoverinfo="skip",
        showlegend=not places.rows,
    )
    single = [box for box in boxes if 1 < len(box.accuracies) <= MAX_DOTS]
    figure.add_scatter(
        **places.marks(
            [places.at(box.key.arm, box.key.subset, REACH * jitter(seed)) for box in single for seed in box.seeds],
            [100 * value for box in single for value in box.accuracies],
        ),
        customdata=[
            f"{escaped(box.key.configuration)}<br>seed {seed}: {100 * value:.1f} %"
            for box in single
            for seed, value in zip(box.seeds, box.accuracies, strict=True)
        ],
        mode="markers",
        marker={"color": faint(look.colour, 0.5), "size": 5},
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        **places.marks(
            [places.at(box.key.arm, box.key.subset) for box in boxes],
            [100 * sum(box.accuracies) / len(box.accuracies) for box in boxes],
        ),
        customdata=[
            f"{escaped(box.key.configuration)}<br>{stated(accuracy_interval(box.accuracies))}" for box in boxes
        ],
        mode="markers",
        marker={"color": PAPER, "symbol": "diamond", "size": places.mark, "line": {"color": look.colour, "width": 2}},
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )


def _explain(figure: go.Figure, data: Sequence[Box], *, published: bool) -> None:
    """Add what the marks are to the legend."""
    most = max(len(box.accuracies) for box in data)
    mean = {"symbol": "diamond", "size": 10, "color": PAPER, "line": {"color": INK, "width": 2}}
    entries: list[tuple[str, dict[str, object]]] = [("mean", mean)]
    if most > 1:
        text = "run" if most <= MAX_DOTS else "run beyond the whiskers"
        entries.append((text, {"symbol": "circle", "size": 5, "color": faint(INK, 0.5)}))
    if published:
        entries.append(("published", {"symbol": "star-open", "size": 10, "color": INK, "line": {"width": 1.5}}))
    for name, marker in entries:
        figure.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, hoverinfo="skip")


def _label_axes(figure: go.Figure, places: Places, metric: str) -> None:
    values, across = ("xaxis", "yaxis") if places.rows else ("yaxis", "xaxis")
    shown = {"title_text": axis_title(metric), "showgrid": True}
    figure.update_layout({values: shown, f"{across}_showgrid": False, "margin_t": 12 if places.rows else 44})
    if places.rows:
        names = axis_names(places.arms, NAME)
        figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.4, -0.6])
        figure.update_layout(margin_b=104)
        return
    names = [name.replace("+", "<br>+") for name in axis_names(places.subsets)]
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=names, range=[-0.5, len(names) - 0.5])
    figure.update_xaxes(title_text="Training subset", tickangle=0)
    figure.update_layout(margin_b=76)
    for place in range(0, len(names), 2):  # light bands tell the subsets apart
        figure.add_vrect(x0=place - 0.5, x1=place + 0.5, fillcolor=faint(INK, 0.04), line_width=0, layer="below")


def boxes(finding: Finding) -> tuple[Figure, ...]:
    """Draw a box per arm and subset, beside the published numbers where the data set is the paper's."""
    results, metric = finding.reported, finding.metric
    figures = []
    for where, runs in panels(results.runs, metric):
        shown = [key for key in finding.representatives if key.subset in subsets(runs)]
        if data := boxes_data(finding.scores(metric), shown):
            marks = _beside(data, published_marks(results) if metric == "test" else [])
            boxed = any(len(box.accuracies) >= MIN_SEEDS for box in data)
            drawn = "; boxes span the quartiles with a line at the median" if boxed else ""
            chosen = f"its configuration with the highest mean {metric_words(finding.selected_on)}"
            stars = " Stars: published." if marks else ""
            more = (
                f"Of configurations that tie, the first is shown. Boxes are drawn from {MIN_SEEDS} runs on, with "
                f"whiskers to the furthest run within 1.5 quartile ranges.{f' {CAPTION}' if marks else ''}"
            )
            several = len({box.key.subset for box in data}) > 1
            figures.append(
                Figure(
                    named(measure(metric), "per arm", where),
                    f"{metric_name(metric)} per arm{where or (' and subset' if several else '')}",
                    f"Diamonds are means{drawn}. Each arm: {chosen}.{stars}",
                    draw_boxes(data, metric, styles(finding.results.runs), marks),
                    more=more,
                )
            )
    return tuple(figures)
