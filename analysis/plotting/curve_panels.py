"""Panels of learning curves: accuracy, the runs that still train, and a panel of each training loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analysis.plotting.direct_labels import LINE, SIZE, EndLabel, add_end_labels
from analysis.plotting.theme import CUTS, INK, MAX_DRAWN, SOFT, axis_title, empty, epoch_range, escaped, faint, finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.plotting.styles import Style
    from analysis.results.runs_table import Key

MIN_BAND = 6  # runs from which quartiles are drawn; fewer are drawn one by one
MAX_LINES = 20  # runs in one panel that are drawn one by one
MAX_LOSSES = 6  # panels of training losses
# Pixels: heights of the panels of accuracy, of the runs that still train and of a loss; between panels; and outside.
ACCURACY, TRAINING, LOSS = 300, 52, 80
GAP, TOP, BOTTOM, LEGEND = 28, 16, 60, 44


@dataclass(frozen=True)
class Cut:
    """The last epoch of a run that is not complete; ``status`` is the reason it ended."""

    configuration: str
    seed: int
    status: str
    epoch: int
    value: float


@dataclass(frozen=True)
class Curve:
    """A configuration's learning curves: every run, and the median of the complete ones that still train.

    Runs stop at different epochs. After the first stop the median is over fewer and fewer runs, and may move for that
    reason alone; it ends where fewer than half of them still train.

    Attributes:
        key: the configuration.
        runs: (seed, epochs, values) of every run, of any status.
        n: complete runs.
        epochs: of the median.
        quartiles: lower quartile, median and upper quartile at each of these epochs.
        training: complete runs that still train at each of these epochs, from ``n`` down.
        cuts: where runs ended that are not complete.

    """

    key: Key
    runs: tuple[tuple[int, tuple[int, ...], tuple[float, ...]], ...]
    n: int
    epochs: tuple[int, ...]
    quartiles: tuple[tuple[float, float, float], ...]
    training: tuple[int, ...]
    cuts: tuple[Cut, ...] = ()

    @property
    def medians(self) -> list[float]:
        """The median at each epoch."""
        return [median for _, median, _ in self.quartiles]

    @property
    def whole(self) -> int:
        """For how many epochs all complete runs train."""
        return self.training.count(self.n)


def draw_learning_curves(
    accuracy: Sequence[Curve],
    losses: Sequence[Sequence[Curve]],
    looks: Mapping[str, Style],
    shown: Sequence[Key] | None = None,
) -> go.Figure:
    """Draw validation accuracy (%), then how many runs still train, then a panel of each group of training losses.

    The curves are of one subset, because validation accuracies do not compare across subsets.

    Args:
        accuracy: fractions.
        losses: groups of curves whose losses compare.
        looks: arm -> style.
        shown: the configurations that have a colour; the others are grey. None for all.

    """
    kept = {curve.key for curve in accuracy} if shown is None else set(shown)
    coloured, grey = ([curve for curve in accuracy if (curve.key in kept) == part] for part in (True, False))
    losses = losses[:MAX_LOSSES]
    stops = any(curve.whole < len(curve.epochs) for curve in coloured)
    heights = [ACCURACY, *[TRAINING] * stops, *[LOSS] * len(losses)]
    inside = sum(heights) + GAP * (len(heights) - 1)
    base = make_subplots(len(heights), 1, shared_xaxes=True, vertical_spacing=GAP / inside, row_heights=heights)
    figure = empty(height=inside + TOP + BOTTOM, base=base)
    _add_grey(figure, grey)
    crowded = sum(len(curve.runs) for curve in coloured) > MAX_LINES
    for curve in coloured:
        _add_curve(figure, curve, looks[curve.key.arm], 1, crowded=crowded)
    drawn = {(curve.key.configuration, seed) for curve in coloured for seed, _, _ in curve.runs[:MAX_DRAWN]}
    add_cuts(figure, [cut for curve in coloured for cut in curve.cuts if (cut.configuration, cut.seed) in drawn])
    if stops:
        _add_training(figure, coloured, looks)
    for row, group in enumerate(losses, start=2 + stops):
        for curve in group:
            _add_curve(figure, curve, looks[curve.key.arm], row)
        _label_loss(figure, group, looks, row)
    _set_axes(figure, accuracy, rows=len(heights), ticks=1 + stops)
    _label_accuracy(figure, coloured, looks)
    return figure


def _add_grey(figure: go.Figure, curves: Sequence[Curve]) -> None:
    """Add the medians of the configurations that have no colour."""
    for place, curve in enumerate(curves):
        figure.add_scatter(
            x=list(curve.epochs),
            y=_rounded(curve.medians, 100),
            mode="lines",
            line={"color": faint(SOFT, 0.5), "width": 1},
            name="other configurations",
            legendgroup="others",
            showlegend=place == 0,
            hovertemplate=f"{escaped(curve.key.configuration)}<br>epoch %{{x}}: %{{y:.1f}} %<extra></extra>",
        )


def _add_curve(figure: go.Figure, curve: Curve, look: Style, row: int, *, crowded: bool = False) -> None:
    """Add one configuration to one panel (accuracy above, losses below): its runs, the band, then the median."""
    scale, form = (100, "%{y:.1f} %") if row == 1 else (1, "%{y:.3~g}")
    name = escaped(curve.key.configuration)
    shared = {"row": row, "col": 1, "mode": "lines", "showlegend": False}
    if len(curve.runs) > 1:
        _add_runs(figure, curve, look, row, hidden=crowded or curve.n >= MIN_BAND)
    if not curve.epochs:
        return
    low, middle, high = (_rounded(values, scale) for values in zip(*curve.quartiles, strict=True))
    epochs = list(curve.epochs)
    if curve.n >= MIN_BAND:
        ends = [*zip(epochs, high, strict=True), *reversed([*zip(epochs, low, strict=True)])]
        x, y = zip(*((epoch, value) for epoch, value in ends if value is not None), strict=True)
        fill = {"fill": "toself", "fillcolor": faint(look.colour, 0.2), "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_scatter(x=x, y=y, **fill, **shared)
    several = curve.n > 1
    quartiles = ", quartiles %{customdata[0]:.3~g} and %{customdata[1]:.3~g}" if curve.n >= MIN_BAND else ""
    stated = f"<br>median of %{{customdata[2]}} of {curve.n} runs{quartiles}" if several else ""
    customdata = [*zip(low, high, curve.training, strict=True)] if several else None
    # Full while all of them train, dotted from there on: the two lines meet.
    parts = {"solid": slice(0, curve.whole), "dot": slice(max(curve.whole - 1, 0), None)}
    for dash, part in parts.items():
        if dash == "solid" or curve.whole < len(epochs):
            figure.add_scatter(
                x=epochs[part],
                y=middle[part],
                customdata=customdata and customdata[part],
                line={"color": look.colour, "width": 2.5, "dash": dash},
                name=name,
                hovertemplate=f"{name}<br>epoch %{{x}}: {form}{stated}<extra></extra>",
                **shared,
            )


def _add_runs(figure: go.Figure, curve: Curve, look: Style, row: int, *, hidden: bool) -> None:
    """Add every run as a thin line, all in one trace with gaps; hidden ones are shown by a click in the legend."""
    epochs: list[int | None] = []
    values: list[float | None] = []
    for _, run_epochs, of_run in curve.runs[:MAX_DRAWN]:
        epochs += [*run_epochs, None]
        values += [*_rounded(of_run, 100 if row == 1 else 1), None]
    figure.add_scatter(
        x=epochs,
        y=values,
        mode="lines",
        line={"color": faint(look.colour, 0.35), "width": 1},
        hoverinfo="skip",
        name="single runs (click)" if hidden else "single runs",
        legendgroup="runs",
        visible="legendonly" if hidden else True,
        showlegend=hidden and not any(trace.legendgroup == "runs" and trace.showlegend for trace in figure.data),
        row=row,
        col=1,
    )


def add_cuts(figure: go.Figure, cuts: Sequence[Cut]) -> None:
    """Mark the ends of incomplete runs, with one symbol per status."""
    for status, mark in CUTS.items():
        marked = [cut for cut in cuts if cut.status == status]
        if marked:
            figure.add_scatter(
                x=[cut.epoch for cut in marked],
                y=finite([cut.value for cut in marked], 100),
                customdata=[[escaped(cut.configuration), cut.seed] for cut in marked],
                mode="markers",
                marker={"symbol": mark, "size": 10, "color": INK, "line": {"width": 2}},
                name=status,
                showlegend=True,
                cliponaxis=False,
                hovertemplate=f"%{{customdata[0]}}, seed %{{customdata[1]}}<br>{status}, epoch %{{x}}<extra></extra>",
            )


def _add_training(figure: go.Figure, curves: Sequence[Curve], looks: Mapping[str, Style]) -> None:
    """Add how many complete runs of each configuration still train at each epoch, in steps, in the second panel."""
    for curve in curves:
        name = escaped(curve.key.configuration)
        figure.add_scatter(
            x=list(curve.epochs),
            y=list(curve.training),
            mode="lines",
            line={"color": looks[curve.key.arm].colour, "width": 1.8, "shape": "hv"},
            showlegend=False,
            hovertemplate=f"{name}<br>epoch %{{x}}: %{{y}} of {curve.n} runs still train<extra></extra>",
            row=2,
            col=1,
        )
    most = max(curve.n for curve in curves)
    figure.update_yaxes(title_text="Runs", title_font_size=12, tickvals=[0, most], range=[0, 1.15 * most], row=2)


def _set_axes(figure: go.Figure, accuracy: Sequence[Curve], rows: int, ticks: int) -> None:
    """Set the axes' ends and titles, and the height and margins of the figure.

    Args:
        figure: with all its traces.
        accuracy: what the first panel shows.
        rows: number of panels.
        ticks: the panel above the losses, which has ticks of its own.

    """
    last = max((epochs[-1] for curve in accuracy for _, epochs, _ in curve.runs), default=1)
    figure.update_xaxes(range=epoch_range(last), ticks="")
    figure.update_xaxes(showticklabels=True, ticks="outside", row=ticks)
    figure.update_xaxes(ticks="outside", row=rows)
    figure.update_xaxes(title_text="Epoch", row=rows)
    figure.update_yaxes(title_text=axis_title("validation"), range=_limits(accuracy), row=1)
    legend = any(trace.showlegend for trace in figure.data)
    height = figure.layout.height + legend * LEGEND
    figure.update_layout(height=height, margin={"t": TOP, "b": BOTTOM + legend * LEGEND}, showlegend=legend)


def _limits(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return the ends of the axis of accuracy (%): of all runs, whether they are drawn or not."""
    values = [
        100 * value for curve in curves for _, _, of_run in curve.runs for value in of_run if math.isfinite(value)
    ]
    low, high = min(values, default=0.0), max(values, default=100.0)
    margin = 0.04 * (high - low) or 1.0
    return max(low - margin, -1.0), min(high + margin, 101.0)


