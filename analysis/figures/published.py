"""The published numbers as marks on a study's own figures, where the data set is the paper's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.findings.paper import published
from analysis.plotting.theme import INK, escaped
from analysis.results.runs_table import subsets
from trainables.config import DEFAULT_NETWORK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.plotting.panel import Panel
    from analysis.plotting.styles import Style
    from analysis.results.study_results import StudyResults

SYMBOL = "star-open"
BESIDE = 0.3  # of the distance between neighbouring values: how far beside its value a published number stands


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

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval."""
        return self.mean - self.half_width, self.mean + self.half_width


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


def add_to_sweep(panel: Panel, marks: Sequence[PublishedMark], looks: Mapping[str, Style], bottom: float) -> None:
    """Add published numbers beside the parameter's published values, in the colours of the arms of the same loss.

    The word "paper" stands at the lower end of the plot, where it hides no run, at a line down from the mark.

    Args:
        panel: where to draw.
        marks: the numbers; those without a value of the parameter are left out.
        looks: arm -> how it is drawn in every figure of the study.
        bottom: lower end of the vertical axis.

    """
    for mark in marks:
        if mark.x is not None:
            colour = looks[mark.arms[0]].colour if mark.arms else INK
            x = panel.axis.moved(mark.x, BESIDE)
            panel.scatter(x=[x], **published_look([mark], colour, along="y"), mode="markers", showlegend=False)
            line = {"color": colour, "width": 1, "dash": "dot"}
            panel.shape(type="line", x0=x, x1=x, y0=bottom, y1=100 * mark.ends[0], line=line)
            panel.note(
                x=math.log10(x) if panel.axis.logarithmic else x,
                y=0,
                yref="y domain",
                yanchor="bottom",
                xanchor="left",
                xshift=2,
                text="paper",
                showarrow=False,
                font={"size": 12, "color": colour},
            )


def published_look(marks: Sequence[PublishedMark], colour: str, along: Literal["x", "y"]) -> dict[str, object]:
    """Return the trace of the published numbers of one loss, less its places across the axis of accuracy."""
    halves = [100 * mark.half_width for mark in marks]
    return {
        along: [100 * mark.mean for mark in marks],
        f"error_{along}": {"type": "data", "array": halves, "thickness": 1.5, "width": 4},
        "customdata": [
            f"{escaped(mark.loss)} on {escaped(mark.subset)}<br>{100 * mark.mean:.1f} ± {half:.1f} %"
            for mark, half in zip(marks, halves, strict=True)
        ],
        "marker": {"symbol": SYMBOL, "size": 10, "color": colour, "line": {"width": 1.5}},
        "name": "published",
        "hovertemplate": "published: %{customdata}<extra></extra>",
    }


CAPTION = f"Published: means over {published.RUNS} runs ± {100 * published.LEVEL:g} % intervals (Deng et al., 2021)."
