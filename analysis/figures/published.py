"""The published numbers as marks on a study's own figures, where the data set is the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.findings.paper import published
from analysis.plotting.theme import INK, escaped
from analysis.results.runs_table import subsets
from trainables.config import DEFAULT_NETWORK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from analysis.results.study_results import StudyResults

SYMBOLS = (
    "star-open",
    "star-square-open",
    "star-triangle-up-open",
    "hexagram-open",
    "star-diamond-open",
    "hourglass-open",
)


@dataclass(frozen=True)
class PublishedMark:
    """A published mean test accuracy with its 95 % interval, as fractions in [0, 1].

    Attributes:
        loss: its name in the paper.
        subset: of the training clips.
        x: value of the parameter on the axis; None if the loss has no such parameter.
        arms: the study's arms with the published loss, in the plan's order.
        mean: of 12 runs.
        half_width: of the interval, whose method the paper does not state.

    """

    loss: str
    subset: str
    x: float | None
    arms: tuple[str, ...]
    mean: float
    half_width: float


def published_marks(results: StudyResults, parameter: str = "") -> list[PublishedMark]:
    """Return the published numbers on the study's subsets; none for another data set.

    Args:
        results: of the study.
        parameter: the one on the figure's axis, if any; losses without it are then left out.

    """
    if not published.is_published_data(results.plan.dataset):
        return []
    marks = []
    for cell in published.PUBLISHED:
        loss = published.LOSSES[cell.loss]
        x = getattr(loss, parameter, None) if parameter else None
        if cell.mean is None or cell.half_width is None or cell.subset not in subsets(results.runs):
            continue
        if parameter and x is None:
            continue
        arms = dict.fromkeys(
            p.arm
            for p in results.plan.runs
            if p.run.configuration.loss == loss and p.run.configuration.network == DEFAULT_NETWORK
        )
        mean, half_width = cell.mean / 100, cell.half_width / 100
        marks.append(PublishedMark(published.LOSS_NAMES[cell.loss], cell.subset, x, tuple(arms), mean, half_width))
    return marks


def add_to_sweep(figure: go.Figure, marks: Sequence[PublishedMark]) -> None:
    """Add published numbers at the parameter's published values, each with its own symbol."""
    for i, mark in enumerate(marks):
        figure.add_scatter(x=[mark.x], mode="markers", **_look([mark], f"{mark.loss} on {mark.subset}", i))
    _widen(figure, marks)


def add_to_boxes(figure: go.Figure, marks: Sequence[PublishedMark]) -> None:
    """Add published numbers beside the boxes of the first arm with the same loss; the others are left out."""
    drawn = {trace.offsetgroup for trace in figure.data}
    columns = {mark.loss: next((escaped(arm) for arm in mark.arms if escaped(arm) in drawn), None) for mark in marks}
    for turn, (loss, column) in enumerate(columns.items()):
        of_loss = [mark for mark in marks if mark.loss == loss]
        if column is not None:
            look = _look(of_loss, loss, turn)
            figure.add_scatter(x=[mark.subset for mark in of_loss], offsetgroup=column, mode="markers", **look)
    figure.update_layout(scattermode="group", scattergap=0.25)
    if marks:  # plotly would begin a grouped axis at 0
        values = [value for trace in figure.data for value in trace.y]
        ends = [100 * (mark.mean + side * mark.half_width) for mark in marks for side in (-1, 1)]
        figure.update_yaxes(range=[min(*values, *ends) - 1, max(*values, *ends) + 1])


def _look(marks: Sequence[PublishedMark], name: str, turn: int) -> dict[str, object]:
    title = f"published: {escaped(name)}"
    return {
        "y": [100 * mark.mean for mark in marks],
        "error_y": {"type": "data", "array": [100 * mark.half_width for mark in marks], "thickness": 1.8, "width": 7},
        "customdata": [escaped(mark.subset) for mark in marks],
        "marker": {"symbol": SYMBOLS[turn % len(SYMBOLS)], "size": 13, "color": INK, "line": {"width": 1.8}},
        "name": title,
        "hovertemplate": f"{title}, %{{customdata}}<br>%{{y:.1f}} ± %{{error_y.array}} %<extra></extra>",
    }


def _widen(figure: go.Figure, marks: Sequence[PublishedMark]) -> None:
    """Widen the vertical axis so that it shows every published interval."""
    ends = [100 * (mark.mean + side * mark.half_width) for mark in marks for side in (-1, 1)]
    limits = figure.layout.yaxis.range
    if ends and limits is not None:
        figure.update_yaxes(range=[min(limits[0], min(ends) - 1), max(limits[1], max(ends) + 1)])


CAPTION = (
    f" Published marks: mean ± {100 * published.LEVEL:g} % confidence interval over {published.RUNS} runs, method "
    f"not known ({published.SOURCE})."
)