def _label_accuracy(figure: go.Figure, curves: Sequence[Curve], looks: Mapping[str, Style]) -> None:
    """Name every configuration at the end of its median."""
    legend = figure.layout.showlegend
    ends = [EndLabel(c.key.configuration, 100 * c.medians[-1], looks[c.key.arm].colour) for c in curves if c.epochs]
    add_end_labels(figure, ends, figure.layout.yaxis.range)
    figure.update_layout(showlegend=legend)


def _label_loss(figure: go.Figure, group: Sequence[Curve], looks: Mapping[str, Style], row: int) -> None:
    """Name the configurations of a panel of losses beside it, and title its axis."""
    labels = [EndLabel(curve.key.configuration, 0, looks[curve.key.arm].colour) for curve in group]
    sizes = [LINE * len(label.lines) for label in labels]
    tops = [sum(sizes) / 2 - sum(sizes[:place]) for place in range(len(sizes))]
    for label, top in zip(labels, tops, strict=True):
        figure.add_annotation(
            text=label.text,
            font={"size": SIZE, "color": label.colour},
            showarrow=False,
            align="left",
            x=1,
            xref="paper",
            xanchor="left",
            xshift=10,
            y=0.5,
            yref=f"y{row} domain",
            yanchor="top",
            yshift=top,
        )
    figure.update_yaxes(title_text="Loss", title_font_size=12, nticks=4, row=row)


def _rounded(values: Sequence[float], scale: float) -> list[float | None]:
    """Scale values to four significant digits, so that a report is smaller; None for one that is not finite."""
    return [None if value is None else float(f"{value:.4g}") for value in finite(values, scale)]
