"""Learning curves: validation accuracy and training loss per epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from plotly.subplots import make_subplots

from analysis.plotting.figure import Figure, named, panels, part_drawn
from analysis.plotting.styles import styles
from analysis.plotting.theme import (
    CUTS,
    INK,
    MAX_DRAWN,
    axis_title,
    empty,
    epoch_range,
    escaped,
    faint,
    finite,
)
from analysis.results.measures import metric_column
from analysis.results.runs_table import Key, complete_runs, curve_points, runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analysis.findings.finding import Finding
    from analysis.plotting.styles import Style


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
    """A configuration's learning curves: every run, and the mean over complete runs while all of them still train.

    Runs stop at different epochs. Past the first stop a mean would be over fewer and fewer runs, and would move for
    that reason alone, so it ends there.
    """

    key: Key
    runs: tuple[tuple[int, tuple[int, ...], tuple[float, ...]], ...]  # (seed, epochs, values)
    epochs: tuple[int, ...]
    means: tuple[float, ...]
    n: int  # complete runs in the means
    cuts: tuple[Cut, ...]


def learning_curves_data(runs: pd.DataFrame, epochs: pd.DataFrame, quantity: str, shown: Sequence[Key]) -> list[Curve]:
    """Return the learning curves of some configurations.

    Args:
        runs: a study's runs table, or a part of it.
        epochs: the study's curves table.
        quantity: a numeric field of ``trainables.records.Epoch``, as ``verified_accuracy`` or ``train_loss``.
        shown: the configurations; those without a run here are left out.

    """
    rows_of = {key: rows for key in shown if len(rows := runs_of(runs, key))}
    points = curve_points(epochs, quantity, [run_id for rows in rows_of.values() for run_id in rows["run_id"]])
    return [_curve(rows, key, points) for key, rows in rows_of.items()]


def _curve(runs: pd.DataFrame, key: Key, points: dict[str, dict[int, float]]) -> Curve:
    drawn, cuts = [], []
    for run_id, seed, status in zip(runs["run_id"], runs["seed"], runs["status"], strict=True):
        if by_epoch := points.get(str(run_id)):
            drawn.append((int(seed), tuple(by_epoch), tuple(by_epoch.values())))
            if status != "complete":
                cuts.append(Cut(key.configuration, int(seed), str(status), *list(by_epoch.items())[-1]))
    complete = [points[run_id] for run_id in complete_runs(runs)["run_id"] if points.get(run_id)]
    epochs = shared_epochs(complete)
    means = tuple(math.fsum(run[epoch] for run in complete) / len(complete) for epoch in epochs)
    return Curve(key, tuple(drawn), epochs, means, len(complete), tuple(cuts))


def shared_epochs(complete: Sequence[dict[int, float]]) -> tuple[int, ...]:
    """Return the first epochs, as far as all runs have them; a run is given as epoch -> value."""
    if not complete:
        return ()
    return tuple(takewhile(lambda epoch: all(epoch in run for run in complete), sorted(complete[0])))


def learning_curves(finding: Finding) -> tuple[Figure, ...]:
    """Draw the learning curves, a figure per subset."""
    caption = (
        "The same configurations as in the boxes. Thin lines are runs of any status; a mark at the end shows "
        "that a run is not complete, and why. The thick line is the mean of the complete runs, drawn while all of "
        "them still train. The training losses of different loss functions have different scales and cannot be "
        "compared."
    )
    results, figures = finding.reported, []
    for where, runs in panels(results.runs, "validation"):
        accuracy, loss = (
            learning_curves_data(runs, results.curves, name, finding.representatives)
            for name in (metric_column(results.curves, "validation"), "train_loss")
        )
        if any(curve.runs for curve in accuracy):
            title = f"Validation accuracy and training loss per epoch{where}"
            drawing = draw_learning_curves(accuracy, loss, styles(results.runs))
            figures.append(Figure(named("learning curves", where), title, caption + part_drawn(runs), drawing))
    return tuple(figures)


def draw_learning_curves(accuracy: Sequence[Curve], loss: Sequence[Curve], looks: Mapping[str, Style]) -> go.Figure:
    """Draw validation accuracy (%) above and training loss below, per epoch: thin lines are runs, thick ones means.

    Marks above show where incomplete runs ended. The curves are of one subset, because validation accuracies do not
    compare across subsets.
    """
    panels = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure = empty(height=680, base=panels)
    for row, data in enumerate((accuracy, loss), start=1):
        for curve in data:
            _add_curve(figure, curve, looks[curve.key.arm], row)
    shown = {(curve.key.configuration, seed) for curve in accuracy for seed, _, _ in curve.runs[:MAX_DRAWN]}
    add_cuts(figure, [cut for curve in accuracy for cut in curve.cuts if (cut.configuration, cut.seed) in shown])
    figure.update_yaxes(title_text=axis_title("validation"), row=1, col=1)
    figure.update_yaxes(title_text="Training loss", row=2, col=1)
    drawn = [epochs for curve in accuracy for epochs in (curve.epochs, *(epochs for _, epochs, _ in curve.runs))]
    last = [epochs[-1] for epochs in drawn if epochs]
    figure.update_xaxes(range=epoch_range(max(last, default=1)))
    figure.update_xaxes(title_text="Epoch", row=2, col=1)
    return figure


def _add_curve(figure: go.Figure, curve: Curve, look: Style, row: int) -> None:
    """Add one configuration to one panel (accuracy above, loss below): runs as one trace with gaps, then the mean."""
    name = escaped(curve.key.configuration)
    scale = 100 if row == 1 else 1
    epochs: list[int | None] = []
    values: list[float | None] = []
    for _, run_epochs, run_values in curve.runs[:MAX_DRAWN]:
        epochs += [*run_epochs, None]
        values += [*finite(run_values, scale), None]
    shared = {"legendgroup": name, "row": row, "col": 1, "name": name, "mode": "lines"}
    thin = {"color": faint(look.colour, 0.35), "width": 1}
    figure.add_scatter(x=epochs, y=values, line=thin, showlegend=False, hoverinfo="skip", **shared)
    figure.add_scatter(
        x=list(curve.epochs),
        y=finite(curve.means, scale),
        line={"color": look.colour, "width": 2.5, "dash": look.dash},
        showlegend=row == 1,
        hovertemplate=f"{name}<br>epoch %{{x}}: %{{y:.3~f}} (mean, n = {curve.n})<extra></extra>",
        **shared,
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
                cliponaxis=False,
                hovertemplate=f"%{{customdata[0]}}, seed %{{customdata[1]}}<br>{status}, epoch %{{x}}<extra></extra>",
            )
